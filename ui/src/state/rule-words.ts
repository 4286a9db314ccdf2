import type { ConditionView, OperatorView, RuleView } from "../ipc/bindings";
import { text } from "../strings";

/** How the services' comparisons are called, as far as an editor was told. */
const labels = new Map<string, string>();

/** Keeps how comparisons are called, for rules that are put in words before the host has seen them. */
export function learnOperators(operators: OperatorView[]): void {
  for (const { operator, label } of operators) labels.set(operator, label);
}

/** Rules in words, one line for each that must hold. */
export function rulesInWords(rules: RuleView[]): string[] {
  return rules.flatMap((rule) => {
    const onlyHolds = rule.kind === "all" && rule.conditions.length === 0 && rule.rules.length > 0;
    return onlyHolds ? rule.rules.map(phrase) : [phrase(rule)];
  });
}

/** A rule with everything below it. */
function phrase({ kind, conditions, rules }: RuleView): string {
  const words = text.fields.rule;
  const alone = conditions.length + rules.length === 1;
  const below = rules.map((inner) =>
    inner.conditions.length + inner.rules.length > 1 && !alone ? `(${phrase(inner)})` : phrase(inner),
  );
  const parts = [...conditions.map(conditionInWords), ...below];
  if (parts.length === 0) return words.empty;
  return kind === "none" ? words.none(parts) : parts.join(kind === "all" ? words.and : words.or);
}

function conditionInWords({ operator, property, value }: ConditionView): string {
  const label = labels.get(operator) ?? operator.toLowerCase().replaceAll("_", " ");
  return [property, label, value].filter((part) => part !== null && part !== "").join(" ");
}
