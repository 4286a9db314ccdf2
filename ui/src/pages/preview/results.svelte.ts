import type { DifferenceView, PreviewRowView } from "../../ipc/bindings";
import { fuzzyScore } from "../../state/fuzzy";

import type { ComparisonAge } from "./comparing.svelte";

/** Which rows are shown. */
export type Shown = "all" | "on" | "off" | "differs";

/** Somebody else says something else about a row. */
export type Difference =
  { by: "server"; told: DifferenceView; age: ComparisonAge } | { by: "expectation"; sentence: string };

/** What somebody else says about a row: the server that was asked, or the documentation. */
export function differenceOf(
  row: PreviewRowView,
  told: ReadonlyMap<string, DifferenceView>,
  age: ComparisonAge,
): Difference | null {
  const server = told.get(row.flag);
  if (server) return { by: "server", told: server, age };
  if (row.expected?.agreement !== "disagrees") return null;
  return { by: "expectation", sentence: row.expected.sentence };
}

/** What is typed and chosen above the results. */
export class ResultFilter {
  query = $state("");
  shown = $state<Shown>("all");
  /** Only what an override decided. */
  overridden = $state(false);

  readonly #all: () => PreviewRowView[];
  readonly #differs: (row: PreviewRowView) => boolean;

  constructor(all: () => PreviewRowView[], differs: (row: PreviewRowView) => boolean = () => false) {
    this.#all = all;
    this.#differs = differs;
  }

  readonly counts = $derived.by(() => {
    const all = this.#all();
    const on = all.filter((row) => row.enabled === true).length;
    const off = all.filter((row) => row.enabled === false).length;
    return { all: all.length, on, off, differs: all.filter(this.#differs).length };
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
    if (this.shown === "differs" && !this.#differs(row)) return false;
    if (this.shown === "on" && row.enabled !== true) return false;
    if (this.shown === "off" && row.enabled !== false) return false;
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
