import type { PreviewRowView } from "../../ipc/bindings";
import { fuzzyScore } from "../../state/fuzzy";

/** Which states are shown. */
export type Shown = "all" | "on" | "off";

/** What is typed and chosen above the results. */
export class ResultFilter {
  query = $state("");
  shown = $state<Shown>("all");
  /** Only what an override decided. */
  overridden = $state(false);

  readonly #all: () => PreviewRowView[];

  constructor(all: () => PreviewRowView[]) {
    this.#all = all;
  }

  readonly counts = $derived.by(() => {
    const all = this.#all();
    const on = all.filter((row) => row.enabled === true).length;
    return { all: all.length, on, off: all.filter((row) => row.enabled === false).length };
  });

  /** The rows that pass, best match first. */
  readonly rows: PreviewRowView[] = $derived.by(() => {
    const passing = this.#all().filter((row) => this.#passes(row));
    const query = this.query.trim().toLowerCase();
    if (query === "") return passing;
    return passing
      .map((row) => ({ row, score: fuzzyScore(query, row.flag.toLowerCase()) }))
      .filter((entry) => entry.score !== null)
      .sort((one, other) => (other.score ?? 0) - (one.score ?? 0))
      .map((entry) => entry.row);
  });

  clear(): void {
    this.query = "";
    this.shown = "all";
    this.overridden = false;
  }

  #passes(row: PreviewRowView): boolean {
    if (this.shown !== "all" && row.enabled !== (this.shown === "on")) return false;
    return !this.overridden || row.decided_by === "identity" || row.decided_by === "segment";
  }
}

/** Where each row begins, and at the end the height of all. */
export function offsetsOf(rows: PreviewRowView[], heightOf: (row: PreviewRowView) => number): Float64Array {
  const offsets = new Float64Array(rows.length + 1);
  rows.forEach((row, at) => (offsets[at + 1] = (offsets[at] ?? 0) + heightOf(row)));
  return offsets;
}

/** The row at a height: the last one that begins at or above it. */
export function rowAt(offsets: Float64Array, height: number): number {
  let low = 0;
  let high = Math.max(0, offsets.length - 2);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((offsets[middle] ?? 0) <= height) low = middle;
    else high = middle - 1;
  }
  return low;
}
