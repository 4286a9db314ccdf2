/** Runs over many identities, with progress and cancelling. */
import type { BatchProgress, BatchRequest, BatchView, FlagSharesView, ShareView } from "../bindings";
import type { FakeCohorts } from "./cohorts";
import { concernedFlags, laidOver } from "./changes/overlay";
import { people } from "./people";
import { madeUp, sharesOf, type Someone } from "./sample";
import type { FakeConnection, FakeEnvironment } from "./world";

/** What a run needs besides its request. */
export interface BatchSurroundings {
  connection: FakeConnection;
  environment: FakeEnvironment;
  cohorts: FakeCohorts;
  /** How long a part of the run takes, in milliseconds. */
  latency: number;
  tell: (progress: BatchProgress) => void;
}

/** A trait that the pattern of one segment cannot be held against. */
const BREAKS = "app_version";
const PARTS = 40;
/** Decisions made at most; the counts of more are extrapolated. */
const DECISIONS = 200_000;
const grouped = new Intl.NumberFormat("en-GB");

/** The runs of a fake host. */
export class FakeBatches {
  readonly #stopped = new Set<string>();

  async run(request: BatchRequest, surroundings: BatchSurroundings): Promise<BatchView> {
    const { connection, environment, latency, tell } = surroundings;
    const spot = { connection, environment };
    const concerned = concernedFlags(spot, request);
    const [whom, cohort, total] = this.#cohort(request, surroundings);
    const began = performance.now();
    let done = 0;
    for (let part = 1; part <= PARTS && !this.#stopped.has(request.job); part += 1) {
      await new Promise((resolve) => setTimeout(resolve, latency));
      if (this.#stopped.has(request.job)) break;
      done = Math.round((total * part) / PARTS);
      tell({ job: request.job, done, total });
    }
    const stopped = this.#stopped.delete(request.job);
    const failing = cohort.filter(({ traits }) => traits.some(({ name }) => name === BREAKS));
    const weighed = cohort.filter((each) => !failing.includes(each));
    const after = concerned.size === 0 ? null : laidOver(spot, request);
    const flags = [...environment.flags.keys()].map((flag) => {
      const some = weighed.slice(0, Math.max(20, Math.floor(DECISIONS / environment.flags.size)));
      const shares = sharesOf(flag, some, environment, after, concerned.has(flag));
      return scaled(shares, some.length, done - failing.length);
    });
    return {
      cohort: whom,
      identities: done,
      stopped,
      took_ms: Math.round(performance.now() - began),
      failed: failing.length,
      failures: failing.slice(0, 20).map(({ identifier, traits }) => ({
        identity: { identifier, traits },
        problem: "in segment Old apps, the pattern of app_version cannot be read.",
      })),
      changed: after === null ? null : Math.max(0, ...flags.map((flag) => flag.flips)),
      flags: flags.sort((one, other) => other.flips - one.flips || (one.flag < other.flag ? -1 : 1)),
      source: `The mirror of ${environment.name}, synced 12 s ago`,
    };
  }

  cancel(job: string): void {
    this.#stopped.add(job);
  }

  #cohort(
    { cohort }: BatchRequest,
    { cohorts, environment }: BatchSurroundings,
  ): [whom: string, cohort: Someone[], total: number] {
    switch (cohort.cohort) {
      case "file": {
        const all = cohorts.identities(cohort.id);
        return [`${grouped.format(all.length)} identities of a file`, all, all.length];
      }
      case "generated": {
        const some = madeUp(Math.min(cohort.count, 2400), cohort.seed, cohort.ranges);
        return [`${grouped.format(cohort.count)} generated identities`, some, cohort.count];
      }
      case "personas": {
        const named = people.filter(({ alias }) => alias !== null);
        return [`${named.length} personas`, named, named.length];
      }
      case "overridden": {
        const own = [...environment.flags.values()].flatMap(({ identities }) => [...identities.keys()]);
        const found = people.filter(({ identifier }) => own.includes(identifier));
        return [`${found.length} identities with overrides`, found, found.length];
      }
    }
  }
}

/** The counts of some as those of all. */
function scaled(shares: FlagSharesView, some: number, all: number): FlagSharesView {
  if (some === 0 || some === all) return shares;
  const times = (count: number) => Math.round((count * Math.max(0, all)) / some);
  const counted = (list: ShareView[]) => list.map((share) => ({ ...share, count: times(share.count) }));
  return {
    ...shares,
    now: counted(shares.now),
    after: shares.after === null ? null : counted(shares.after),
    flips: times(shares.flips),
    moves: shares.moves.map((move) => ({ ...move, count: times(move.count) })),
  };
}
