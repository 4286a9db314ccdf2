import type {
  ChoiceView,
  ConflictView,
  DraftEditView,
  EnvironmentView,
  FieldEdit,
  FieldInput,
  FlagRowView,
  OutcomeView,
  PlaceView,
  SubjectView,
} from "../ipc/bindings";
import { asHostError, type HostError } from "../ipc/host";
import { type Draft, draftKey, Drafts, type Rest } from "./drafts.svelte";
import { flagOf, flagState, turn, whyNot } from "./fields";
import { type After, Outcomes } from "./outcomes";
import { samePlace } from "./place";
import { whyReadOnly } from "./read-only";
import type { Session } from "./session.svelte";

/** A change that is asked about first. */
export interface Confirmation {
  place: PlaceView;
  environment: EnvironmentView;
  subject: SubjectView;
  /** The subject's name for people. */
  name: string;
  /** The flag's row, where the subject is a flag's state. */
  row: FlagRowView | null;
  /** Names the state that the change rests on. */
  revision: string;
  changes: FieldEdit[];
  /** Called once the service has it, or once it is staged. */
  onsent?: () => void;
  /** Why the last attempt failed, so that nothing has to be typed again. */
  error: HostError | null;
  sending: boolean;
}

/** A change that somebody asks for. */
export interface Proposal {
  subject: SubjectView;
  revision: string;
  changes: FieldEdit[];
  name?: string;
  row?: FlagRowView | null;
  /** Where; the place on screen where it is not given. */
  place?: PlaceView;
  /** Called once the service has it. */
  onsent?: () => void;
}

/** Edits on their way, asked about, or typed and not sent. */
export class Edits {
  confirmation = $state.raw<Confirmation | null>(null);
  /** The conflict that the resolver shows. */
  conflict = $state.raw<ConflictView | null>(null);
  #sending = $state.raw<Record<string, FieldEdit[]>>({});
  #refused = $state.raw<Record<string, HostError>>({});
  readonly #drafts: Drafts;
  readonly #outcomes: Outcomes;
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
    this.#drafts = new Drafts(session.host);
    this.#outcomes = new Outcomes(session, {
      undo: (edit) => void this.undo(edit),
      settle: (edit) => void this.settle(edit),
      decide: (conflict) => (this.conflict = conflict),
    });
  }

  /** Reads what was typed in earlier runs; does nothing where that is done. */
  recall(): Promise<void> {
    return this.#drafts.recall();
  }

  /** What is on its way for a subject, on screen unless a place is given; a flag's name stands for its state. */
  sending(subject: SubjectView | string, place: PlaceView | null = this.#session.place): FieldEdit[] | null {
    return place === null ? null : (this.#sending[draftKey(place, subject)] ?? null);
  }

  /** What is typed for a subject of the place on screen; a flag's name stands for its state. */
  draft(subject: SubjectView | string): Draft | null {
    const place = this.#session.place;
    return place === null ? null : this.#drafts.of(place, subject);
  }

  /** Everything that is typed about a flag of the place on screen. */
  draftsOf(flag: string): Draft[] {
    return this.draftsAbout((subject) => flagOf(subject) === flag);
  }

  /** Everything that is typed about some subjects of the place on screen. */
  draftsAbout(holds: (subject: SubjectView) => boolean): Draft[] {
    const place = this.#session.place;
    return place === null ? [] : this.#drafts.in(place).filter(({ subject }) => holds(subject));
  }

  /** Why the last attempt to send or stage a subject's edit was refused; null once it is typed on. */
  refusal(subject: SubjectView): HostError | null {
    const place = this.#session.place;
    return place === null ? null : (this.#refused[draftKey(place, subject)] ?? null);
  }

  /** What is typed and not sent in the place on screen, as far as it could be sent, by subject. */
  get drafts(): DraftEditView[] {
    const place = this.#session.place;
    if (place === null) return [];
    return this.#drafts
      .in(place)
      .filter(({ changes }) => changes.every(({ to }) => whyNot(to) === null))
      .map(({ subject, changes }) => ({ subject, changes }));
  }

  /** Types into a field. What the field is anyway, or null, takes the field out of the draft. */
  setField(subject: SubjectView, field: string, to: FieldInput | null, rest: Rest): void {
    const place = this.#session.place;
    if (place === null) return;
    this.#drafts.set(place, subject, field, to, rest);
    this.#forgive(place, subject);
  }

  /** Rests what is typed on a newer state: each field's as it is now, by path. */
  restOn(subject: SubjectView, revision: string, now: Record<string, FieldInput>): void {
    const place = this.#session.place;
    if (place !== null) this.#drafts.restOn(place, subject, revision, now);
  }

  /** Gives up what is typed for a subject. */
  discard(subject: SubjectView): void {
    const place = this.#session.place;
    if (place === null) return;
    this.#drafts.drop(place, subject);
    this.#forgive(place, subject);
  }

  /** Forgets what was typed for a connection. */
  forget(connection: string): void {
    this.#drafts.forget(connection);
  }

  /** Turns a flag over: at once, or after asking in a protected environment. */
  toggle(row: FlagRowView): void {
    this.propose({
      subject: flagState(row.key),
      revision: row.revision,
      changes: [turn(!row.enabled)],
      row,
    });
  }

  /** Sends what is typed for a subject, or asks first. */
  publish(subject: SubjectView, revision: string, row: FlagRowView | null = null): void {
    const draft = this.draft(subject);
    if (draft === null) return;
    this.propose({ subject, revision, changes: draft.changes, name: draft.name, row });
  }

  /** Stages what is typed for a subject; says whether it was. */
  async stage(subject: SubjectView, revision: string): Promise<boolean> {
    const draft = this.draft(subject);
    return draft !== null && this.stageProposal({ subject, revision, changes: draft.changes });
  }

  /** Stages a change instead of sending it; says whether it was. */
  async stageProposal(
    { subject, revision, changes }: Pick<Proposal, "subject" | "revision" | "changes">,
    place: PlaceView | null = this.#session.place,
  ): Promise<boolean> {
    if (place === null) return false;
    const staged = await this.#session.changes.stage([{ ...place, subject, revision, changes }]);
    if (staged === null) this.#refuse(place, subject, this.#session.changes.refused);
    else this.#settle(place, subject, changes);
    return staged !== null;
  }

  /** Stages what the confirm sheet asks about, instead of sending it. */
  async stageAsked(): Promise<void> {
    const asked = this.confirmation;
    if (asked === null || asked.sending) return;
    if (!(await this.stageProposal(asked, asked.place))) return;
    this.confirmation = null;
    asked.onsent?.();
  }

  /** Sends a change, or asks first in a protected environment. */
  propose(proposal: Proposal): void {
    const place = proposal.place ?? this.#session.place;
    const environment = this.#session.environmentAt(place);
    if (place === null || environment === null || this.sending(proposal.subject, place) !== null) return;
    const readOnly = whyReadOnly(environment);
    if (readOnly !== null) {
      this.#session.toasts.say(readOnly, { kind: "note" });
      return;
    }
    if (environment.protection === "none") {
      void this.#send(place, proposal, null);
      return;
    }
    this.confirmation = {
      ...proposal,
      place,
      environment,
      name: proposal.name ?? flagOf(proposal.subject) ?? "",
      row: proposal.row ?? null,
      error: null,
      sending: false,
    };
  }

  /** The confirm sheet was answered. */
  async confirm(confirmed: string): Promise<void> {
    const asked = this.confirmation;
    if (asked === null || asked.sending) return;
    this.confirmation = { ...asked, sending: true, error: null };
    const error = await this.#send(asked.place, asked, confirmed, true);
    if (error === null) this.confirmation = null;
    else this.confirmation = { ...asked, sending: false, error };
  }

  cancel(): void {
    this.confirmation = null;
  }

  /** Leads the newest confirmed edit back. */
  undoLast(): void {
    const { newest } = this.#outcomes;
    if (newest !== null) void this.undo(newest);
  }

  async undo(edit: string): Promise<void> {
    this.#outcomes.withdraw(edit);
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

  /** Opens the resolver for an edit in conflict. */
  async openConflict(edit: string): Promise<void> {
    await this.#session.attempt(async () => {
      this.conflict = await this.#session.host.conflict(edit, []);
    });
  }

  /** A conflict was decided; `confirmed` is the environment's name where it is protected. */
  async resolve(choices: ChoiceView[], confirmed: string | null = null): Promise<void> {
    const conflict = this.conflict;
    if (conflict === null) return;
    this.conflict = null;
    await this.#follow(
      () => this.#session.host.resolveConflict(conflict.edit, choices, confirmed),
      this.#afterwards(),
    );
  }

  /** The edit of the conflict on screen is given up. */
  async keepTheirs(): Promise<void> {
    const conflict = this.conflict;
    if (conflict === null) return;
    this.conflict = null;
    await this.#follow(() => this.#session.host.keepTheirs(conflict.edit), "final");
  }

  /** What follows an edit in the environment on screen: one that asks before a write is not led back at once. */
  #afterwards(): After {
    return this.#session.environment?.protection === "none" ? "undoable" : "final";
  }

  async #follow(
    ask: () => Promise<OutcomeView>,
    after: After,
    again: (() => void) | null = null,
  ): Promise<void> {
    try {
      this.#outcomes.tell(await ask(), after);
    } catch (thrown) {
      const error = asHostError(thrown);
      this.#outcomes.fail(error, again);
    }
    await this.#session.flags.reload();
  }

  /** Sends and tells the outcome. Answers the error when the asker shows it itself. */
  async #send(
    place: PlaceView,
    { subject, revision, changes, onsent }: Proposal,
    confirmed: string | null,
    asked = false,
  ): Promise<HostError | null> {
    const key = draftKey(place, subject);
    this.#sending = { ...this.#sending, [key]: changes };
    try {
      const outcome = await this.#session.host.edit({ ...place, subject, revision, changes, confirmed });
      if (outcome.outcome !== "conflict") {
        this.#settle(place, subject, changes);
        onsent?.();
      }
      // Where a sheet asked, a single key must not lead the change back.
      this.#outcomes.tell(outcome, confirmed === null ? "undoable" : "final");
      return null;
    } catch (thrown) {
      const error = asHostError(thrown);
      this.#refuse(place, subject, error);
      return this.#failed(error, () => void this.#tryAgain(place, subject, changes), asked);
    } finally {
      await Promise.all([this.#session.flags.reload(), this.#session.matrix.reload()]);
      const sending = { ...this.#sending };
      delete sending[key];
      this.#sending = sending;
    }
  }

  #failed(error: HostError, again: () => void, asked: boolean): HostError | null {
    // The sheet shows its own errors, except that what it asks about is no longer so.
    if (asked && error.wire.code !== "stale_view") return error;
    if (error.wire.code === "confirmation_needed") void this.#session.reload();
    this.#outcomes.fail(error, again);
    return null;
  }

  /** Asks for the same change where it was asked for, which need not be what is on screen by now. */
  async #tryAgain(place: PlaceView, subject: SubjectView, changes: FieldEdit[]): Promise<void> {
    if (!samePlace(place, this.#session.place)) {
      this.#session.open(place);
      await this.#session.flags.load(place);
    }
    if (!samePlace(place, this.#session.place)) return;
    if (subject.kind === "flag_state") {
      const row = this.#session.flags.row(subject.flag);
      if (row !== null) this.propose({ subject, revision: row.revision, changes, row });
      return;
    }
    await this.#session.attempt(async () => {
      const { revision, name } = await this.#session.host.subjectFields(
        place.connection,
        place.environment,
        subject,
      );
      this.propose({ subject, revision, changes, name });
    });
  }

  #settle(place: PlaceView, subject: SubjectView, changes: FieldEdit[]): void {
    this.#drafts.settle(place, subject, changes);
    this.#forgive(place, subject);
  }

  /** Keeps the service's words for the fields that they are about. */
  #refuse(place: PlaceView, subject: SubjectView, error: HostError | null): void {
    if (error !== null) this.#refused = { ...this.#refused, [draftKey(place, subject)]: error };
  }

  #forgive(place: PlaceView, subject: SubjectView): void {
    const refused = { ...this.#refused };
    delete refused[draftKey(place, subject)];
    this.#refused = refused;
  }
}
