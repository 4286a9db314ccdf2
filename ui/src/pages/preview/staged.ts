import type { Changes } from "../../state/changes.svelte";

/** Edits of a change set that would be sent to an environment. */
export interface Staged {
  /** The change set. */
  set: string;
  name: string;
  edits: number;
}

/** What is ticked for an environment: in the change set that is looked at, else in the first that has any. */
export function stagedFor(changes: Changes, environment: string): Staged | null {
  const { chosen } = changes;
  const sets = chosen === null ? changes.open : [chosen, ...changes.open];
  for (const { id, name, state, edits } of sets) {
    const ticked = edits.filter(
      (edit) => edit.ticked && edit.environment === environment && edit.status.status === "staged",
    );
    if (state === "open" && ticked.length > 0) return { set: id, name, edits: ticked.length };
  }
  return null;
}
