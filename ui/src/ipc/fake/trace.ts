/** How a flag of the Acme Store came to its value, step by step. */
import type {
  PreviewRequest,
  SplitView,
  StepOutcomeView,
  TraceConditionView,
  TraceStepView,
  TraceView,
  TraitView,
  TryTraitView,
  WayView,
} from "../bindings";
import { evaluate } from "./evaluate";
import { laidOver as withEdits } from "./changes/overlay";
import { bucket, type Condition, holds, membership, segments } from "./people";
import type { FakeConnection, FakeEnvironment, FakeFlag } from "./world";

/** The trace of one flag for the identity of a preview. */
export function traceOf(
  connection: FakeConnection,
  mirrored: FakeEnvironment,
  flag: FakeFlag,
  request: PreviewRequest,
): TraceView {
  const environment = withEdits({ connection, environment: mirrored }, request);
  const asked = environment.flags.get(flag.seed.key) ?? flag;
  return {
    flag: flag.seed.key,
    steps: steps(asked, request),
    dependencies:
      flag.seed.key === "klarna_pay_later"
        ? ["Klarna countries reads the flag gift_wrapping, which is on."]
        : [],
    ways: ways(connection, environment, asked, request),
    caveats: flag.seed.serverOnly ? ["Client-side keys do not get this flag."] : [],
  };
}

function steps(flag: FakeFlag, request: PreviewRequest): TraceStepView[] {
  const { identifier, traits } = request;
  const own = flag.identities.get(identifier);
  let decided = own !== undefined;
  const outcome = (matches: boolean): StepOutcomeView => {
    if (!matches) return "no_match";
    if (decided) return "outranked";
    decided = true;
    return "decides";
  };
  const identity: TraceStepView = {
    kind: "identity",
    title: "Identity override",
    ...said(own ? "decides" : "no_match"),
    gives: own ? gives(own.enabled, own.value) : "",
    note: own ? `Set for ${identifier}` : `None for ${identifier}`,
    conditions: [],
    split: null,
  };
  const overrides = flag.overrides.map((override, at): TraceStepView => {
    const matches = membership(override.segment, identifier, traits) !== null;
    return {
      kind: "segment",
      title: `${at + 1}. ${override.segment}`,
      ...said(outcome(matches)),
      gives: gives(override.enabled, override.value),
      note: null,
      conditions: (segments[override.segment] ?? []).map((condition) =>
        conditionView(condition, override.segment, identifier, traits),
      ),
      split: null,
    };
  });
  const last = outcome(true);
  const fallback: TraceStepView = {
    kind: "default",
    title: "Environment default",
    ...said(last),
    gives: gives(flag.enabled, flag.value.text),
    note: flag.options.length > 0 && last === "decides" ? null : gives(flag.enabled, flag.value.text),
    conditions: [],
    split: flag.options.length > 0 && last === "decides" ? splitView(flag, identifier) : null,
  };
  return [identity, ...overrides, fallback];
}

const outcomes: Record<StepOutcomeView, string> = {
  decides: "Decides",
  no_match: "No match",
  outranked: "Matches too",
  fails: "Fails here",
};

function said(outcome: StepOutcomeView) {
  return { outcome, outcome_text: outcomes[outcome] };
}

function gives(enabled: boolean, value: string): string {
  return `${enabled ? "On" : "Off"}${value === "" ? "" : `, ${value}`}`;
}

function conditionView(
  condition: Condition,
  segment: string,
  identifier: string,
  traits: TraitView[],
): TraceConditionView {
  const seen = traits.find((trait) => trait.name === condition.trait);
  const share = condition.is === "share";
  const place = bucket(identifier, segment);
  const unread = condition.is === "at_least" && seen !== undefined && Number.isNaN(Number(seen.text));
  return {
    verdict: holds(condition, segment, identifier, traits) === null ? "fails" : "holds",
    depth: condition.depth ?? 0,
    rule: 1 + (condition.depth ?? 0),
    join: condition.join ?? "all",
    property: share ? "the identity" : condition.trait,
    asks: asks(condition),
    saw: share || seen === undefined || seen.text === "" ? null : saw(seen),
    because: share || (seen && !unread) ? null : seen ? "cannot be read as a number" : "trait not set",
    bucket: share
      ? {
          hashed: `118,${identifier}`,
          bucket: place.toFixed(2),
          bucket_basis_points: Math.round(place * 100),
          threshold_basis_points: Number(condition.values[0]) * 100,
        }
      : null,
    warning: condition.warning ?? null,
  };
}

function asks(condition: Condition): string {
  switch (condition.is) {
    case "one_of":
      return `is one of ${condition.values.map((value) => value.trim()).join(", ")}`;
    case "at_least":
      return `is at least ${condition.values[0]}`;
    case "true":
      return "is true";
    case "share":
      return `is in the first ${condition.values[0]}%`;
  }
}

function saw(trait: TraitView): string {
  return trait.kind === "text" ? JSON.stringify(trait.text) : trait.text;
}

function splitView(flag: FakeFlag, identifier: string): SplitView {
  const place = bucket(identifier, flag.seed.key);
  const points = Math.round(place * 100);
  let from = 0;
  const shares = flag.options.map((option) => ({ label: option.label, share: option.weight * 100 }));
  const rest = 10_000 - shares.reduce((sum, option) => sum + option.share, 0);
  return {
    hashed: `4127,production_${identifier}`,
    bucket: place.toFixed(2),
    bucket_basis_points: points,
    ranges: [...shares, { label: "control", share: rest }].map(({ label, share }) => {
      const until = from + share;
      const range = {
        label,
        from_basis_points: from,
        until_basis_points: until,
        chosen: points >= from && points < until,
      };
      from = until;
      return range;
    }),
  };
}

/** Ways to the other results: each is found by evaluating it. */
function ways(
  connection: FakeConnection,
  environment: FakeEnvironment,
  flag: FakeFlag,
  request: PreviewRequest,
): WayView[] {
  const result = (traits: TraitView[]) => {
    const rows = evaluate(connection, environment, { ...request, traits, edits: [] }, 0).rows;
    const row = rows.find((each) => each.flag === flag.seed.key);
    return row ? goal(row.enabled ?? true, row.value.text) : "";
  };
  const now = result(request.traits);
  const found = new Map<string, WayView>();
  for (const override of flag.overrides) {
    const tries = (segments[override.segment] ?? [])
      .filter((condition) => holds(condition, override.segment, request.identifier, request.traits) === null)
      .flatMap(tryFor);
    const leads = result(laidOver(request.traits, tries));
    if (tries.length === 0 || leads === now || found.has(leads)) continue;
    const words = tries.map((one) => `${one.name} to ${one.text}`).join(" and ");
    const label = tries.map((one) => `${one.name} = ${one.text}`).join(", ");
    found.set(leads, { goal: leads, sentence: `set ${words}`, traits: tries, try_label: `Try ${label}` });
  }
  const all = [...found.values()].sort((one, other) => one.traits.length - other.traits.length);
  for (const label of flag.options.length > 0 ? ["control", ...flag.options.map((each) => each.label)] : []) {
    if (label === now || found.has(label)) continue;
    all.push({
      goal: label,
      sentence: "no trait does it; add an identity override",
      traits: [],
      try_label: null,
    });
  }
  return all;
}

function goal(enabled: boolean, value: string): string {
  if (!enabled) return "Off";
  return value === "" ? "On" : value;
}

function tryFor(condition: Condition): TryTraitView[] {
  if (condition.is === "share" || condition.join === "none") return [];
  const kind = condition.is === "true" ? "boolean" : condition.is === "at_least" ? "number" : "text";
  return [
    { name: condition.trait, kind, text: condition.is === "true" ? "true" : (condition.values[0] ?? "") },
  ];
}

function laidOver(traits: TraitView[], tries: TryTraitView[]): TraitView[] {
  const kept = traits.filter((trait) => !tries.some((one) => one.name === trait.name));
  return [...kept, ...tries.flatMap(({ name, kind, text }) => (kind === null ? [] : [{ name, kind, text }]))];
}
