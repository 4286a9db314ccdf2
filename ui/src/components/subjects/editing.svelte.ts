import type { EditView, FieldInput, SubjectView } from "../../ipc/bindings";
import { sameInput, sameSubject, whyNot } from "../../state/fields";
import type { Session } from "../../state/session.svelte";
import { text } from "../../strings";
import { Drafting } from "../detail/drafting.svelte";

/** What an edit is held against. */
export interface EditingFacts {
  subject: SubjectView;
  /** Names the newest state. */
  revision: string;
  /** The subject's name for people. */
  name: string;
  /** Each field as it is, by path. */
  now: Record<string, FieldInput>;
  /** It is to be made. */
  fresh?: boolean;
  /** Why it cannot be sent as it is typed, in a sentence. Asked apart, as it depends on what is typed. */
  wrong?: () => string | null;
}

/** What is typed about a subject in its panel, and how it is sent. */
export class Editing {
  readonly drafting: Drafting;
  staging = $state(false);

  readonly #session: Session;
  readonly #facts: () => EditingFacts;

  constructor(session: Session, facts: () => EditingFacts) {
    this.#session = session;
    this.#facts = facts;
    this.drafting = new Drafting(
      session,
      () => facts().subject,
      () => facts().revision,
      () => facts().name,
    );
  }

  get fields(): number {
    const { changes } = this.drafting;
    return changes.some(({ field }) => field === "existence") ? 1 : changes.length;
  }

  get sending(): boolean {
    return this.#session.edits.sending(this.#facts().subject) !== null;
  }

  /** Fields that somebody else changed since their edit began. */
  get moved(): string[] {
    const { subject, revision, now, fresh } = this.#facts();
    const draft = this.#session.edits.draft(subject);
    if (draft === null || fresh === true || draft.revision === revision) return [];
    return draft.changes.flatMap(({ field, to }) => {
      const [was, is] = [draft.was[field], now[field]];
      if (is !== undefined && sameInput(is, to)) return [];
      if (was === undefined || is === undefined) return was === is ? [] : [field];
      return sameInput(was, is) ? [] : [field];
    });
  }

  /** Why what is typed cannot be sent, in a sentence. */
  get blocked(): string | null {
    const invalid = this.drafting.changes.map(({ to }) => whyNot(to)).find((why) => why !== null);
    const moved = this.moved.length > 0 ? text.subjects.movedOn : null;
    return this.#session.readOnly ?? this.#facts().wrong?.() ?? invalid ?? moved;
  }

  /** The staged edit of this subject in the environment on screen; null where there is none. */
  get staged(): EditView | null {
    const { subject } = this.#facts();
    const environment = this.#session.environment?.key;
    const edits = this.#session.changes.open.flatMap((set) => set.edits);
    return (
      edits.find(
        (edit) => sameSubject(edit.subject, subject) && (edit.everywhere || edit.environment === environment),
      ) ?? null
    );
  }

  /** Types into a field that the facts may know. */
  set(field: string, to: FieldInput): void {
    this.drafting.set(field, to, this.#facts().now[field] ?? null);
  }

  /** Sends it, or asks first; `onsent` is called once the service has it. */
  publish(onsent?: () => void): void {
    const { subject, revision, name } = this.#facts();
    const { changes } = this.drafting;
    if (changes.length === 0 || this.blocked !== null) return;
    this.#session.edits.propose({
      subject,
      revision,
      changes,
      name,
      ...(onsent === undefined ? {} : { onsent }),
    });
  }

  /** Says whether it was staged. */
  async stage(): Promise<boolean> {
    if (this.drafting.changes.length === 0 || this.blocked !== null || this.staging) return false;
    this.staging = true;
    const { subject, revision } = this.#facts();
    const done = await this.#session.edits.stage(subject, revision);
    this.staging = false;
    return done;
  }

  /** Rests the edit on what the subject is now. */
  goOn(): void {
    const { subject, revision, now } = this.#facts();
    this.#session.edits.restOn(subject, revision, now);
  }
}
