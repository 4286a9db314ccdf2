/** Flags beside environments, as the fake host knows them. */
import type { MatrixCellView, MatrixColumnView, MatrixRequest, MatrixView, ValueView } from "../bindings";
import { day } from "../../strings/time";
import { iconOf } from "./changes/subjects";
import { badgeOf } from "./edits";
import { freshnessView } from "./views";
import type { FakeConnection, FakeEnvironment, FakeFlag } from "./world";

const AUTHORS = ["Jonas Weber", "Maya Lindqvist", "Priya Nair", null];

/** The matrix of a connection. */
export function matrixView(connection: FakeConnection, request: MatrixRequest, now: number): MatrixView {
  const { environments: asked } = request;
  const shown = connection.environments.filter(({ key }) => asked.length === 0 || asked.includes(key));
  const reference =
    shown.find(({ key }) => key === request.reference) ??
    shown.find(({ protection }) => protection !== "none") ??
    shown[0];
  const keys = new Set(shown.flatMap(({ flags }) => [...flags.keys()]));
  const rows = [...keys].sort().map((flag) => {
    const cells = shown.map((environment) => cellOf(connection, environment, flag, reference, now));
    const home = shown.find(({ flags }) => flags.has(flag));
    return {
      flag,
      icon: home
        ? iconOf({ connection, environment: home }, { kind: "flag_state", flag })
        : ("text" as const),
      cells,
      differs: cells.some((cell) => cell === null || cell.differs),
    };
  });
  return {
    columns: shown.map((environment) => columnOf(environment, now)),
    reference: reference?.key ?? "",
    rows,
    differing: rows.filter(({ differs }) => differs).length,
  };
}

function columnOf(environment: FakeEnvironment, now: number): MatrixColumnView {
  return {
    environment: environment.key,
    name: environment.name,
    mark: environment.mark,
    protected: environment.protection === "confirm" || environment.protection === "type_name",
    read_only: environment.readOnly,
    freshness: freshnessView(environment, now),
    on: [...environment.flags.values()].filter(({ enabled }) => enabled).length,
  };
}

function cellOf(
  connection: FakeConnection,
  environment: FakeEnvironment,
  key: string,
  reference: FakeEnvironment | undefined,
  now: number,
): MatrixCellView | null {
  const flag = environment.flags.get(key);
  if (!flag) return null;
  const how = reference === undefined || reference === environment ? null : howOf(flag, reference, key);
  const badge = badgeOf({ connection, environment }, { kind: "flag_state", flag: key });
  return {
    enabled: flag.enabled,
    value: flag.value.kind === "none" ? { kind: "none", text: "" } : flag.value,
    weights: flag.options.length === 0 ? null : sharesOf(flag),
    overrides: flag.overrides.length,
    differs: how !== null,
    how,
    last_change: lastChangeOf(flag, environment, now),
    staged: badge === "staged",
    conflict: badge === "conflict",
    revision: `${key}@${flag.revision}`,
  };
}

function sharesOf(flag: FakeFlag): string {
  const rest = 100 - flag.options.reduce((sum, { weight }) => sum + weight, 0);
  return [rest, ...flag.options.map(({ weight }) => weight)].join(" / ");
}

function howOf(flag: FakeFlag, reference: FakeEnvironment, key: string): string | null {
  const other = reference.flags.get(key);
  if (!other) return `Only here, not in ${reference.name}.`;
  const said: string[] = [];
  if (flag.enabled !== other.enabled) {
    said.push(flag.enabled ? `On here, off in ${reference.name}.` : `Off here, on in ${reference.name}.`);
  }
  const [here, there] = [textOf(flag.value), textOf(other.value)];
  if (here !== there) said.push(`${here} here, ${there} in ${reference.name}.`);
  const [own, theirs] = [sharesOf(flag), sharesOf(other)];
  if (flag.options.length > 0 && own !== theirs) said.push(`${own} here, ${theirs} in ${reference.name}.`);
  return said.length === 0 ? null : said.join(" ");
}

function textOf(value: ValueView): string {
  if (value.kind === "none") return "No value";
  return value.text.length > 40 ? `${value.text.slice(0, 40)}…` : value.text;
}

function lastChangeOf(flag: FakeFlag, { key }: FakeEnvironment, now: number): string {
  const author = AUTHORS[(flag.seed.key.length + key.length) % AUTHORS.length] ?? null;
  const act = flag.value.kind !== "none" ? "Changed" : flag.enabled ? "Turned on" : "Turned off";
  return `${act} ${day(flag.changedAt, now)}${author === null ? "" : ` by ${author}`}.`;
}
