import type { TraitKindView, TraitView, TryTraitView } from "../../ipc/bindings";
import { text } from "../../strings";

const words = text.preview;

/** A trait as it is being typed. */
export interface TraitDraft {
  /** Keeps its place while names change. */
  id: number;
  name: string;
  kind: TraitKindView;
  text: string;
}

/** What is the matter with a trait, where it is. */
export interface TraitProblem {
  name?: string;
  text?: string;
}

// What JSON takes as a number: the application reads it as such.
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i;

/** Nothing was typed into it yet. */
export function isBlank(trait: TraitDraft): boolean {
  return trait.name.trim() === "" && trait.text === "";
}

/** What is the matter with each trait, by its id. Empty when all can be used. */
export function problemsOf(traits: TraitDraft[]): Map<number, TraitProblem> {
  const problems = new Map<number, TraitProblem>();
  const seen = new Set<string>();
  for (const trait of traits) {
    if (isBlank(trait)) continue;
    const problem: TraitProblem = {};
    const name = trait.name.trim();
    if (name === "") problem.name = words.problems.name;
    else if (seen.has(name)) problem.name = words.problems.twice(name);
    seen.add(name);
    if (trait.kind === "number" && !NUMBER.test(trait.text.trim())) problem.text = words.problems.number;
    if (trait.kind === "boolean" && !["true", "false"].includes(trait.text))
      problem.text = words.problems.boolean;
    if (problem.name ?? problem.text) problems.set(trait.id, problem);
  }
  return problems;
}

/** The traits as the host takes them; blank rows are left out. */
export function toViews(traits: TraitDraft[]): TraitView[] {
  return traits
    .filter((trait) => !isBlank(trait))
    .map(({ name, kind, text }) => ({
      name: name.trim(),
      kind,
      text: kind === "number" ? text.trim() : text,
    }));
}

/** A trait turned into another kind, keeping what was typed where that can be. */
export function withKind(trait: TraitDraft, kind: TraitKindView): TraitDraft {
  const text = kind === "boolean" && trait.text !== "true" && trait.text !== "false" ? "true" : trait.text;
  return { ...trait, kind, text };
}

/** One trait that is not as it was. */
export interface TraitEdit {
  name: string;
  /** What it was; null for one that is new. */
  was: TraitView | null;
  removed: boolean;
}

/** What differs from how the traits were, removed ones last. */
export function editsOf(traits: TraitDraft[], were: TraitView[]): TraitEdit[] {
  const now = toViews(traits);
  const changed = now.flatMap((trait): TraitEdit[] => {
    const was = were.find((other) => other.name === trait.name) ?? null;
    const same = was !== null && was.kind === trait.kind && was.text === trait.text;
    return same ? [] : [{ name: trait.name, was, removed: false }];
  });
  const removed = were.filter((was) => !now.some((trait) => trait.name === was.name));
  return [...changed, ...removed.map((was) => ({ name: was.name, was, removed: true }))];
}

/** The traits with others laid over them; one without a kind is taken away. */
export function withTries(traits: TraitDraft[], tries: TryTraitView[], nextId: () => number): TraitDraft[] {
  let all = traits.filter((trait) => !isBlank(trait));
  for (const { name, kind, text } of tries) {
    if (kind === null) all = all.filter((trait) => trait.name.trim() !== name);
    else if (all.some((trait) => trait.name.trim() === name))
      all = all.map((trait) => (trait.name.trim() === name ? { ...trait, kind, text } : trait));
    else all = [...all, { id: nextId(), name, kind, text }];
  }
  return all;
}
