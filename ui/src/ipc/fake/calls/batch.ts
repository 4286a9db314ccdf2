/** Many identities at once. */
import type { BatchProgress } from "../../bindings";
import type { Host } from "../../host";
import { FakeBatches } from "../batch";
import { FakeCohorts, suggestedRanges } from "../cohorts";
import { placeOf } from "../edits";
import { Listeners, type Stage } from "./stage";

/** The calls about cohorts and what they get. */
export function batchCalls(stage: Stage) {
  const cohorts = new FakeCohorts();
  const batches = new FakeBatches();
  const progress = new Listeners<BatchProgress>();

  return {
    async openCohort(name) {
      await stage.begin("openCohort", name);
      return cohorts.open(name);
    },

    async writeCohort(id, base64) {
      await stage.begin("writeCohort", id, base64.length);
      cohorts.write(id, base64);
      return null;
    },

    async closeCohort(id) {
      await stage.begin("closeCohort", id);
      return structuredClone(cohorts.close(id));
    },

    async dropCohort(id) {
      await stage.begin("dropCohort", id);
      cohorts.drop(id);
      return null;
    },

    async suggestedRanges(at) {
      await stage.begin("suggestedRanges", at);
      return suggestedRanges(placeOf(stage.world, at.connection, at.environment).environment);
    },

    async runBatch(request) {
      await stage.begin("runBatch", request);
      const view = await batches.run(request, {
        ...placeOf(stage.world, request.connection, request.environment),
        cohorts,
        latency: stage.latency,
        tell: (done) => progress.tell(done),
      });
      return structuredClone(view);
    },

    async cancelBatch(job) {
      await stage.begin("cancelBatch", job);
      batches.cancel(job);
      return null;
    },

    onBatchProgress: (callback) => progress.add(callback),
  } satisfies Partial<Host>;
}
