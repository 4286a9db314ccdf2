/** What is taken over from one side to another: staged, never written. */
import type {
  FieldEdit,
  FieldInput,
  FieldValueView,
  PromoteCheckView,
  PromotedView,
  PromoteRequest,
  SideDifferenceView,
  StageRequest,
  SubjectView,
} from "../../bindings";
import type { FakeChanges } from "../changes/store";
import { revisionOf, type Spot } from "../changes/subjects";
import { failure } from "../errors";
import { impactOf } from "../impact";
import type { FakeHistory } from "./history";
import { compareSides } from "./sides";

interface Plan {
  target: Spot;
  picked: SideDifferenceView[];
  left: string[];
  requests: StageRequest[];
}

function planOf(history: FakeHistory, request: PromoteRequest, now: number): Plan {
  const { a, b } = request;
  const sides = compareSides(history, a, b, now);
  if (sides.read_only !== null) throw failure("input", sides.read_only);
  const known = sides.differences.filter(({ id }) => request.picked.includes(id));
  const picked = known.filter(({ blocked }) => blocked === null);
  const left = known.flatMap(({ name, blocked }) => (blocked === null ? [] : [`${name}: ${blocked}`]));
  const target = history.spot(b);
  const subjects = new Map<string, StageRequest>();
  for (const each of picked) {
    const key = JSON.stringify(each.subject);
    const known = subjects.get(key);
    const changes = changesOf(history.spot(a), each);
    if (known) known.changes.push(...changes);
    else {
      subjects.set(key, {
        connection: b.connection,
        environment: b.environment,
        subject: each.subject,
        revision: revisionOf(target, each.subject),
        changes,
        change_set: request.change_set,
      });
    }
  }
  return { target, picked, left, requests: [...subjects.values()] };
}

function changesOf(from: Spot, { id, name, subject, a, b }: SideDifferenceView): FieldEdit[] {
  if (subject.kind === "flag") {
    const flag = from.environment.flags.get(name);
    const enabled: FieldEdit = { field: "enabled", to: { kind: "toggle", on: flag?.enabled ?? false } };
    return [{ field: "existence", to: { kind: "set" } }, enabled];
  }
  const field = id.slice(name.length + 1);
  if (a.kind === "override") {
    const segment = field.slice("override:".length);
    const added: FieldEdit = {
      field,
      to: { kind: "text", text: from.connection.segments.get(segment)?.name ?? segment },
    };
    return [
      ...(b.kind === "absent" ? [added] : []),
      { field: `override_enabled:${segment}`, to: { kind: "toggle", on: a.enabled } },
      { field: `override_value:${segment}`, to: { kind: "value", value: a.value } },
    ];
  }
  return [{ field, to: inputOf(a) }];
}

function inputOf(value: FieldValueView): FieldInput {
  switch (value.kind) {
    case "toggle":
      return { kind: "toggle", on: value.on };
    case "value":
      return { kind: "value", value: value.value };
    case "weights":
      return {
        kind: "weights",
        rows: value.rows.flatMap(({ id, weight }) => (id === null ? [] : [{ id, weight }])),
      };
    case "json":
      return { kind: "json", text: value.text };
    default:
      return { kind: "unset" };
  }
}

/** What taking over would do. */
export function checkPromotion(history: FakeHistory, request: PromoteRequest, now: number): PromoteCheckView {
  const { target, picked, left, requests } = planOf(history, request, now);
  const flags = new Set(
    picked.flatMap(({ subject }) => (subject.kind === "flag_state" ? [subject.flag] : [])),
  );
  const edits = requests.map(({ subject, revision, changes }) => ({ subject, revision, changes }));
  const made = picked.filter(({ subject }) => subject.kind === "flag");
  const typed = picked.filter(
    ({ a, b }) => a.kind === "value" && b.kind === "value" && a.value.kind !== b.value.kind,
  );
  const remote = target.connection.service === "edge_flags";
  return {
    edits: requests.length,
    needed: made.map(({ id, name }) => ({ id, sentence: `Flag ${name} is not there and will be made.` })),
    problems: left,
    warnings: [
      ...typed.map(({ name }) => `The value of ${name} changes its type.`),
      ...(flags.has("black_friday_banner")
        ? ["black_friday_banner is on for nobody in the target so far."]
        : []),
    ],
    impact: remote
      ? []
      : [...flags].map((flag) =>
          impactOf(target, {
            connection: request.b.connection,
            environment: request.b.environment,
            flag,
            edits,
            moment: null,
            change_set: null,
          }),
        ),
    impact_note: remote
      ? "EdgeFlags evaluates by itself, so what a change does to users cannot be counted here."
      : null,
  };
}

/** Stages what was ticked. */
export function promote(
  history: FakeHistory,
  changes: FakeChanges,
  request: PromoteRequest,
  now: number,
  name: string | null = null,
): PromotedView {
  const { target, left, requests } = planOf(history, request, now);
  if (requests.length === 0)
    throw failure("input", "Nothing of it can be taken over.", { cause: left.join(" ") });
  const set = request.change_set ?? changes.begin(target.connection, name).id;
  const staged = changes.stageAll(requests.map((each) => ({ ...each, change_set: set })));
  const count = staged.length === 1 ? "1 edit" : `${staged.length} edits`;
  return {
    change_set: set,
    staged: staged.length,
    sentence: `Staged ${count} for ${target.environment.name}.`,
    left_out: left,
  };
}

/** Stages what leads a flag, or everything, back to a moment. */
export function restore(
  history: FakeHistory,
  changes: FakeChanges,
  moment: string,
  flag: string | null,
  now: number,
): PromotedView {
  const found = history.find(moment);
  const place = { connection: found.connection.id, environment: found.moment.environment };
  const [a, b] = [
    { ...place, moment },
    { ...place, moment: null },
  ];
  const concerns = (subject: SubjectView) => flag === null || ("flag" in subject && subject.flag === flag);
  const picked = compareSides(history, a, b, now)
    .differences.filter(({ subject }) => concerns(subject))
    .map(({ id }) => id);
  const name = `Back to ${found.moment.name ?? found.moment.title}`;
  return promote(history, changes, { a, b, picked, change_set: null }, now, name);
}
