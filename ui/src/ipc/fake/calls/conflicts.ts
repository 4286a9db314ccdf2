/** Edits whose outcome is open, and how they are settled. */
import type { OutcomeView } from "../../bindings";
import type { Host } from "../../host";
import { openEditsOf } from "../changes/views";
import type { FakeEdits } from "../edits";
import type { Stage } from "./stage";

/** The calls about conflicts, unknown outcomes and undo. */
export function conflictCalls(stage: Stage, edits: FakeEdits) {
  function afterAny(act: () => OutcomeView): OutcomeView {
    const outcome = act();
    stage.changeAll();
    return structuredClone(outcome);
  }

  return {
    async undoEdit(edit) {
      await stage.begin("undoEdit", edit);
      return afterAny(() => edits.undo(edit));
    },

    async settleEdit(edit) {
      await stage.begin("settleEdit", edit);
      return afterAny(() => edits.settle(edit));
    },

    async conflict(edit, choices) {
      await stage.begin("conflict", edit, choices);
      return structuredClone(edits.conflict(edit, choices));
    },

    async conflictImpact(edit, choices) {
      await stage.begin("conflictImpact", edit, choices);
      return structuredClone(edits.conflictImpact(edit, choices));
    },

    async resolveConflict(edit, choices, confirmed) {
      await stage.begin("resolveConflict", edit, choices, confirmed);
      return afterAny(() => edits.resolve(edit, choices, confirmed));
    },

    async keepTheirs(edit) {
      await stage.begin("keepTheirs", edit);
      return afterAny(() => edits.keepTheirs(edit));
    },

    async openEdits(connection) {
      await stage.begin("openEdits", connection);
      return structuredClone(openEditsOf(stage.connection(connection)));
    },
  } satisfies Partial<Host>;
}
