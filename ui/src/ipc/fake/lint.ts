/** What is doubtful about an environment of the fake host. */
import type { LintFixView, LintRowView, LintView, SubjectView } from "../bindings";
import { revisionOf, type Spot } from "./changes/subjects";

/** What is found in an environment. */
export function lintView(spot: Spot, days: number): LintView {
  const { connection, environment } = spot;
  const flags = [...environment.flags.values()];
  const used = new Set(flags.flatMap(({ overrides }) => overrides.map(({ segment }) => segment)));
  const rows: LintRowView[] = [];
  for (const flag of flags) {
    const { key } = flag.seed;
    const state: SubjectView = { kind: "flag_state", flag: key };
    if (!flag.enabled && flag.overrides.some(({ segment }) => segment === "Slow connections")) {
      rows.push({
        ...row("never_matches", `override_never_matches/${key}`, key),
        sentence: `The override for Slow connections never applies: its rule asks for network, which no identity has.`,
        fixes: [
          stage(spot, state, "Stage its removal", segmentField(spot, "Slow connections")),
          open(spot, state, "Open the flag"),
        ],
      });
    }
    if (flag.enabled && flag.seed.age > (days / 90) * 14 * 86_400) {
      rows.push({
        ...row("doubtful", `unchanged/${key}`, key),
        sentence: `Has not changed for ${Math.floor(flag.seed.age / 86_400)} days and is on for everybody.`,
        fixes: [open(spot, state, "Open the flag")],
      });
    }
  }
  if (environment.flags.has("new_checkout")) {
    rows.unshift({
      ...row("breaks", "weights/search_ranking_v2", "search_ranking_v2"),
      sentence: "The weights of its options add up to 110%, so its last option is never served.",
      fixes: [
        stage(spot, { kind: "flag_state", flag: "search_ranking_v2" }, "Stage 80 / 20", {
          field: "weights",
          to: { kind: "weights", rows: [{ id: "option-semantic", weight: "20" }] },
        }),
        open(spot, { kind: "flag_state", flag: "search_ranking_v2" }, "Open the flag"),
      ],
    });
    const unused = [...connection.segments.values()].filter(({ name }) => !used.has(name)).slice(0, 3);
    for (const segment of unused) {
      const subject: SubjectView = { kind: "segment", segment: segment.id };
      rows.push({
        ...row("doubtful", `unused_segment/${segment.id}`, segment.name),
        sentence: "No flag of this project has an override for it.",
        fixes: [
          stage(spot, subject, "Stage its removal", { field: "existence", to: { kind: "unset" } }),
          open(spot, subject, "Open the segment"),
        ],
      });
    }
  }
  return {
    rows,
    days,
    summary: `Looked at ${flags.length} flags, ${connection.segments.size} segments and ${used.size} overrides in ${environment.name}.`,
    skipped:
      connection.service === "edge_flags"
        ? ["Identity overrides: EdgeFlags has none."]
        : ["Traits that no identity has: no identities of this environment were read yet."],
  };
}

const headings: Record<string, string> = {
  weights: "Weights that do not add up",
  override_never_matches: "Overrides that never match",
  unchanged: "Flags that have not changed for long",
  unused_segment: "Segments that nothing uses",
};

function row(severity: LintRowView["severity"], id: string, name: string) {
  const kind = id.split("/")[0] ?? id;
  return { id, severity, kind, heading: headings[kind] ?? kind, name };
}

function stage(
  spot: Spot,
  subject: SubjectView,
  label: string,
  change: Extract<LintFixView, { way: "stage" }>["changes"][number],
): LintFixView {
  const revision = revisionOf(spot, subject);
  return { way: "stage", label, environment: spot.environment.key, subject, revision, changes: [change] };
}

function open({ environment }: Spot, subject: SubjectView, label: string): LintFixView {
  return { way: "open", label, environment: environment.key, subject };
}

function segmentField({ connection }: Spot, name: string) {
  const id = [...connection.segments.values()].find((segment) => segment.name === name)?.id ?? name;
  return { field: `override:${id}`, to: { kind: "unset" as const } };
}
