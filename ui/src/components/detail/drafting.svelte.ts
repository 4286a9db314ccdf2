import type { FieldEdit, FieldInput, SubjectView } from "../../ipc/bindings";
import { whyNot } from "../../state/fields";
import type { Session } from "../../state/session.svelte";

/** What is typed about one subject, field by field. */
export class Drafting {
  readonly #session: Session;
  readonly #subject: () => SubjectView;
  readonly #revision: () => string;
  readonly #name: () => string | undefined;

  constructor(
    session: Session,
    subject: () => SubjectView,
    revision: () => string,
    name: () => string | undefined = () => undefined,
  ) {
    this.#session = session;
    this.#subject = subject;
    this.#revision = revision;
    this.#name = name;
  }

  get subject(): SubjectView {
    return this.#subject();
  }

  get changes(): FieldEdit[] {
    return this.#session.edits.draft(this.#subject())?.changes ?? [];
  }

  /** What a field is to become; null where nothing is typed into it. */
  to(field: string): FieldInput | null {
    return this.changes.find((change) => change.field === field)?.to ?? null;
  }

  /** Types into a field that is `was`; null where it is not there. */
  set(field: string, to: FieldInput | null, was: FieldInput | null): void {
    const name = this.#name();
    this.#session.edits.setField(this.#subject(), field, to, {
      revision: this.#revision(),
      was,
      ...(name === undefined ? {} : { name }),
    });
  }

  discard(): void {
    this.#session.edits.discard(this.#subject());
  }

  /** What is wrong with a field: what was typed, or what the service said when it refused it. */
  wrong(field: string): string | null {
    const to = this.to(field);
    const typed = to === null ? null : whyNot(to);
    if (typed !== null) return typed;
    const said = this.#session.edits.refusal(this.#subject())?.wire.said ?? [];
    const words = said.filter((each) => each.field === field).map((each) => each.words);
    return words.length === 0 ? null : words.join(" ");
  }

  /** What the service said that no field on screen stands for. */
  saidOf(fields: readonly string[]): string[] {
    const wire = this.#session.edits.refusal(this.#subject())?.wire;
    if (wire === undefined) return [];
    const rest = wire.said.filter((each) => each.field === null || !fields.includes(each.field));
    return rest.map(({ label, words }) => (label === null ? words : `${label}: ${words}`));
  }
}
