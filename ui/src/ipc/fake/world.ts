/** What a fake service and its mirror hold, and how each scenario starts. */
import type {
  FileOriginView,
  FreshnessStateView,
  KeyHomeView,
  KeyStoreView,
  MarkView,
  NoticeView,
  PlaceView,
  UnsentView,
  ProtectionView,
  ServiceView,
  SubjectView,
  ThemeView,
  ValueView,
} from "../bindings";
import { acmeFlags, type FlagSeed, longFlags, manyFlags, type OverrideSeed } from "./acme-flags";
import { type FakeChangeSet, type FakeEdit, newEdit } from "./changes/edit";
import { setsOf } from "./changes/seed";
import { fieldsOf } from "./changes/subjects";
import { people, type Person } from "./people";
import type { Scenario } from "./scenarios";
import { acmeSegments, edgeSegments, type FakeSegment } from "./segments";

/** A flag in one environment. */
export interface FakeFlag {
  seed: FlagSeed;
  enabled: boolean;
  value: ValueView;
  /** Shares in percent of the options after control. */
  options: { label: string; weight: number }[];
  overrides: OverrideSeed[];
  /** What identities get for themselves. */
  identities: Map<string, { enabled: boolean; value: string }>;
  /** EdgeFlags: rules and rollout as JSON, empty where they are inherited. */
  targeting: { rules: string; rollout: string } | null;
  /** Counts its changes. */
  revision: number;
  changedAt: number;
}

/** An environment with its flags. */
export interface FakeEnvironment {
  key: string;
  name: string;
  mark: MarkView;
  protection: ProtectionView;
  versioned: boolean;
  readOnly: string | null;
  flags: Map<string, FakeFlag>;
  checkedAt: number | null;
  changedAt: number | null;
  failure: string | null;
  retryAt: number | null;
  offline: boolean;
  refreshing: boolean;
}

/** A connection with its environments. */
export interface FakeConnection {
  id: string;
  name: string;
  service: ServiceView;
  address: string;
  organisation: string | null;
  project: string;
  demo: boolean;
  /** The snapshot file that it was opened from. */
  file?: FileOriginView;
  key: KeyHomeView;
  environments: FakeEnvironment[];
  segments: Map<string, FakeSegment>;
  configs: Map<string, FakeConfig>;
  /** Change sets, the oldest first. */
  changeSets: FakeChangeSet[];
  /** Edits that were sent at once. */
  edits: FakeEdit[];
  /** What the service stores for identities. */
  people: Person[];
  /** Counts the changes of everything but flag states, by subject. */
  revisions: Map<string, number>;
}

/** A config of EdgeFlags. */
export interface FakeConfig {
  value: ValueView;
  environments: Map<string, ValueView>;
}

/** Everything the fake host knows. */
export interface World {
  scenario: Scenario;
  connections: FakeConnection[];
  keyStore: KeyStoreView;
  lastPlace: PlaceView | null;
  /** What is typed and not sent. */
  unsent: UnsentView[];
  theme: ThemeView;
  desktopNotices: boolean;
  /** Why the mirror cannot be opened. */
  locked: NoticeView | null;
}

/** Stale from this age on, in seconds. */
export const STALE_AFTER = 75;

/** The keys of the Acme Store's environments, in the service's order. */
export const ACME_ENVIRONMENTS = ["development", "staging", "production", "eu-production"] as const;

const ages: Partial<Record<Scenario, number>> = {
  ageing: 48,
  stale: 245,
  offline: 5 * 3600,
  "missing-key": 900,
};

/** The state of a scenario at a moment. */
export function buildWorld(scenario: Scenario, now: number): World {
  const world: World = {
    scenario,
    connections: [],
    keyStore: { state: "ready", sentence: "", next_step: "" },
    lastPlace: null,
    unsent: [],
    theme: "system",
    desktopNotices: true,
    locked: null,
  };
  if (scenario === "no-keychain") {
    world.keyStore = {
      state: "absent",
      sentence: "No keychain answers on this computer.",
      next_step:
        "Start a keychain such as GNOME Keyring and try again, or keep the key for this session only.",
    };
  }
  if (scenario === "locked") {
    world.locked = {
      sentence: "The local copy is encrypted, and its key is not in the keychain.",
      next_step: "Unlock the keychain and try again. Nothing is lost as long as the key is found.",
    };
  }
  if (scenario === "first-run" || scenario === "wrong-key") return world;

  const acme = acmeStore(seedsOf(scenario), now);
  world.connections = [acme, acmeEdge(now)];
  world.lastPlace = { connection: acme.id, environment: "production" };
  applyScenario(world, acme, now);
  return world;
}

function seedsOf(scenario: Scenario): FlagSeed[] {
  if (scenario === "empty") return [];
  if (scenario === "many") return manyFlags(10_000);
  if (scenario === "long-text") return longFlags();
  return acmeFlags();
}

function applyScenario(world: World, acme: FakeConnection, now: number): void {
  const age = ages[world.scenario];
  for (const connection of world.connections) {
    if (world.scenario === "no-keychain") connection.key = "session";
    for (const environment of connection.environments) {
      if (age !== undefined) environment.checkedAt = now - age;
      if (world.scenario === "stale") environment.failure = "Flagsmith answered 502 to the last refresh.";
      if (world.scenario === "offline") {
        environment.offline = true;
        environment.failure = `Nothing answers at ${connection.address}.`;
        environment.retryAt = now + 30;
      }
    }
  }
  const production = acme.environments[2];
  if (!production) return;
  if (world.scenario === "missing-key") acme.key = "missing";
  if (world.scenario === "rate-limited") {
    production.retryAt = now + 18;
    production.failure = "Flagsmith asks for a pause: the requests of this minute are used up.";
  }
  if (world.scenario === "conflict") openConflict(acme, now);
  if (world.scenario === "unknown-outcome") openUnknown(acme, now);
  if (world.scenario === "staged" || world.scenario === "changes") acme.changeSets = setsOf(world, acme, now);
}

/** The conflict that already waits when the scenario starts. */
function openConflict(acme: FakeConnection, now: number): void {
  const eu = acme.environments[3];
  const flag = eu?.flags.get("free_shipping_threshold");
  if (!eu || !flag) return;
  const subject: SubjectView = { kind: "flag_state", flag: flag.seed.key };
  const base = fieldsOf({ connection: acme, environment: eu }, subject);
  flag.value = { kind: "number", text: "59" };
  acme.edits.push({
    ...newEdit("edit-waiting", eu.key, subject, base, now - 360),
    changes: [{ field: "value", to: { kind: "value", value: { kind: "number", text: "45" } } }],
    status: { status: "conflict", contested: 1, already_sent: false },
    sentence: "free_shipping_threshold to 45 in EU Production met a newer change and was not sent.",
  });
}

/** The edit of unknown outcome that is open when the scenario starts. */
function openUnknown(acme: FakeConnection, now: number): void {
  const production = acme.environments[2];
  if (!production) return;
  const subject: SubjectView = { kind: "flag_state", flag: "guest_checkout" };
  const base = fieldsOf({ connection: acme, environment: production }, subject);
  const sentence = "guest_checkout off in Production was sent, and the connection was cut before the answer.";
  acme.edits.push({
    ...newEdit("edit-unknown", production.key, subject, base, now - 60),
    changes: [{ field: "enabled", to: { kind: "toggle", on: false } }],
    status: { status: "unknown", sentence },
    sentence,
  });
}

/** A connection to the Acme Store on Flagsmith. */
export function acmeStore(given: FlagSeed[], now: number): FakeConnection {
  // Definitions are edited, and the sample data is everybody's.
  const seeds = structuredClone(given);
  const names = ["Development", "Staging", "Production", "EU Production"];
  const marks: MarkView[] = ["development", "staging", "production", "second_production"];
  const seconds = [8, 20, 12, 15];
  return {
    id: "acme",
    name: "Acme Store",
    service: "flagsmith",
    address: "https://api.flagsmith.com/api/v1/",
    organisation: "Acme Retail",
    project: "Acme Store",
    demo: false,
    key: "keychain",
    environments: ACME_ENVIRONMENTS.map((key, at) => ({
      key,
      name: names[at] ?? key,
      mark: marks[at] ?? "development",
      protection: at < 2 ? "none" : at === 2 ? "confirm" : "type_name",
      versioned: at >= 2,
      readOnly: null,
      flags: new Map(seeds.map((seed) => [seed.key, flagOf(seed, at, now)])),
      ...fetched(now, seconds[at] ?? 10),
    })),
    segments: acmeSegments(),
    configs: new Map(),
    ...nothingChanged(),
  };
}

/** A connection to the same shop on EdgeFlags. */
export function acmeEdge(now: number): FakeConnection {
  const seeds = structuredClone(acmeFlags().slice(0, 23));
  const environment = (key: string, name: string, mark: MarkView, at: number): FakeEnvironment => ({
    key,
    name,
    mark,
    protection: at === 2 ? "confirm" : "none",
    versioned: false,
    readOnly: at === 0 ? "This token may read development and not write it." : null,
    flags: new Map(seeds.map((seed) => [seed.key, { ...flagOf(seed, at, now), targeting: rollout() }])),
    ...fetched(now, 10),
  });
  return {
    id: "acme-edge",
    name: "Acme Edge",
    service: "edge_flags",
    address: "https://edgeflags.net",
    organisation: null,
    project: "Acme Edge",
    demo: false,
    key: "keychain",
    environments: [
      environment("development", "Development", "development", 0),
      environment("staging", "Staging", "staging", 1),
      environment("production", "Production", "production", 2),
    ],
    segments: edgeSegments(),
    configs: acmeConfigs(),
    ...nothingChanged(),
  };
}

function nothingChanged(): Pick<FakeConnection, "changeSets" | "edits" | "people" | "revisions"> {
  return { changeSets: [], edits: [], people: structuredClone(people), revisions: new Map() };
}

function rollout(): NonNullable<FakeFlag["targeting"]> {
  return { rules: "[]", rollout: JSON.stringify({ percentage: 50, attribute: "user_id" }) };
}

function acmeConfigs(): Map<string, FakeConfig> {
  const json = (value: unknown): ValueView => ({ kind: "json", text: JSON.stringify(value) });
  const config = (value: ValueView, own: Record<string, ValueView> = {}): FakeConfig => ({
    value,
    environments: new Map(Object.entries(own)),
  });
  return new Map([
    [
      "checkout_limits",
      config(json({ items: 40, value: 2500 }), { production: json({ items: 60, value: 5000 }) }),
    ],
    ["support_hours", config({ kind: "text", text: "Mo-Fr 9-17" })],
    ["image_hosts", config(json(["img-1", "img-2"]), { development: json(["img-dev"]) })],
    [
      "search_timeout_ms",
      config({ kind: "number", text: "800" }, { staging: { kind: "number", text: "1500" } }),
    ],
    ["welcome_text", config({ kind: "text", text: "Welcome to the Acme Store." })],
  ]);
}

function fetched(now: number, age: number) {
  return {
    checkedAt: now - age,
    changedAt: now - age - 100,
    failure: null,
    retryAt: null,
    offline: false,
    refreshing: false,
  };
}

function flagOf(seed: FlagSeed, at: number, now: number): FakeFlag {
  const kind = seed.kind === "multivariate" ? "text" : seed.kind;
  return {
    seed,
    enabled: seed.on[at] ?? false,
    value: { kind, text: seed.values?.[at] ?? "" },
    options: (seed.options ?? []).map((option) => ({ label: option.label, weight: option.weights[at] ?? 0 })),
    // Each environment has its own: one is edited without the others.
    overrides: structuredClone(seed.overrides ?? []),
    identities: identitiesOf(seed),
    targeting: null,
    revision: 1,
    changedAt: now - seed.age,
  };
}

function identitiesOf(seed: FlagSeed): FakeFlag["identities"] {
  const further = Array.from({ length: seed.furtherIdentities ?? 0 }, (_, at) => {
    const own = { enabled: (seed.on[2] ?? true) === false || at % 3 !== 2, value: seed.values?.[0] ?? "" };
    return [`u_${31_000 + seed.key.length * 137 + at * 7}`, own] as const;
  });
  return new Map([...Object.entries(structuredClone(seed.identities ?? {})), ...further]);
}

/** How an environment stands at a moment. */
export function freshnessState(environment: FakeEnvironment, now: number): FreshnessStateView {
  if (environment.checkedAt === null) return "never";
  if (environment.offline) return "offline";
  const age = now - environment.checkedAt;
  if (age >= STALE_AFTER) return "stale";
  return age >= STALE_AFTER / 2 ? "ageing" : "fresh";
}
