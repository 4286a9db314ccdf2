import type { JoinView, TraceConditionView } from "../../ipc/bindings";

/** Conditions of one rule, as far as they stand together. */
export interface ConditionGroup {
  join: JoinView;
  depth: number;
  /** The join is worth a word: it is nested, or it is not the usual one. */
  joined: boolean;
  conditions: TraceConditionView[];
}

/** Conditions by the rules they stand in. */
export function inGroups(conditions: TraceConditionView[]): ConditionGroup[] {
  const groups: ConditionGroup[] = [];
  for (const condition of conditions) {
    const { join, depth } = condition;
    const last = groups.at(-1);
    if (last?.join === join && last.depth === depth) last.conditions.push(condition);
    else groups.push({ join, depth, joined: join !== "all" || depth > 0, conditions: [condition] });
  }
  return groups;
}
