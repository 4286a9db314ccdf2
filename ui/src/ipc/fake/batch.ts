/** Runs over many identities, with progress and cancelling. */
import type { BatchProgress, BatchRequest, BatchView } from "../bindings";
import type { FakeCohorts } from "./cohorts";
import type { FakeEnvironment } from "./world";

/** What a run needs besides its request. */
export interface BatchSurroundings {
  environment: FakeEnvironment;
  cohorts: FakeCohorts;
  /** How long a part of the run takes, in milliseconds. */
  latency: number;
  tell: (progress: BatchProgress) => void;
}

/** The runs of a fake host. */
export class FakeBatches {
  readonly #stopped = new Set<string>();

  async run(request: BatchRequest, { tell }: BatchSurroundings): Promise<BatchView> {
    tell({ job: request.job, done: 0, total: 0 });
    return {
      cohort: "0 identities",
      identities: 0,
      stopped: this.#stopped.delete(request.job),
      took_ms: 0,
      failed: 0,
      failures: [],
      changed: request.edits.length === 0 ? null : 0,
      flags: [],
      source: "",
    };
  }

  cancel(job: string): void {
    this.#stopped.add(job);
  }
}
