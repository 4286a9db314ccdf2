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
  let last: TraceConditionView | null = null;
  for (const condition of conditions) {
    const { join, depth, rule } = condition;
    const together = last?.join === join && last.depth === depth && last.rule === rule;
    if (!together) groups.push({ join, depth, joined: false, conditions: [] });
    groups.at(-1)?.conditions.push(condition);
    last = condition;
  }
  for (const group of groups) {
    // All of one is that one.
    group.joined = group.join !== "all" || (group.depth > 0 && group.conditions.length > 1);
  }
  return groups;
}
