import type { Page, Session } from "./session.svelte";

/** What the page on screen does with the keys that are its own. */
export interface PageKeys {
  focusFilter?: () => void;
  escape?: () => void;
  /** Makes something new. */
  create?: () => void;
  /** Shows the same in the other shape: a table or a matrix. */
  swap?: () => void;
}

const SECOND_KEY_MS = 1200;
/** Where the key after G leads. */
const PAGES: Record<string, Page> = {
  f: { name: "flags" },
  p: { name: "preview" },
  c: { name: "changes" },
  s: { name: "snapshots" },
  e: { name: "segments" },
  i: { name: "identities" },
  a: { name: "activity", search: "" },
  h: { name: "health", focus: null },
};

/** The keys that hold everywhere in the window. Dialogs keep their keys to themselves. */
export class Keyboard {
  #waitsForSecond = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly session: Session,
    private readonly page: () => PageKeys,
  ) {}

  handle(event: KeyboardEvent): void {
    if (event.defaultPrevented) return;
    const acted = event.ctrlKey || event.metaKey ? this.#withModifier(event) : this.#plain(event);
    if (acted) event.preventDefault();
  }

  #withModifier(event: KeyboardEvent): boolean {
    const { session } = this;
    if (event.altKey || event.shiftKey) return false;
    const key = event.key.toLowerCase();
    if (key === "r") {
      void session.refresh();
      return true;
    }
    if (key === ",") {
      session.go({ name: "settings" });
      return true;
    }
    // In a text field this key takes typing back.
    if (key === "z" && !isTyping(event.target)) {
      session.edits.undoLast();
      return true;
    }
    const environment = /^[1-9]$/.test(key) ? session.connection?.environments[Number(key) - 1] : undefined;
    if (environment === undefined || session.connection === null) return false;
    session.visit({ connection: session.connection.id, environment: environment.key });
    return true;
  }

  #plain(event: KeyboardEvent): boolean {
    if (isTyping(event.target) || event.altKey) return false;
    if (event.key === "Escape") {
      const { escape } = this.page();
      escape?.();
      return escape !== undefined;
    }
    return this.session.preferences.singleLetters && this.#letter(event.key);
  }

  #letter(pressed: string): boolean {
    const key = pressed.toLowerCase();
    if (this.#waitsForSecond) {
      this.#wait(false);
      return this.#second(key);
    }
    if (key === "g") {
      this.#wait(true);
      return true;
    }
    if (key === "?") {
      this.session.shortcutsOpen = true;
      return true;
    }
    const { focusFilter, create, swap } = this.page();
    if (key === "m" && swap !== undefined) {
      swap();
      return true;
    }
    if (key === "n" && create !== undefined) {
      create();
      return true;
    }
    if (key !== "/" || focusFilter === undefined) return false;
    focusFilter();
    return true;
  }

  #second(key: string): boolean {
    const page = PAGES[key];
    if (this.session.connection === null || page === undefined) return false;
    this.session.go(page);
    return true;
  }

  #wait(on: boolean): void {
    clearTimeout(this.#timer);
    this.#waitsForSecond = on;
    if (on) this.#timer = setTimeout(() => (this.#waitsForSecond = false), SECOND_KEY_MS);
  }
}

/** Whether keys are text where they arrive. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  ) {
    return true;
  }
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type);
}
