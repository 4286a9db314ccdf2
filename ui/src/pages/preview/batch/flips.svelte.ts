import type { FlagSharesView } from "../../../ipc/bindings";
import { fuzzyScore } from "../../../state/fuzzy";

/** Which flags are shown. */
export type Shown = "all" | "change" | "surprises";
/** What they are sorted by while nothing is typed. */
export type Sort = "flips" | "name";

/** What is typed and chosen above a result. */
export class FlipFilter {
  query = $state("");
  shown = $state<Shown>("all");
  sort = $state<Sort>("flips");

  readonly #all: () => FlagSharesView[];

  constructor(all: () => FlagSharesView[]) {
    this.#all = all;
  }

  readonly counts = $derived.by(() => {
    const all = this.#all();
    return {
      all: all.length,
      change: all.filter((row) => row.flips > 0).length,
      surprises: all.filter((row) => row.surprise).length,
    };
  });

  /** The rows that pass: best match first, else as the sort says. */
  readonly rows: FlagSharesView[] = $derived.by(() => {
    const passing = this.#all().filter((row) => this.#passes(row));
    const query = this.query.trim().toLowerCase();
    if (query === "") return passing.toSorted(this.sort === "name" ? byName : byFlips);
    return passing
      .map((row) => ({ row, score: fuzzyScore(query, row.flag.toLowerCase()) }))
      .filter((entry) => entry.score !== null)
      .sort((one, other) => (other.score ?? 0) - (one.score ?? 0))
      .map((entry) => entry.row);
  });

  clear(): void {
    this.query = "";
    this.shown = "all";
  }

  #passes(row: FlagSharesView): boolean {
    if (this.shown === "change") return row.flips > 0;
    return this.shown === "all" || row.surprise;
  }
}

function byName(one: FlagSharesView, other: FlagSharesView): number {
  return one.flag < other.flag ? -1 : one.flag > other.flag ? 1 : 0;
}

function byFlips(one: FlagSharesView, other: FlagSharesView): number {
  return other.flips - one.flips || byName(one, other);
}
