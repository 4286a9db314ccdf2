import type { ConflictView, OutcomeView } from "../ipc/bindings";
import type { HostError } from "../ipc/host";
import { text } from "../strings";
import type { Session } from "./session.svelte";
import type { ToastAction } from "./toasts.svelte";

/** Whether what was confirmed can be led back with one key, or is not offered to be. */
export type After = "undoable" | "final";

/** What can be done about an outcome. */
interface Acts {
  undo: (edit: string) => void;
  /** Reads again what became of an edit whose answer was lost. */
  settle: (edit: string) => void;
  decide: (conflict: ConflictView) => void;
}

/** Tells what came of edits, and knows which of them can be led back. */
export class Outcomes {
  /** Edits that can be led back, the newest last, each with the toast that offers it. */
  #undoable: { edit: string; toast: number }[] = [];
  readonly #session: Session;
  readonly #acts: Acts;

  constructor(session: Session, acts: Acts) {
    this.#session = session;
    this.#acts = acts;
  }

  /** The newest edit that can be led back. */
  get newest(): string | null {
    return this.#undoable.at(-1)?.edit ?? null;
  }

  /** Offers no longer to lead an edit back. */
  withdraw(edit: string): void {
    const toast = this.#undoable.find((other) => other.edit === edit)?.toast;
    if (toast !== undefined) this.#session.toasts.close(toast);
    this.#undoable = this.#undoable.filter((other) => other.edit !== edit);
  }

  /** Tells what came of it. */
  tell(outcome: OutcomeView, after: After): void {
    const { toasts } = this.#session;
    switch (outcome.outcome) {
      case "confirmed": {
        const { edit, sentence } = outcome;
        const further = {
          label: text.health.propagation.followIt,
          act: () => this.#session.go({ name: "health", focus: { card: "propagation" } }),
        };
        if (after === "final") {
          toasts.say(sentence, { further });
          return;
        }
        const action = {
          label: text.shared.undo,
          keys: [`${text.shared.modifier} Z`],
          act: () => this.#acts.undo(edit),
        };
        this.#undoable.push({ edit, toast: toasts.say(sentence, { action, further }) });
        return;
      }
      case "already_there":
        toasts.say(outcome.sentence, { kind: "note" });
        return;
      case "conflict":
        this.#acts.decide(outcome.conflict);
        return;
      case "queued":
        toasts.say(outcome.sentence, { kind: "note" });
        return;
      case "unknown": {
        const { edit } = outcome;
        toasts.warn(outcome.sentence, { label: text.shared.readAgain, act: () => this.#acts.settle(edit) });
      }
    }
  }

  /** Tells why it failed, with the next step where there is one; `again` asks for the same. */
  fail(error: HostError, again: (() => void) | null): void {
    this.#session.toasts.fail(error, this.#nextStep(error, again));
  }

  /** The button of an error toast. */
  #nextStep(error: HostError, again: (() => void) | null): ToastAction | null {
    const { connection } = this.#session;
    switch (error.wire.code) {
      case "stale_view":
      case "forbidden":
      case "gone":
        // What to do about a newer state, or a missing right, is for the person to decide.
        return null;
      case "key":
        if (connection === null) return null;
        return {
          label: text.frame.banner.enterKey,
          act: () => this.#session.go({ name: "connect", service: connection.service, again: connection }),
        };
      default:
        return again === null ? null : { label: text.shared.tryAgain, act: again };
    }
  }
}
