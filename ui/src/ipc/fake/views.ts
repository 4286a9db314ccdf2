/** What the window is given of a world. */
import type {
  ConnectionView,
  DriftView,
  EnvironmentView,
  FlagDetailView,
  FlagListView,
  FlagRowView,
  FreshnessView,
  VariantView,
} from "../bindings";
import { revisionOf } from "./changes/subjects";
import { editView, openEditOf, openEditsOf } from "./changes/views";
import { badgeOf } from "./edits";
import { overrideView, weightViews } from "./weights";
import {
  type FakeConnection,
  type FakeEnvironment,
  type FakeFlag,
  freshnessState,
  STALE_AFTER,
  type World,
} from "./world";

export function freshnessView(environment: FakeEnvironment, now: number): FreshnessView {
  return {
    state: freshnessState(environment, now),
    checked_at: environment.checkedAt,
    changed_at: environment.changedAt,
    stale_after_seconds: STALE_AFTER,
    failure: environment.failure,
    retry_at: environment.retryAt,
    refreshing: environment.refreshing,
  };
}

export function connectionView(world: World, connection: FakeConnection, now: number): ConnectionView {
  const { id, name, service, address, organisation, project, demo, key } = connection;
  return {
    id,
    name,
    service,
    address,
    organisation,
    project,
    demo,
    file: connection.file ?? null,
    key,
    environments: connection.environments.map((environment) =>
      environmentView(world, connection, environment, now),
    ),
  };
}

function environmentView(
  world: World,
  connection: FakeConnection,
  environment: FakeEnvironment,
  now: number,
): EnvironmentView {
  const open = openEditsOf(connection).filter((edit) => edit.environment === environment.key);
  return {
    key: environment.key,
    name: environment.name,
    mark: environment.mark,
    protection: environment.protection,
    versioned: environment.versioned,
    read_only: environment.readOnly,
    freshness: freshnessView(environment, now),
    flag_count: environment.flags.size,
    segment_count: connection.segments.size,
    open_edits: open.filter((edit) => !edit.conflict).length,
    conflicts: open.filter((edit) => edit.conflict).length,
    warning: null,
  };
}

/** Staging for the others, Production for Staging, unless one is asked for. */
function referenceOf(connection: FakeConnection, environment: FakeEnvironment, key: string | null) {
  const wanted = key ?? (environment.key === "staging" ? "production" : "staging");
  return (
    connection.environments.find((other) => other.key === wanted && other.key !== environment.key) ?? null
  );
}

export function flagListView(
  connection: FakeConnection,
  environment: FakeEnvironment,
  key: string | null,
  now: number,
): FlagListView {
  const reference = referenceOf(connection, environment, key);
  return {
    flags: [...environment.flags.values()]
      .map((flag) => flagRowView(connection, environment, flag, reference))
      .sort((one, other) => (one.key < other.key ? -1 : 1)),
    reference: reference?.key ?? null,
    freshness: freshnessView(environment, now),
  };
}

export function flagRowView(
  connection: FakeConnection,
  environment: FakeEnvironment,
  flag: FakeFlag,
  reference: FakeEnvironment | null,
): FlagRowView {
  const { seed } = flag;
  return {
    key: seed.key,
    enabled: flag.enabled,
    multivariate: seed.kind === "multivariate",
    value: flag.value,
    variants: variants(flag),
    segment_overrides: flag.overrides.length,
    identity_overrides: connection.service === "flagsmith" ? flag.identities.size : null,
    tags: seed.tags,
    archived: seed.archived ?? false,
    server_only: seed.serverOnly ?? false,
    drift: drift(flag, reference?.flags.get(seed.key), reference),
    changed_at: flag.changedAt,
    edit: badgeOf({ connection, environment }, { kind: "flag_state", flag: seed.key }),
    revision: `${seed.key}@${flag.revision}`,
  };
}

function variants(flag: FakeFlag): VariantView[] {
  if (flag.options.length === 0) return [];
  const rest = 100 - flag.options.reduce((sum, option) => sum + option.weight, 0);
  const view = (label: string, text: string, weight: number, control: boolean): VariantView => ({
    label,
    value: { kind: "text", text },
    weight: String(weight),
    weight_basis_points: Math.round(weight * 100),
    control,
  });
  return [
    view("control", flag.value.text, rest, true),
    ...flag.options.map((option) => view(option.label, option.label, option.weight, false)),
  ];
}

function drift(
  flag: FakeFlag,
  other: FakeFlag | undefined,
  reference: FakeEnvironment | null,
): DriftView | null {
  if (reference === null) return null;
  if (!other) return { same: false, text: "only here" };
  if (flag.enabled !== other.enabled) return { same: false, text: other.enabled ? "On" : "Off" };
  if (flag.value.text !== other.value.text) {
    return { same: false, text: other.value.kind === "json" ? "differs" : other.value.text.slice(0, 80) };
  }
  const weights = (of: FakeFlag) => of.options.map((option) => option.weight).join("/");
  const same = weights(flag) === weights(other) && flag.overrides.length === other.overrides.length;
  return { same, text: same ? "Same" : "differs" };
}

export function flagDetailView(
  connection: FakeConnection,
  environment: FakeEnvironment,
  flag: FakeFlag,
): FlagDetailView {
  const { seed } = flag;
  const flagsmith = connection.service === "flagsmith";
  const open = openEditOf({ connection, environment }, { kind: "flag_state", flag: seed.key });
  return {
    row: flagRowView(connection, environment, flag, referenceOf(connection, environment, null)),
    description: seed.description ?? null,
    owners: [seed.owner],
    created_at: flag.changedAt - 90 * 86_400,
    notes: notes(connection, flag),
    weights: weightViews(flag, flag.options),
    overrides: flag.overrides.map((override) => overrideView(connection, flag, override)),
    free_segments: [...connection.segments.values()]
      .filter(({ name }) => !flag.overrides.some(({ segment }) => segment === name))
      .map(({ id, name }) => ({ id, name })),
    definition_revision: revisionOf({ connection, environment }, { kind: "flag", flag: seed.key }),
    takes_overrides: flagsmith,
    staged: open?.staged ? editView(connection, open.edit) : null,
    targeting: targetingOf(flag),
    elsewhere: connection.environments
      .filter((other) => other.key !== environment.key)
      .map((other) => ({
        environment: other.name,
        mark: other.mark,
        enabled: other.flags.get(seed.key)?.enabled ?? null,
      })),
    version: flagsmith && !environment.versioned ? null : `version ${40 + flag.revision}`,
    fetched_at: environment.checkedAt ?? flag.changedAt,
    precondition: environment.versioned
      ? `Written only if version ${40 + flag.revision} is still the latest. Otherwise you decide.`
      : flagsmith
        ? "Read again just before it is written. A change in the same instant cannot be excluded."
        : `Written only if version ${40 + flag.revision} is still the latest. Otherwise you decide.`,
  };
}

function notes(connection: FakeConnection, flag: FakeFlag): string[] {
  const all: string[] = [];
  if (flag.seed.serverOnly) all.push("Served only to server-side keys.");
  if (connection.service === "edge_flags" && !flag.enabled) {
    all.push("The flag itself is off, so turning it on in one environment probably has no effect.");
  }
  return all;
}

function targetingOf({ targeting }: FakeFlag): string | null {
  if (targeting === null) return null;
  const parts = Object.entries(targeting).filter(([, json]) => json !== "");
  return JSON.stringify(
    Object.fromEntries(parts.map(([part, json]) => [part, JSON.parse(json) as unknown])),
    null,
    2,
  );
}
