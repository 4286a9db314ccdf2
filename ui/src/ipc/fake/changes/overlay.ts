/** Edits laid over a mirror without touching it. */
import type { DraftEditView } from "../../bindings";
import type { FakeEnvironment, FakeFlag } from "../world";
import { type FakeEdit, isOpen } from "./edit";
import { wishOf } from "./merge";
import { fieldsOf, type Spot, wishes, write } from "./subjects";

/** What is laid over: the ticked edits of a change set first, then what is typed. */
export interface Overlay {
  edits: DraftEditView[];
  change_set: string | null;
}

/** An environment with edits laid over it. Only what a flag's evaluation reads is laid over. */
export function laidOver(spot: Spot, overlay: Overlay): FakeEnvironment {
  const staged = stagedEdits(spot, overlay.change_set);
  if (staged.length === 0 && overlay.edits.length === 0) return spot.environment;
  const over = { connection: spot.connection, environment: copied(spot, [...staged, ...overlay.edits]) };
  for (const edit of staged) lay(over, edit);
  for (const { subject, changes } of overlay.edits) {
    if (!isEvaluated(subject.kind)) continue;
    for (const [field, to] of wishes(over, subject, fieldsOf(over, subject), changes)) {
      write(over, subject, field, to);
    }
  }
  return over.environment;
}

/** Lays one edit over an environment that is a copy. */
export function lay(over: Spot, edit: FakeEdit): void {
  if (!isEvaluated(edit.subject.kind)) return;
  for (const [field, to] of wishOf(over, edit)) write(over, edit.subject, field, to);
}

function isEvaluated(kind: DraftEditView["subject"]["kind"]): boolean {
  return kind === "flag_state" || kind === "identity_override";
}

/** The ticked edits of a change set in an environment. */
export function stagedEdits({ connection, environment }: Spot, changeSet: string | null): FakeEdit[] {
  const found = connection.changeSets.find(({ id }) => id === changeSet);
  return (found?.edits ?? []).filter(
    (edit) => edit.environment === environment.key && edit.ticked && isOpen(edit),
  );
}

/** An environment whose concerned flags are copies. */
export function copied({ environment }: Spot, edits: Pick<FakeEdit, "subject">[]): FakeEnvironment {
  const flags = new Map(environment.flags);
  for (const { subject } of edits) {
    const flag = "flag" in subject ? flags.get(subject.flag) : undefined;
    if (flag) flags.set(flag.seed.key, copyOf(flag));
  }
  return { ...environment, flags };
}

function copyOf(flag: FakeFlag): FakeFlag {
  return {
    ...flag,
    overrides: structuredClone(flag.overrides),
    identities: structuredClone(flag.identities),
    targeting: structuredClone(flag.targeting),
  };
}

/** Flags that edits or a change set are about. */
export function concernedFlags(spot: Spot, { edits, change_set }: Overlay): Set<string> {
  const subjects = [...edits, ...stagedEdits(spot, change_set)].map(({ subject }) => subject);
  return new Set(subjects.flatMap((subject) => ("flag" in subject ? [subject.flag] : [])));
}
