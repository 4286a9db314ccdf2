import type { FlagRowView } from "../ipc/bindings";
import { fuzzyScore } from "./fuzzy";

/** What a flag holds, as the type chip and the type icon name it. */
export type FlagType = "boolean" | "text" | "number" | "json" | "multivariate";
/** Which overrides a flag has. */
export type OverrideFilter = "any" | "segment" | "identity" | "without";
/** What the table is sorted by while nothing is typed. */
export type Sort = "flag" | "changed";

/** A flag without a value is switched by its state alone: a boolean. */
export function typeOf(row: FlagRowView): FlagType {
  if (row.multivariate) return "multivariate";
  return row.value.kind === "none" ? "boolean" : row.value.kind;
}

/** What is typed and chosen above the table. */
export class Filter {
  query = $state("");
  state = $state<"on" | "off" | null>(null);
  tag = $state<string | null>(null);
  type = $state<FlagType | null>(null);
  overrides = $state<OverrideFilter | null>(null);
  sort = $state<Sort>("changed");

  /** Whether any chip is set. */
  get narrowed(): boolean {
    return this.state !== null || this.tag !== null || this.type !== null || this.overrides !== null;
  }

  get active(): boolean {
    return this.narrowed || this.query.trim() !== "";
  }

  clear(): void {
    this.query = "";
    this.clearChips();
  }

  clearChips(): void {
    this.state = null;
    this.tag = null;
    this.type = null;
    this.overrides = null;
  }

  /**
   * The rows that pass, best match first; without a query as the sort says. `changedAt` is the moment a row
   * is sorted by.
   */
  apply(rows: FlagRowView[], changedAt: (row: FlagRowView) => number): FlagRowView[] {
    const passing = this.narrowed ? rows.filter((row) => this.#passes(row)) : rows;
    const query = this.query.trim().toLowerCase();
    if (query === "") return this.sort === "changed" ? byChange(passing, changedAt) : passing;
    return ranked(passing, query);
  }

  /** How many rows the query alone would show. */
  matchesWithoutChips(rows: FlagRowView[]): number {
    const query = this.query.trim().toLowerCase();
    return query === "" ? rows.length : ranked(rows, query).length;
  }

  #passes(row: FlagRowView): boolean {
    if (this.state !== null && row.enabled !== (this.state === "on")) return false;
    if (this.tag !== null && !row.tags.includes(this.tag)) return false;
    if (this.type !== null && typeOf(row) !== this.type) return false;
    return this.overrides === null || hasOverrides(row, this.overrides);
  }
}

function hasOverrides(row: FlagRowView, wanted: OverrideFilter): boolean {
  const segments = row.segment_overrides > 0;
  const identities = (row.identity_overrides ?? 0) > 0;
  switch (wanted) {
    case "any":
      return segments || identities;
    case "segment":
      return segments;
    case "identity":
      return identities;
    case "without":
      return !segments && !identities;
  }
}

function byChange(rows: FlagRowView[], changedAt: (row: FlagRowView) => number): FlagRowView[] {
  return rows.toSorted((a, b) => changedAt(b) - changedAt(a));
}

function ranked(rows: FlagRowView[], query: string): FlagRowView[] {
  const scored: { row: FlagRowView; score: number }[] = [];
  for (const row of rows) {
    const score = fuzzyScore(query, row.key.toLowerCase());
    if (score !== null) scored.push({ row, score });
  }
  return scored.sort((a, b) => b.score - a.score).map((entry) => entry.row);
}
