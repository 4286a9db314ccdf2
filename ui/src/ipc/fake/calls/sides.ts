/** Two environments or moments beside each other, and what is taken from one to the other. */
import type { FakeChanges } from "../changes/store";
import type { FakeHistory } from "../history/history";
import { checkPromotion, promote, restore } from "../history/promote";
import { compareSides } from "../history/sides";
import type { Host } from "../../host";
import type { Stage } from "./stage";

/** The calls of comparisons. */
export function sidesCalls(stage: Stage, history: FakeHistory, changes: FakeChanges) {
  return {
    async compareSides(a, b) {
      await stage.begin("compareSides", a, b);
      return structuredClone(compareSides(history, a, b, stage.now()));
    },

    async exportSides(a, b, format) {
      await stage.begin("exportSides", a, b, format);
      const name = `${a.environment}-to-${b.environment}.${format === "text" ? "txt" : "json"}`;
      return { path: `/home/you/Downloads/${name}`, sentence: `Saved ${name}, 4 kB, to Downloads.` };
    },

    async checkPromotion(request) {
      await stage.begin("checkPromotion", request);
      return structuredClone(checkPromotion(history, request, stage.now()));
    },

    async promote(request) {
      await stage.begin("promote", request);
      const promoted = promote(history, changes, request, stage.now());
      stage.changeAll();
      return promoted;
    },

    async restore(moment, flag) {
      await stage.begin("restore", moment, flag);
      const restored = restore(history, changes, moment, flag, stage.now());
      stage.changeAll();
      return restored;
    },
  } satisfies Partial<Host>;
}
