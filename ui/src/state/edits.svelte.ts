import type {
  ConflictView,
  DraftEditView,
  EnvironmentView,
  FlagRowView,
  OutcomeView,
  PlaceView,
  ResolutionView,
  ValueView,
} from "../ipc/bindings";
import { asHostError, type HostError } from "../ipc/host";
import { text } from "../strings";
import { flagKey, placeKey, samePlace } from "./place";
import type { Session } from "./session.svelte";
import type { ToastAction } from "./toasts.svelte";
import { sameValue, whyInvalid } from "./values";

/** What an edit changes; what is null stays. */
export interface Change {
  enabled: boolean | null;
  value: ValueView | null;
}

/** A change that is asked about first. */
export interface Confirmation {
  place: PlaceView;
  environment: EnvironmentView;
  row: FlagRowView;
  /** Names the state that the change rests on. */
  revision: string;
  change: Change;
  /** Why the last attempt failed, so that nothing has to be typed again. */
  error: HostError | null;
  sending: boolean;
}

/** A value typed in the panel and not sent. */
export interface Draft {
  value: ValueView;
  /** The state it began from. */
  revision: string;
  was: ValueView;
}

/** Edits on their way, asked about, or typed and not sent. */
export class Edits {
  confirmation = $state.raw<Confirmation | null>(null);
  conflict = $state.raw<ConflictView | null>(null);
  #sending = $state.raw<Record<string, Change>>({});
  #drafts = $state.raw<Record<string, Draft>>({});
  /** Edits that can be led back, the newest last, each with the toast that offers it. */
  #undoable: { edit: string; toast: number }[] = [];

  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** What is on its way for a flag of the place on screen. */
  sending(flag: string): Change | null {
    const place = this.#session.place;
    return place === null ? null : (this.#sending[flagKey(place, flag)] ?? null);
  }

  draft(flag: string): Draft | null {
    const place = this.#session.place;
    return place === null ? null : (this.#drafts[flagKey(place, flag)] ?? null);
  }

  /** What is typed and not sent in the place on screen, as far as it could be sent, by flag. */
  get drafts(): DraftEditView[] {
    const place = this.#session.place;
    if (place === null) return [];
    const begin = `${placeKey(place)}\u0000`;
    return Object.entries(this.#drafts)
      .filter(([key, draft]) => key.startsWith(begin) && !sameValue(draft.value, draft.was))
      .filter(([, draft]) => whyInvalid(draft.value) === null)
      .map(([key, { value }]) => ({ flag: key.slice(begin.length), enabled: null, value }));
  }

  setDraft(flag: string, draft: Draft | null): void {
    const place = this.#session.place;
    if (place === null) return;
    const drafts = { ...this.#drafts };
    if (draft === null) delete drafts[flagKey(place, flag)];
    else drafts[flagKey(place, flag)] = draft;
    this.#drafts = drafts;
  }

  /** Turns a flag over: at once, or after asking in a protected environment. */
  toggle(row: FlagRowView): void {
    this.propose(row, { enabled: !row.enabled, value: null }, row.revision);
  }

  /** Sends a change, or asks first in a protected environment. */
  propose(row: FlagRowView, change: Change, revision: string): void {
    const { place, environment } = this.#session;
    if (place === null || environment === null || this.sending(row.key) !== null) return;
    if (environment.read_only !== null) {
      this.#session.toasts.say(environment.read_only, { kind: "note" });
      return;
    }
    if (environment.protection === "none") {
      void this.#send(place, row.key, change, revision, null);
      return;
    }
    this.confirmation = { place, environment, row, revision, change, error: null, sending: false };
  }

  /** The confirm sheet was answered. */
  async confirm(confirmed: string): Promise<void> {
    const asked = this.confirmation;
    if (asked === null || asked.sending) return;
    this.confirmation = { ...asked, sending: true, error: null };
    const error = await this.#send(asked.place, asked.row.key, asked.change, asked.revision, confirmed, true);
    if (error === null) this.confirmation = null;
    else this.confirmation = { ...asked, sending: false, error };
  }

  cancel(): void {
    this.confirmation = null;
  }

  /** Leads the newest confirmed edit back. */
  undoLast(): void {
    const newest = this.#undoable.at(-1);
    if (newest !== undefined) void this.undo(newest.edit);
  }

  async undo(edit: string): Promise<void> {
    const toast = this.#undoable.find((other) => other.edit === edit)?.toast;
    if (toast !== undefined) this.#session.toasts.close(toast);
    this.#undoable = this.#undoable.filter((other) => other.edit !== edit);
    await this.#follow(
      () => this.#session.host.undoEdit(edit),
      "final",
      () => void this.undo(edit),
    );
  }

  async settle(edit: string): Promise<void> {
    await this.#follow(
      () => this.#session.host.settleEdit(edit),
      this.#afterwards(),
      () => void this.settle(edit),
    );
  }

  /** A conflict was decided; `confirmed` is the environment's name where it is protected. */
  async resolve(resolution: ResolutionView, confirmed: string | null = null): Promise<void> {
    const conflict = this.conflict;
    if (conflict === null) return;
    this.conflict = null;
    await this.#follow(
      () => this.#session.host.resolveConflict(conflict.edit, resolution, confirmed),
      this.#afterwards(),
    );
  }

  /** What follows an edit in the environment on screen: one that asks before a write is not led back at once. */
  #afterwards(): "undoable" | "final" {
    return this.#session.environment?.protection === "none" ? "undoable" : "final";
  }

  async #follow(
    ask: () => Promise<OutcomeView>,
    after: "undoable" | "final",
    again: (() => void) | null = null,
  ): Promise<void> {
    try {
      this.#tell(await ask(), after);
    } catch (thrown) {
      const error = asHostError(thrown);
      this.#session.toasts.fail(error, this.#nextStep(error, again));
    }
    await this.#session.flags.reload();
  }

  /** Sends and tells the outcome. Answers the error when the asker shows it itself. */
  async #send(
    place: PlaceView,
    flag: string,
    change: Change,
    revision: string,
    confirmed: string | null,
    asked = false,
  ): Promise<HostError | null> {
    const key = flagKey(place, flag);
    this.#sending = { ...this.#sending, [key]: change };
    try {
      const outcome = await this.#session.host.editFlag({ ...place, flag, revision, ...change, confirmed });
      if (change.value !== null && outcome.outcome !== "conflict") this.#dropDraft(key);
      // Where a sheet asked, a single key must not lead the change back.
      this.#tell(outcome, confirmed === null ? "undoable" : "final");
      return null;
    } catch (thrown) {
      return this.#failed(asHostError(thrown), () => void this.#tryAgain(place, flag, change), asked);
    } finally {
      await this.#session.flags.reload();
      const sending = { ...this.#sending };
      delete sending[key];
      this.#sending = sending;
    }
  }

  #failed(error: HostError, again: () => void, asked: boolean): HostError | null {
    // The sheet shows its own errors, except that what it asks about is no longer so.
    if (asked && error.wire.code !== "stale_view") return error;
    if (error.wire.code === "confirmation_needed") void this.#session.reload();
    this.#session.toasts.fail(error, this.#nextStep(error, again));
    return null;
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

  /** Asks for the same change where it was asked for, which need not be what is on screen by now. */
  async #tryAgain(place: PlaceView, flag: string, change: Change): Promise<void> {
    if (!samePlace(place, this.#session.place)) {
      this.#session.open(place);
      await this.#session.flags.load(place);
    }
    const row = samePlace(place, this.#session.place) ? this.#session.flags.row(flag) : null;
    if (row !== null) this.propose(row, change, row.revision);
  }

  #dropDraft(key: string): void {
    const drafts = { ...this.#drafts };
    delete drafts[key];
    this.#drafts = drafts;
  }

  #tell(outcome: OutcomeView, after: "undoable" | "final"): void {
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
          act: () => void this.undo(edit),
        };
        this.#undoable.push({ edit, toast: toasts.say(sentence, { action, further }) });
        return;
      }
      case "already_there":
        toasts.say(outcome.sentence, { kind: "note" });
        return;
      case "conflict":
        this.conflict = outcome.conflict;
        return;
      case "unknown": {
        const { edit } = outcome;
        toasts.warn(outcome.sentence, { label: text.shared.readAgain, act: () => void this.settle(edit) });
      }
    }
  }
}
