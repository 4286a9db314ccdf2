/** Flags beside environments. */
import type { Host } from "../../host";
import { matrixView } from "../matrix";
import type { Stage } from "./stage";

/** The call about the matrix. */
export function matrixCalls(stage: Stage) {
  return {
    async matrix(request) {
      await stage.begin("matrix", request);
      return structuredClone(matrixView(stage.connection(request.connection), request, stage.now()));
    },
  } satisfies Partial<Host>;
}
