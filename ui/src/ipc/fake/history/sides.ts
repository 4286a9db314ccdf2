/** Two environments or moments of the fake shops beside each other. */
import type {
  AspectView,
  AtView,
  FieldValueView,
  LineView,
  SideDifferenceView,
  SidesView,
  SideView,
  SubjectView,
} from "../../bindings";
import { iconOf, nameOf, overrideOf, pathsOf, type Spot, fieldsOf, valueIn } from "../changes/subjects";
import { absent, sameField } from "../changes/values";
import { freshnessView } from "../views";
import { freshnessState } from "../world";
import type { FakeHistory } from "./history";
import { linesOf } from "./lines";

const ASPECTS: AspectView[] = ["state", "value", "overrides", "flags", "segments", "configs"];

/** Everything in which two sides differ. */
export function compareSides(history: FakeHistory, a: AtView, b: AtView, now: number): SidesView {
  const [one, other] = [history.spot(a), history.spot(b)];
  const crossing = one.connection.service !== other.connection.service;
  const keys = [...new Set([...one.environment.flags.keys(), ...other.environment.flags.keys()])].sort();
  const differences = [
    ...keys.flatMap((flag) => differencesOf(one, other, flag, crossing)),
    ...(one.connection === other.connection ? [] : segmentsOf(one, other)),
  ];
  const concerned = new Set(differences.map(({ subject }) => ("flag" in subject ? subject.flag : "")));
  const both = keys.filter((key) => one.environment.flags.has(key) && other.environment.flags.has(key));
  const same = both.filter((key) => !concerned.has(key)).length;
  const by = (presence: SideDifferenceView["presence"]) =>
    differences.filter((each) => each.presence === presence).length;
  return {
    a: sideOf(history, one, a, now),
    b: sideOf(history, other, b, now),
    differences,
    counts: ASPECTS.flatMap((aspect) => {
      const count = differences.filter((each) => each.aspect === aspect).length;
      return count === 0 ? [] : [{ aspect, count }];
    }),
    only_a: by("only_a"),
    only_b: by("only_b"),
    changed: by("changed"),
    same: same === 1 ? "1 flag is the same" : `${same} flags are the same`,
    unmapped: crossing ? unmapped(one, other) : [],
    read_only: whyReadOnly(history, other, b),
    advice: adviceOf([one, a], [other, b], now),
  };
}

function differencesOf(a: Spot, b: Spot, flag: string, crossing: boolean): SideDifferenceView[] {
  const [one, other] = [a.environment.flags.get(flag), b.environment.flags.get(flag)];
  if (!one || !other) return [wholeFlag(a, b, flag)];
  const subject: SubjectView = { kind: "flag_state", flag };
  const [left, right] = [fieldsOf(a, subject), fieldsOf(b, subject)];
  const differing = pathsOf(left, right)
    .filter((path) => overrideOf(path) === null && path !== "override_order")
    .filter((path) => !crossing || path === "enabled" || path === "value")
    .filter((path) => !sameField(valueIn(left, path), valueIn(right, path)));
  return differing.map((path) => {
    const [va, vb] = [valueIn(left, path), valueIn(right, path)];
    const lines = linesFor(va, vb);
    const label = (left.get(path) ?? right.get(path))?.label ?? path;
    return {
      id: `${flag} ${path}`,
      aspect: aspectOf(path),
      presence: va.kind === "absent" ? "only_b" : vb.kind === "absent" ? "only_a" : "changed",
      subject,
      name: flag,
      icon: iconOf(b, subject),
      label: path.startsWith("override:") ? `Override, ${label}` : labelOf(label, lines),
      everywhere: false,
      a: va,
      b: vb,
      lines,
      blocked: null,
      needs: [],
    };
  });
}

function wholeFlag(a: Spot, b: Spot, flag: string): SideDifferenceView {
  const onlyA = a.environment.flags.has(flag);
  const subject: SubjectView = { kind: "flag", flag };
  const held = onlyA ? a : b;
  const state = valueIn(fieldsOf(held, { kind: "flag_state", flag }), "enabled");
  const away = absent("Not there");
  return {
    id: `${flag} flag`,
    aspect: "flags",
    presence: onlyA ? "only_a" : "only_b",
    subject,
    name: flag,
    icon: iconOf(held, subject),
    label: "Flag",
    everywhere: true,
    a: onlyA ? state : away,
    b: onlyA ? away : state,
    lines: [],
    blocked: onlyA ? null : "A flag is never deleted from here. Delete it on the Flags page.",
    needs: [],
  };
}

function segmentsOf(a: Spot, b: Spot): SideDifferenceView[] {
  const names = ({ connection }: Spot) =>
    new Map([...connection.segments.values()].map((each) => [each.name, each]));
  const [ours, theirs] = [names(a), names(b)];
  const only = [
    ...[...ours.values()].filter(({ name }) => !theirs.has(name)).map((each) => ({ each, onlyA: true })),
    ...[...theirs.values()].filter(({ name }) => !ours.has(name)).map((each) => ({ each, onlyA: false })),
  ];
  return only.slice(0, 12).map(({ each, onlyA }) => {
    const subject: SubjectView = { kind: "segment", segment: onlyA ? `new:${each.name}` : each.id };
    const there: FieldValueView = { kind: "text", text: "Segment" };
    return {
      id: `segment ${each.name}`,
      aspect: "segments",
      presence: onlyA ? "only_a" : "only_b",
      subject,
      name: nameOf(b, subject),
      icon: "segment",
      label: "Segment",
      everywhere: true,
      a: onlyA ? there : absent("Not there"),
      b: onlyA ? absent("Not there") : there,
      lines: [],
      blocked: "The conditions of a segment do not map to the other service.",
      needs: [],
    };
  });
}

function aspectOf(path: string): AspectView {
  if (path === "enabled") return "state";
  return path === "value" || path === "weights" ? "value" : "overrides";
}

function labelOf(label: string, lines: LineView[]): string {
  const changed = Math.max(
    lines.filter(({ kind }) => kind === "only_a").length,
    lines.filter(({ kind }) => kind === "only_b").length,
  );
  const all = lines.filter(({ kind }) => kind !== "only_b").length;
  return lines.length === 0 ? label : `${label}, ${changed} of ${all} lines`;
}

function linesFor(a: FieldValueView, b: FieldValueView): LineView[] {
  if (a.kind !== "value" || b.kind !== "value" || a.value.kind !== "json" || b.value.kind !== "json")
    return [];
  return linesOf(pretty(a.value.text), pretty(b.value.text));
}

function pretty(json: string): string {
  return JSON.stringify(JSON.parse(json), null, 2);
}

function sideOf(history: FakeHistory, { connection, environment }: Spot, at: AtView, now: number): SideView {
  const moment = at.moment === null ? null : history.find(at.moment).moment;
  return {
    at,
    connection_name: connection.name,
    environment_name: environment.name,
    mark: environment.mark,
    when: moment === null ? "now" : (moment.name ?? whenOf(moment.at, now)),
    freshness: moment === null ? freshnessView(environment, now) : null,
    damaged: [],
  };
}

function whenOf(at: number, now: number): string {
  const date = new Date(at * 1000);
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const today = date.toDateString() === new Date(now * 1000).toDateString();
  return today
    ? `today ${time}`
    : `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${time}`;
}

function unmapped(a: Spot, b: Spot): string[] {
  const overridden = [...a.environment.flags.values()].filter(({ overrides }) => overrides.length > 0).length;
  const held = [...b.environment.flags.values()].filter(({ targeting }) => targeting !== null).length;
  const service = (spot: Spot) => (spot.connection.service === "flagsmith" ? "Flagsmith" : "EdgeFlags");
  return [
    `Segment overrides of ${Math.max(overridden, 1)} flags in ${a.environment.name} have no counterpart in ${service(b)}.`,
    `Targeting of ${Math.max(held, 1)} flags in ${b.environment.name} has no counterpart in ${service(a)}.`,
  ];
}

function whyReadOnly(history: FakeHistory, { environment }: Spot, b: AtView): string | null {
  if (b.moment !== null) {
    const { moment } = history.find(b.moment);
    return `B is ${environment.name} of the past (${moment.name ?? moment.title}), and the past cannot be changed. Set B to now.`;
  }
  if (environment.readOnly !== null) return environment.readOnly;
  return environment.protection === "read_only" ? `${environment.name} is read only here.` : null;
}

function adviceOf(a: [Spot, AtView], b: [Spot, AtView], now: number): string | null {
  const stale = [a, b].find(([{ environment }, { moment }]) => {
    const state = freshnessState(environment, now);
    return moment === null && (state === "stale" || state === "offline");
  });
  if (!stale) return null;
  return `${stale[0].environment.name} is stale. Sync it first to be sure.`;
}
