/** The segments of the fake shops, as they are listed and edited. */
import type { ConditionView, OperatorView, RuleView } from "../bindings";
import { type Condition, segments } from "./people";

/** A segment as the service holds it. */
export interface FakeSegment {
  id: string;
  name: string;
  description: string | null;
  rules: RuleView[];
}

const FIRST_ID = 11;
const named = Object.keys(segments);

/** Segments that decide nothing here, so that the list is as long as a real one. */
const others: Record<string, ConditionView> = {
  "B2B buyers": condition("EQUAL", "account_type", "business"),
  "App users": condition("CONTAINS", "user_agent", "AcmeApp"),
  Austria: condition("EQUAL", "country", "AT"),
  "Basket over 100": condition("GREATER_THAN", "basket_value", "100"),
  "Birthday this month": condition("IS_SET", "birthday_month", ""),
  "Black Friday early access": condition("IN", "newsletter", "black-friday,vip"),
  "Chat testers": condition("EQUAL", "chat_beta", "true"),
  Employees: condition("CONTAINS", "email", "@acme.example"),
  "First visit": condition("EQUAL", "visits", "1"),
  France: condition("EQUAL", "country", "FR"),
  "Gift buyers": condition("GREATER_THAN", "gifts", "0"),
  "High value": condition("GREATER_THAN_INCLUSIVE", "lifetime_value", "1000"),
  "Lapsed customers": condition("GREATER_THAN", "days_since_order", "180"),
  "Loyalty gold": condition("EQUAL", "loyalty_tier", "gold"),
  "Mobile web": condition("REGEX", "user_agent", "Android|iPhone"),
  Netherlands: condition("EQUAL", "country", "NL"),
  "New checkout 5%": condition("PERCENTAGE_SPLIT", null, "5"),
  "Old apps": condition("REGEX", "app_version", "^(1|2)[.]"),
  "Restricted regions": condition("IN", "country", "RU,BY,KP"),
  "Store pickup cities": condition("IN", "city", "Berlin,Paris,Lyon"),
  "Tax exempt": condition("EQUAL", "tax_exempt", "true"),
  Wholesale: condition("MODULO", "account_number", "7|0"),
};

function condition(operator: string, property: string | null, value: string): ConditionView {
  return { operator, property, value };
}

/** The identifier of a segment of the sample data. */
export function segmentId(name: string): string {
  const at = [...named, ...Object.keys(others)].indexOf(name);
  return at < 0 ? `segment-${name}` : String(FIRST_ID + at);
}

/** The segments of the Acme Store on Flagsmith. */
export function acmeSegments(): Map<string, FakeSegment> {
  const own = named.map((name) => ({ name, rules: rulesOf(segments[name] ?? []) }));
  const rest = Object.entries(others).map(([name, only]) => ({
    name,
    rules: [{ kind: "all" as const, conditions: [], rules: [any([only])] }],
  }));
  return listed(
    [...own, ...rest].map(({ name, rules }) => ({
      id: segmentId(name),
      name,
      description: name === "VIP customers" ? "Ten orders or more." : null,
      rules,
    })),
  );
}

/** The segments of the shop on EdgeFlags: one rule with conditions alone. */
export function edgeSegments(): Map<string, FakeSegment> {
  const all = (conditions: ConditionView[]): RuleView[] => [{ kind: "all", conditions, rules: [] }];
  return listed(
    [
      { name: "beta", rules: all([condition("equals", "beta", "true")]) },
      { name: "eu", rules: all([condition("in", "country", '["DE","AT","FR"]')]) },
      { name: "staff", rules: all([condition("contains", "email", '"@acme.example"')]) },
      { name: "vip", rules: all([condition("greater_than", "orders", "10")]) },
    ].map((segment) => ({ ...segment, id: segment.name, description: null })),
  );
}

function listed(all: FakeSegment[]): Map<string, FakeSegment> {
  return new Map(all.map((segment) => [segment.id, segment]));
}

function any(conditions: ConditionView[]): RuleView {
  return { kind: "any", conditions, rules: [] };
}

/** All must hold: one rule above, and one below it for each condition. */
function rulesOf(conditions: Condition[]): RuleView[] {
  const below = conditions.map((each): RuleView => {
    const rule = any([viewOf(each)]);
    return each.join === "none" ? { ...rule, kind: "none" } : rule;
  });
  return [{ kind: "all", conditions: [], rules: below }];
}

function viewOf({ trait, is, values }: Condition): ConditionView {
  switch (is) {
    case "one_of":
      return values.length === 1
        ? condition("EQUAL", trait, values[0] ?? "")
        : condition("IN", trait, values.join(","));
    case "at_least":
      return condition("GREATER_THAN_INCLUSIVE", trait, values[0] ?? "");
    case "true":
      return condition("EQUAL", trait, "true");
    case "share":
      return condition("PERCENTAGE_SPLIT", null, values[0] ?? "");
  }
}

function operator(name: string, label: string, more: Partial<OperatorView> = {}): OperatorView {
  return {
    operator: name,
    label,
    without_value: false,
    without_property: false,
    hint: "",
    ...more,
  };
}

/** Comparisons that Flagsmith takes. */
export const flagsmithOperators: OperatorView[] = [
  operator("EQUAL", "is"),
  operator("NOT_EQUAL", "is not"),
  operator("IN", "is one of", { hint: "one,two,three" }),
  operator("CONTAINS", "contains"),
  operator("NOT_CONTAINS", "does not contain"),
  operator("GREATER_THAN", "is more than"),
  operator("GREATER_THAN_INCLUSIVE", "is at least"),
  operator("LESS_THAN", "is less than"),
  operator("LESS_THAN_INCLUSIVE", "is at most"),
  operator("REGEX", "matches", { hint: "a regular expression" }),
  operator("MODULO", "divided by", { hint: "divisor|remainder" }),
  operator("IS_SET", "is set", { without_value: true }),
  operator("IS_NOT_SET", "is not set", { without_value: true }),
  operator("PERCENTAGE_SPLIT", "a share of identities", { without_property: true, hint: "percent" }),
];

/** Comparisons that EdgeFlags takes. */
export const edgeOperators: OperatorView[] = [
  operator("equals", "is", { hint: "JSON" }),
  operator("not_equals", "is not", { hint: "JSON" }),
  operator("in", "is one of", { hint: '["one", "two"]' }),
  operator("contains", "contains", { hint: "JSON" }),
  operator("greater_than", "is more than", { hint: "JSON" }),
  operator("less_than", "is less than", { hint: "JSON" }),
  operator("exists", "is set", { without_value: true }),
];

const labels = new Map([...flagsmithOperators, ...edgeOperators].map((each) => [each.operator, each.label]));

/** A segment's rules in words, one line each. */
export function linesOf(rules: RuleView[]): string[] {
  return rules.flatMap((rule) => [
    ...(rule.conditions.length === 0 ? [] : [sentence(rule)]),
    ...linesOf(rule.rules),
  ]);
}

function sentence({ kind, conditions }: RuleView): string {
  const parts = conditions.map(({ operator: name, property, value }) =>
    [property, labels.get(name) ?? name, value].filter((part) => part).join(" "),
  );
  if (kind === "none") return `not: ${parts.join(", nor ")}`;
  return parts.join(kind === "any" ? ", or " : ", and ");
}
