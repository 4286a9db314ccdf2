/** What an identity gets, by rules that are simple and enough for the screens; the real ones are the engine's. */
import type {
  DeciderView,
  ExpectedView,
  PreviewRequest,
  PreviewRowView,
  PreviewView,
  ValueView,
} from "../bindings";
import { laidOver, stagedEdits } from "./changes/overlay";
import { bucket, membership } from "./people";
import { freshnessView } from "./views";
import type { FakeConnection, FakeEnvironment, FakeFlag } from "./world";

/** Makes the server fail in the preview, as a condition with a broken pattern does. */
const BREAKS = "app_version";

/** The whole preview. */
export function evaluate(
  connection: FakeConnection,
  mirrored: FakeEnvironment,
  request: PreviewRequest,
  now: number,
): PreviewView {
  const remote = connection.service === "edge_flags";
  const environment = laidOver({ connection, environment: mirrored }, request);
  const laid =
    request.edits.length + stagedEdits({ connection, environment: mirrored }, request.change_set).length;
  const breaks = !remote && request.traits.some((trait) => trait.name === BREAKS);
  const rows = [...environment.flags.values()]
    .map((flag) => (remote ? byService(flag, request) : byMirror(flag, environment, request)))
    .sort((one, other) => (one.flag < other.flag ? -1 : 1));
  return {
    remote,
    source: remote
      ? `Asked ${connection.address} for ${request.identifier} in ${environment.name}`
      : `${request.moment === null ? "The mirror" : "A snapshot"} of ${environment.name}${edits(laid)}`,
    rows: breaks ? [] : rows,
    overrides: rows.filter((row) => row.decided_by === "identity" || row.decided_by === "segment").length,
    caveats: remote ? ["EdgeFlags evaluates by itself and keeps its rollout to itself."] : [],
    failure: breaks
      ? "The server would fail for this identity: in segment Old apps, app_version matches ^(1[.]: the pattern is broken."
      : null,
    freshness: freshnessView(environment, now),
  };
}

function edits(count: number): string {
  if (count === 0) return "";
  return count === 1 ? " plus 1 edit" : ` plus ${count} edits`;
}

function row(
  flag: FakeFlag,
  enabled: boolean | null,
  text: string,
  decided_by: DeciderView,
  why: string,
): PreviewRowView {
  const value: ValueView = { kind: flag.value.kind, text };
  return {
    flag: flag.seed.key,
    multivariate: flag.seed.kind === "multivariate",
    enabled,
    value,
    decided_by,
    why,
    caveat: flag.seed.serverOnly && decided_by !== "service" ? "Left out for client-side keys." : null,
    expected: null,
  };
}

function byService(flag: FakeFlag, request: PreviewRequest): PreviewRowView {
  const own = byMirrorValue(flag, request);
  // A flag without a value is answered as true or false, one with a value only by that value.
  const enabled = flag.value.kind === "none" ? own.enabled : null;
  const why = own.matched ? "A targeting rule matched." : "The default.";
  return { ...row(flag, enabled, own.text, "service", why), expected: expectation(flag) };
}

function expectation(flag: FakeFlag): ExpectedView {
  if (flag.options.length > 0) {
    return {
      agreement: "cannot_tell",
      sentence: "A rollout decides, and EdgeFlags keeps its hash to itself.",
      unsure: ["How the rollout hashes an identity is not documented."],
    };
  }
  // One flag of the shop is answered otherwise than documented.
  const disagrees = flag.seed.key === "fraud_score_cutoff";
  return {
    agreement: disagrees ? "disagrees" : "agrees",
    sentence: disagrees
      ? "0.5 was expected: the flag itself is off, so its default counts."
      : "The same was expected from the documented order.",
    unsure: [],
  };
}

function byMirrorValue(flag: FakeFlag, request: PreviewRequest) {
  for (const override of flag.overrides) {
    if (membership(override.segment, request.identifier, request.traits) !== null) {
      return { enabled: override.enabled, text: override.value, matched: true };
    }
  }
  return { enabled: flag.enabled, text: flag.value.text, matched: false };
}

function byMirror(flag: FakeFlag, environment: FakeEnvironment, request: PreviewRequest): PreviewRowView {
  const own = flag.identities.get(request.identifier);
  if (own)
    return row(flag, own.enabled, own.value, "identity", `Identity override for ${request.identifier}.`);
  for (const override of flag.overrides) {
    const because = membership(override.segment, request.identifier, request.traits);
    if (because === null) continue;
    return row(
      flag,
      override.enabled,
      override.value,
      "segment",
      `In segment ${override.segment}: ${because}.`,
    );
  }
  if (!flag.enabled) return row(flag, false, flag.value.text, "default", offSentence(flag, environment));
  if (flag.options.length > 0) return split(flag, request.identifier);
  const rest = flag.overrides.length;
  const missed =
    rest === 0 ? "." : rest === 1 ? "; 1 override did not match." : `; ${rest} overrides did not match.`;
  return row(flag, true, flag.value.text, "default", `Environment default${missed}`);
}

function offSentence(flag: FakeFlag, environment: FakeEnvironment): string {
  const rest = flag.overrides.length === 0 ? "." : "; the override did not match.";
  return `Off for everyone in ${environment.name}${rest}`;
}

function split(flag: FakeFlag, identifier: string): PreviewRowView {
  const place = bucket(identifier, flag.seed.key);
  let from = 0;
  for (const option of flag.options) {
    const to = from + option.weight;
    if (place < to) {
      const why = `Bucket ${place.toFixed(2)} is in ${option.label} (${from} to ${to}). No override matched.`;
      return row(flag, true, option.label, "split", why);
    }
    from = to;
  }
  const why = `Bucket ${place.toFixed(2)} is in control (${from} to 100). No override matched.`;
  return row(flag, true, flag.value.text, "split", why);
}
