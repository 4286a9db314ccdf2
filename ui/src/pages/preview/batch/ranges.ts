import type { RangeKindView, TraitKindView, TraitRangeView } from "../../../ipc/bindings";
import { text } from "../../../strings";

const words = text.batch.generated;

/** What kind of values a trait takes, as it is chosen. */
export type RangeKind = keyof typeof words.kinds;

/** A trait of made-up identities as it is being typed. What its kind does not use is kept. */
export interface RangeDraft {
  /** Keeps its place while names change. */
  id: number;
  name: string;
  kind: RangeKind;
  /** Separated by commas; quoted where a value holds one. */
  values: string;
  from: string;
  to: string;
  truePercent: string;
  absent: string;
}

export const MOST_MADE_UP = 10_000_000;
const LARGEST_SEED = 0xffff_ffff;
const LARGEST = 0x7fff_ffff;
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i;

/** A range to type over. */
export function draftOf(range: TraitRangeView | null, id: number): RangeDraft {
  const blank = { id, name: "", values: "", from: "0", to: "100", truePercent: "50", absent: "0" };
  if (range === null) return { ...blank, kind: "texts" };
  const named = { ...blank, name: range.name, absent: String(range.absent_percent) };
  const { range: values } = range;
  switch (values.kind) {
    case "whole":
      return { ...named, kind: "whole", from: String(values.from), to: String(values.to) };
    case "boolean":
      return { ...named, kind: "boolean", truePercent: String(values.true_percent) };
    case "one_of":
      return values.value_kind === "boolean"
        ? { ...named, kind: "boolean", truePercent: String(shareOfTrue(values.values)) }
        : {
            ...named,
            kind: values.value_kind === "number" ? "numbers" : "texts",
            values: joinValues(values.values),
          };
  }
}

function shareOfTrue(values: string[]): number {
  const some = values.filter((value) => value === "true").length;
  return values.length === 0 ? 0 : Math.round((some / values.length) * 100);
}

/** The ranges as the host takes them. */
export function toRanges(drafts: RangeDraft[]): TraitRangeView[] {
  return drafts.map((draft) => ({
    name: draft.name.trim(),
    range: rangeOf(draft),
    absent_percent: Number(draft.absent),
  }));
}

function rangeOf(draft: RangeDraft): RangeKindView {
  if (draft.kind === "whole") return { kind: "whole", from: Number(draft.from), to: Number(draft.to) };
  if (draft.kind === "boolean") return { kind: "boolean", true_percent: Number(draft.truePercent) };
  const kind: TraitKindView = draft.kind === "numbers" ? "number" : "text";
  return { kind: "one_of", value_kind: kind, values: splitValues(draft.values) };
}

/** What is the matter with each range, by its id. Empty when all can be used. */
export function problemsOf(drafts: RangeDraft[]): Map<number, string> {
  const problems = new Map<number, string>();
  const seen = new Set<string>();
  for (const draft of drafts) {
    const name = draft.name.trim();
    const problem =
      name === "" ? words.problems.name : seen.has(name) ? words.problems.twice(name) : valuesProblem(draft);
    seen.add(name);
    if (problem !== null) problems.set(draft.id, problem);
  }
  return problems;
}

function valuesProblem(draft: RangeDraft): string | null {
  if (!isPercent(draft.absent)) return words.problems.percent;
  if (draft.kind === "boolean") return isPercent(draft.truePercent) ? null : words.problems.percent;
  if (draft.kind === "whole") {
    const ends = [draft.from, draft.to].map(whole);
    const [from, to] = ends;
    return from !== null && to !== null && from !== undefined && to !== undefined && from <= to
      ? null
      : words.problems.whole;
  }
  const values = splitValues(draft.values);
  if (values.length === 0) return words.problems.values;
  const odd = draft.kind === "numbers" ? values.find((value) => !NUMBER.test(value)) : undefined;
  return odd === undefined ? null : words.problems.number(odd);
}

function whole(typed: string): number | null {
  const value = /^-?\d+$/.test(typed.trim()) ? Number(typed) : null;
  return value !== null && Math.abs(value) <= LARGEST ? value : null;
}

function isPercent(typed: string): boolean {
  const value = whole(typed);
  return value !== null && value >= 0 && value <= 100;
}

/** Why so many cannot be made up; null when they can. */
export function countProblem(typed: string): string | null {
  const value = whole(typed);
  return value !== null && value >= 1 && value <= MOST_MADE_UP ? null : words.problems.count;
}

/** Why a seed cannot be used; null when it can. */
export function seedProblem(typed: string): string | null {
  return /^\d+$/.test(typed.trim()) && Number(typed) <= LARGEST_SEED ? null : words.problems.seed;
}

/** Values in one line, such as `DE, AT, "one, two"`. */
export function joinValues(values: string[]): string {
  return values
    .map((value) => (value === "" || /[",]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value))
    .join(", ");
}

/** The values of one line, as `joinValues` writes it. */
export function splitValues(line: string): string[] {
  const found = line.matchAll(/\s*(?:"((?:[^"]|"")*)"\s*|([^,]*))(?:,|$)/g);
  const values: string[] = [];
  for (const [, quoted, plain] of found) {
    if (quoted !== undefined) values.push(quoted.replaceAll('""', '"'));
    else if (plain !== undefined && plain.trim() !== "") values.push(plain.trim());
  }
  return values;
}
