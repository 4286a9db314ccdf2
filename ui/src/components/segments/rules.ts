import type { ConditionView, OperatorView, RuleView } from "../../ipc/bindings";
import { whyInvalid } from "../../state/values";
import { text } from "../../strings";

/** The services take groups in groups, and no deeper. */
const DEEPEST = 1;

/** Whether a group at a depth, 0 being the outermost, can hold another. */
export function holdsGroups(nested: boolean, depth: number): boolean {
  return nested && depth < DEEPEST;
}

/** A condition to be filled in. */
export function blankCondition(operators: OperatorView[]): ConditionView {
  const first = operators[0];
  return { operator: first?.operator ?? "", property: first?.without_property ? null : "", value: "" };
}

/** A group with a condition to be filled in. */
export function blankGroup(operators: OperatorView[], kind: RuleView["kind"] = "any"): RuleView {
  return { kind, conditions: [blankCondition(operators)], rules: [] };
}

/** What a segment without rules begins with. */
export function firstRule(operators: OperatorView[], nested: boolean): RuleView {
  return nested
    ? { kind: "all", conditions: [], rules: [blankGroup(operators)] }
    : blankGroup(operators, "all");
}

/** A condition with another comparison: what that compares with nothing, or looks at no trait, goes. */
export function withOperator(condition: ConditionView, to: OperatorView): ConditionView {
  return {
    operator: to.operator,
    property: to.without_property ? null : (condition.property ?? ""),
    value: to.without_value ? "" : condition.value,
  };
}

/** Why a condition cannot be sent, in a sentence, by the part it is about. */
export function wrongIn(
  condition: ConditionView,
  operators: OperatorView[],
): { property?: string; value?: string } {
  const words = text.segments.wrong;
  const known = operators.find(({ operator }) => operator === condition.operator);
  // A comparison that Halyard does not know is the service's to judge.
  if (known === undefined) return {};
  const property = !known.without_property && (condition.property ?? "").trim() === "";
  return {
    ...(property ? { property: words.property } : {}),
    ...(known.without_value ? {} : wrongValue(condition.value, known)),
  };
}

function wrongValue(value: string, { label, hint, without_property }: OperatorView): { value?: string } {
  const words = text.segments.wrong;
  if (value.trim() === "") return { value: words.value(label) };
  if (without_property && !(Number(value) >= 0 && Number(value) <= 100)) return { value: words.percent };
  if (isJson(hint) && whyInvalid({ kind: "json", text: value }) !== null) return { value: words.json };
  return {};
}

/** Whether a comparison's value is written as JSON, as its hint has it. */
function isJson(hint: string): boolean {
  return hint === "JSON" || hint.startsWith("[");
}

/** Why rules cannot be sent, in a sentence; null when they can. */
export function wrongRules(rules: RuleView[], operators: OperatorView[]): string | null {
  const words = text.segments.wrong;
  if (rules.length === 0) return words.none;
  for (const rule of rules) {
    if (rule.conditions.length === 0 && rule.rules.length === 0) return words.empty;
    for (const condition of rule.conditions) {
      const { property, value } = wrongIn(condition, operators);
      const why = property ?? value;
      if (why !== undefined) return why;
    }
    const below = rule.rules.length === 0 ? null : wrongRules(rule.rules, operators);
    if (below !== null) return below;
  }
  return null;
}
