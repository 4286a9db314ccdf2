/** Many identities, and who of them gets what; by the same simple rules as the preview. */
import type {
  ExampleView,
  FlagSharesView,
  MoveView,
  ShareView,
  TraitRangeView,
  TraitView,
  ValueView,
} from "../bindings";
import { bucket, membership } from "./people";
import type { FakeEnvironment, FakeFlag } from "./world";

/** One of many. */
export type Someone = ExampleView;

/** What somebody gets of a flag, and why. */
interface Decided {
  label: string;
  enabled: boolean;
  value: ValueView;
  rule: string;
}

const EXAMPLES = 5;

/** Ranges for made-up identities that reach both sides of the Acme Store's conditions. */
export function acmeRanges(): TraitRangeView[] {
  const oneOf = (name: string, values: string[], absent: number): TraitRangeView => ({
    name,
    range: { kind: "one_of", value_kind: "text", values },
    absent_percent: absent,
  });
  return [
    oneOf("country", ["DE", "AT", "NL", "FR", "SE", "US", "GB", "ES"], 0),
    { name: "order_count", range: { kind: "whole", from: 0, to: 14 }, absent_percent: 10 },
    { name: "beta_opt_in", range: { kind: "boolean", true_percent: 12 }, absent_percent: 20 },
    oneOf("network", ["4g", "5g", "3g", "2g"], 5),
    oneOf("city", ["Berlin", "Paris", "Lyon", "Wien"], 50),
  ];
}

/** Made-up identities; the same seed makes the same ones. */
export function madeUp(count: number, seed: number, ranges: TraitRangeView[]): Someone[] {
  return Array.from({ length: count }, (_, at) => {
    const identifier = `sample-${seed}-${String(at + 1).padStart(5, "0")}`;
    return { identifier, traits: ranges.flatMap((range) => made(range, identifier)) };
  });
}

function made({ name, range, absent_percent }: TraitRangeView, identifier: string): TraitView[] {
  if (bucket(identifier, `${name} absent`) < absent_percent) return [];
  const place = bucket(identifier, name) / 100;
  if (range.kind === "boolean")
    return [{ name, kind: "boolean", text: String(place * 100 < range.true_percent) }];
  if (range.kind === "whole") {
    const value = range.from + Math.floor(place * (range.to - range.from + 1));
    return [{ name, kind: "number", text: String(value) }];
  }
  const text = range.values[Math.floor(place * range.values.length)];
  return text === undefined ? [] : [{ name, kind: range.value_kind, text }];
}

/** One flag over many, now and, where there is one, in the environment after edits. */
export function sharesOf(
  flag: string,
  cohort: Someone[],
  now: FakeEnvironment,
  after: FakeEnvironment | null,
  edited: boolean,
): FlagSharesView {
  const one = now.flags.get(flag);
  const other = after?.flags.get(flag);
  const before = one ? cohort.map((each) => decide(one, each)) : [];
  const then = other ? cohort.map((each) => decide(other, each)) : null;
  const moves = then === null ? [] : movesBetween(cohort, before, then);
  const flips = moves.reduce((sum, move) => sum + move.count, 0);
  return {
    flag,
    edited,
    surprise: flips > 0 && !edited,
    now: shares(before),
    after: then === null ? null : shares(then),
    flips,
    moves,
  };
}

/** Who of many gets something else of a flag afterwards, by their places. */
export function flippers(
  flag: string,
  cohort: Someone[],
  now: FakeEnvironment,
  after: FakeEnvironment,
): number[] {
  const [one, other] = [now.flags.get(flag), after.flags.get(flag)];
  if (!one || !other) return [];
  return cohort.flatMap((each, at) => (decide(one, each).label === decide(other, each).label ? [] : [at]));
}

/** How many get a flag from the override of a segment. */
export function suppliedBy(segment: string, flag: string, cohort: Someone[], now: FakeEnvironment): number {
  const one = now.flags.get(flag);
  if (one === undefined) return 0;
  return cohort.filter((each) => decide(one, each).rule === `segment ${segment}`).length;
}

function decide(flag: FakeFlag, { identifier, traits }: Someone): Decided {
  const own = flag.identities.get(identifier);
  if (own) return decided(flag, own.enabled, own.value, "identity override");
  const override = flag.overrides.find(({ segment }) => membership(segment, identifier, traits) !== null);
  if (override) return decided(flag, override.enabled, override.value, `segment ${override.segment}`);
  if (!flag.enabled || flag.options.length === 0)
    return decided(flag, flag.enabled, flag.value.text, "environment default");
  const place = bucket(identifier, flag.seed.key);
  let until = 0;
  const option = flag.options.find(({ weight }) => place < (until += weight));
  const rule = "environment default, split";
  if (option === undefined) return { ...decided(flag, true, flag.value.text, rule), label: "control" };
  return decided(flag, true, option.label, rule);
}

function decided(flag: FakeFlag, enabled: boolean, text: string, rule: string): Decided {
  const value: ValueView = { kind: flag.value.kind, text };
  const label = !enabled ? "Off" : value.kind === "none" ? "On" : text;
  return { label, enabled, value, rule };
}

function shares(all: Decided[]): ShareView[] {
  const found = new Map<string, ShareView>();
  for (const { label, enabled, value } of all) {
    const known = found.get(label);
    if (known) known.count += 1;
    else found.set(label, { label, enabled, value, count: 1, basis_points: 0 });
  }
  return [...found.values()]
    .map((share) => ({ ...share, basis_points: Math.round((share.count / all.length) * 10_000) }))
    .sort((one, other) => other.count - one.count);
}

function movesBetween(cohort: Someone[], before: Decided[], after: Decided[]): MoveView[] {
  const found = new Map<string, MoveView>();
  cohort.forEach(({ identifier, traits }, at) => {
    const [from, to] = [before[at], after[at]];
    if (!from || !to || from.label === to.label) return;
    const key = JSON.stringify([from.label, to.label, from.rule, to.rule]);
    const move = found.get(key) ?? {
      from: from.label,
      to: to.label,
      count: 0,
      from_rule: from.rule,
      to_rule: to.rule,
      examples: [],
    };
    move.count += 1;
    if (move.examples.length < EXAMPLES) move.examples.push({ identifier, traits });
    found.set(key, move);
  });
  return [...found.values()].sort((one, other) => other.count - one.count);
}
