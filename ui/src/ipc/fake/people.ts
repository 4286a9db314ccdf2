/** Identities and segments of the Acme Store, and the small rules that decide who is in which. */
import type { JoinView, TraitView } from "../bindings";

/** One condition of a segment. */
export interface Condition {
  trait: string;
  is: "one_of" | "at_least" | "true" | "share";
  /** Texts for `one_of`, one number for `at_least` and for `share` (percent of identities). */
  values: string[];
  /** How it is joined with the others; `all` where nothing is said. */
  join?: JoinView;
  /** How deep its rule is nested. */
  depth?: number;
  /** What other engines make of it. */
  warning?: string;
}

/** A segment: all its conditions must hold. */
export const segments: Record<string, Condition[]> = {
  "EU beta testers": [
    { trait: "country", is: "one_of", values: ["DE", "AT", "NL", "FR"] },
    { trait: "beta_opt_in", is: "true", values: [] },
  ],
  "VIP customers": [{ trait: "order_count", is: "at_least", values: ["10"] }],
  "Returning customers": [{ trait: "order_count", is: "at_least", values: ["5"] }],
  "Slow connections": [{ trait: "network", is: "one_of", values: ["2g", "3g"] }],
  Germany: [{ trait: "country", is: "one_of", values: ["DE"] }],
  "Klarna countries": [
    { trait: "country", is: "one_of", values: ["DE", "AT", "SE", "NL"] },
    { trait: "network", is: "one_of", values: ["2g"], join: "none", depth: 1 },
  ],
  Berlin: [{ trait: "city", is: "one_of", values: ["Berlin"] }],
  Paris: [
    {
      trait: "city",
      is: "one_of",
      values: ["Paris", " Lyon"],
      warning: "The Rust SDK leaves the blank before Lyon out, the server does not.",
    },
  ],
  "Search rollout 25%": [{ trait: "", is: "share", values: ["25"] }],
};

/** How many segments the project has; the ones above are those that decide something here. */
export const SEGMENT_COUNT = 31;

/** An identity with what the service stores for it. */
export interface Person {
  id: string;
  identifier: string;
  alias: string | null;
  traits: TraitView[];
}

function person(
  id: string,
  identifier: string,
  alias: string | null,
  traits: Record<string, string | number | boolean>,
): Person {
  return {
    id,
    identifier,
    alias,
    traits: Object.entries(traits).map(([name, value]) => ({
      name,
      kind: typeof value === "number" ? "number" : typeof value === "boolean" ? "boolean" : "text",
      text: String(value),
    })),
  };
}

/** The identities the service knows. */
export const people: Person[] = [
  person("481", "u_48213", "Lena, Berlin", {
    country: "DE",
    order_count: 7,
    is_vip: false,
    network: "4g",
    city: "Berlin",
    lifetime_value: 418.5,
  }),
  person("482", "u_48214", null, { country: "DE", order_count: 0 }),
  person("513", "u_20077", "VIP, Paris", {
    country: "FR",
    order_count: 34,
    is_vip: true,
    city: "Paris",
    beta_opt_in: true,
  }),
  person("544", "u_77120", null, { country: "US", order_count: 1, network: "3g" }),
  person("601", "visitor-9f2c", "New visitor", {}),
];

/** Where an identity falls between 0 and 100 for a salt; stable, and nothing like a real service's hash. */
export function bucket(identifier: string, salt: string): number {
  // The one bucket that the screens quote.
  if (identifier === "u_48213" && salt === "new_checkout") return 23.19;
  if (identifier === "u_48213" && salt === "Search rollout 25%") return 22.42;
  let hash = 0x811c9dc5;
  for (const character of `${salt}\u0000${identifier}`) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return (hash % 10_000) / 100;
}

/** Why an identity is in a segment, as the end of a sentence; `null` when it is not. */
export function membership(segment: string, identifier: string, traits: TraitView[]): string | null {
  const conditions = segments[segment];
  if (!conditions) return null;
  let because = "";
  for (const condition of conditions) {
    const reason = holds(condition, segment, identifier, traits);
    if (condition.join === "none") {
      if (reason !== null) return null;
      continue;
    }
    if (reason === null) return null;
    because ||= reason;
  }
  return because;
}

/** Why one condition holds, as the end of a sentence; `null` when it does not. */
export function holds(
  condition: Condition,
  segment: string,
  identifier: string,
  traits: TraitView[],
): string | null {
  if (condition.is === "share") {
    const place = bucket(identifier, segment);
    const share = Number(condition.values[0]);
    return place < share ? `hash ${place.toFixed(2)} is under ${share}` : null;
  }
  const seen = traits.find((trait) => trait.name === condition.trait);
  if (!seen) return null;
  const met =
    condition.is === "one_of"
      ? condition.values.includes(seen.text)
      : condition.is === "true"
        ? seen.text === "true"
        : Number(seen.text) >= Number(condition.values[0]);
  return met ? `${seen.name} is ${seen.text}` : null;
}
