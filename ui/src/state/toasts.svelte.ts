import type { HostError } from "../ipc/host";

/** Something a toast offers to do. */
export interface ToastAction {
  label: string;
  /** The key that does the same, such as `Ctrl Z`. */
  keys?: string[];
  act: () => void;
}

/** One sentence at the bottom of the window. */
export interface Toast {
  id: number;
  kind: "done" | "note" | "error";
  sentence: string;
  /** What is behind an error: cause, next step and details to copy. */
  error: HostError | null;
  action: ToastAction | null;
  /** Somewhere to look at what comes of it. */
  further: ToastAction | null;
}

const SHOWN_MS = 6000;
const AT_MOST = 3;

/** The toasts on screen. Errors stay until closed; all others leave after six seconds. */
export class Toasts {
  list = $state<Toast[]>([]);
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  /** Something was done, or is worth knowing. */
  say(
    sentence: string,
    options: { kind?: "done" | "note"; action?: ToastAction; further?: ToastAction } = {},
  ): number {
    const { kind = "done", action = null, further = null } = options;
    return this.#add({ kind, sentence, error: null, action, further });
  }

  /** Something failed, or nobody knows: stays. */
  fail(error: HostError, action: ToastAction | null = null): number {
    return this.#add({ kind: "error", sentence: error.wire.sentence, error, action, further: null });
  }

  /** Nobody knows what became of something: stays. */
  warn(sentence: string, action: ToastAction): number {
    return this.#add({ kind: "error", sentence, error: null, action, further: null });
  }

  close(id: number): void {
    this.hold(id);
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  /** Stops the countdown while the pointer or the focus is on it. */
  hold(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  /** Starts the countdown, again. */
  release(id: number): void {
    this.hold(id);
    const toast = this.list.find((other) => other.id === id);
    if (toast === undefined || toast.kind === "error") return;
    this.#timers.set(
      id,
      setTimeout(() => this.close(id), SHOWN_MS),
    );
  }

  #add(toast: Omit<Toast, "id">): number {
    const id = this.#next++;
    const list = [...this.list, { ...toast, id }];
    // The oldest that would leave anyway makes room; an error goes only when there are errors alone.
    while (list.length > AT_MOST) {
      const leaving = Math.max(
        list.findIndex((other) => other.kind !== "error"),
        0,
      );
      const [gone] = list.splice(leaving, 1);
      if (gone) this.hold(gone.id);
    }
    this.list = list;
    this.release(id);
    return id;
  }
}
