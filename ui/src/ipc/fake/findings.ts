/** Conditions of the Acme Store that deserve a look. */
import type { FindingView } from "../bindings";
import type { FakeConnection } from "./world";

/** What is doubtful in an environment. */
export function findingsOf(connection: FakeConnection): FindingView[] {
  if (connection.service !== "flagsmith") return [];
  return [
    {
      severity: "breaks",
      likelihood: "usual",
      kind: "broken_pattern",
      heading: "Patterns that cannot be read",
      segment: "Old apps",
      flag: null,
      condition: "app_version matches ^(1[.]",
      sentence: "The pattern cannot be read: the server fails for every identity that has app_version.",
      example: null,
    },
    {
      severity: "differs",
      likelihood: "usual",
      kind: "in_list_with_blanks",
      heading: "Lists with blanks around members",
      segment: "Paris",
      flag: null,
      condition: "city is one of Paris, Lyon",
      sentence: "The Rust SDK leaves the blank before Lyon out, the server does not.",
      example: 'For "Lyon" the server says no and the Rust SDK says yes.',
    },
    {
      severity: "differs",
      likelihood: "usual",
      kind: "number_passed_as_text",
      heading: "Numbers passed as text",
      segment: "VIP customers",
      flag: null,
      condition: "order_count is at least 10",
      sentence: "For text the Node SDK compares letters, the server does not match.",
      example: 'For "9" the Node SDK says yes.',
    },
    {
      severity: "never_matches",
      likelihood: "usual",
      kind: "shadowed_override",
      heading: "Overrides that another one always beats",
      segment: "Berlin",
      flag: "store_pickup",
      condition: null,
      sentence: "The override for Berlin comes after one that matches everybody it matches.",
      example: null,
    },
  ];
}
