/** What is doubtful about an environment. */
import type { Host } from "../../host";
import { placeOf } from "../edits";
import { lintView } from "../lint";
import type { Stage } from "./stage";

/** The call about an environment's lint. */
export function lintCalls(stage: Stage) {
  return {
    async lint(connection, environment) {
      await stage.begin("lint", connection, environment);
      return structuredClone(lintView(placeOf(stage.world, connection, environment)));
    },
  } satisfies Partial<Host>;
}
