/** What is doubtful about an environment. */
import type { Host } from "../../host";
import { placeOf } from "../edits";
import { failure } from "../errors";
import { lintView } from "../lint";
import type { Stage } from "./stage";

/** The calls about an environment's lint. */
export function lintCalls(stage: Stage) {
  let leftAlone = 90;
  return {
    async lint(connection, environment) {
      await stage.begin("lint", connection, environment);
      return structuredClone(lintView(placeOf(stage.world, connection, environment), leftAlone));
    },

    async setLintDays(days) {
      await stage.begin("setLintDays", days);
      if (days > 3650) {
        throw failure("input", "Type a number of days from 1 to 3,650.", { field: "days" });
      }
      leftAlone = days;
      return null;
    },
  } satisfies Partial<Host>;
}
