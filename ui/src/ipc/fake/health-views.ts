/** What Health shows of a connection, in each of the situations the fake host can be in. */
import type {
  FreshnessStateView,
  HealthView,
  IncidentView,
  LimitView,
  PropagationView,
  RemedyView,
  ServerView,
  StatusFeedView,
  SurfaceFreshnessView,
  SurfaceNameView,
  WarningView,
} from "../bindings";
import type { FakeConnection, FakeEnvironment } from "./world";

/** The named situations of Health. */
export const situations = [
  "fine",
  "stale-proxy",
  "incident",
  "rate-limited",
  "queue-growing",
  "limits",
  "propagating",
  "unread",
  "offline",
] as const;

/** One of the named situations. */
export type Situation = (typeof situations)[number];

/** What a remedy is, with only what differs from the plainest one. */
export function remedy(
  action: RemedyView["action"],
  label: string,
  more: Partial<RemedyView> = {},
): RemedyView {
  return { action, label, surface: null, search: null, link: null, text: null, ...more };
}

const surface = (kind: SurfaceNameView["kind"], address: string, name: string): SurfaceNameView => ({
  kind,
  address,
  name,
});

export const mirror = surface("mirror", "", "Mirror on this computer");
export const admin = surface("admin", "https://api.flagsmith.com/api/v1/", "Admin API");
export const flagsApi = surface("flags_api", "https://edge.api.flagsmith.com/api/v1/", "Flags API");
export const fra1 = surface("edge_proxy", "https://flags-fra1.acme.example/", "Edge Proxy fra-1");
export const fra2 = surface("edge_proxy", "https://flags-fra2.acme.example/", "Edge Proxy fra-2");
export const sin1 = surface("edge_proxy", "https://flags-sin1.acme.example/", "Edge Proxy sin-1");
const management = surface("admin", "https://edgeflags.net/", "Admin API");
const evaluation = surface("flags_api", "https://edgeflags.net/", "Flags API");

const PROXY_RULE = "Stale after poll 10 s + 30 s × 4 key pairs = 2 min 10 s";
const OWN_RULE = "Stale after 1 min 15 s without a refresh";
const COPY_CONFIG =
  '{\n  "environment_key_pairs": [\n    { "server_side_key": "…", "client_side_key": "…" }\n  ]\n}';

function freshness(
  of: SurfaceNameView,
  environment: FakeEnvironment | null,
  now: number,
  age: number | null,
  more: Partial<SurfaceFreshnessView> = {},
): SurfaceFreshnessView {
  const limit = of.kind === "edge_proxy" ? 130 : 75;
  const state: FreshnessStateView =
    age === null ? "never" : age >= limit ? "stale" : age >= limit / 2 ? "ageing" : "fresh";
  return {
    surface: of,
    environment: environment?.key ?? null,
    environment_name: environment?.name ?? null,
    as_of: age === null ? null : now - age,
    checked_at: age === null ? null : now - Math.min(age, 8),
    stale_after_seconds: limit,
    state,
    rule: of.kind === "edge_proxy" ? PROXY_RULE : OWN_RULE,
    sentence: null,
    cause: null,
    next_step: null,
    remedy: null,
    ...more,
  };
}

const badPair = (minutes: string): Partial<SurfaceFreshnessView> => ({
  sentence: `The document of Staging is ${minutes} old.`,
  cause:
    "The proxy answers, but its last four fetches got 401. One bad pair ages every environment of the proxy.",
  next_step: "Put the new key into environment_key_pairs and restart the proxy.",
  remedy: remedy("run_doctor", "Run the doctor on it", { surface: fra2 }),
});

/** The surfaces of a connection, the mirror first. */
export function surfacesIn(
  situation: Situation,
  connection: FakeConnection,
  environment: FakeEnvironment,
  now: number,
): SurfaceFreshnessView[] {
  if (connection.service === "edge_flags") {
    return [
      freshness(mirror, null, now, 10),
      freshness(management, null, now, 10),
      freshness(evaluation, environment, now, 14, {
        rule: "EdgeFlags caches an answer for 30 s; stale after 1 min 15 s",
      }),
    ];
  }
  const staging = connection.environments[1] ?? environment;
  const production = connection.environments[2] ?? environment;
  if (situation === "unread") {
    return [mirror, admin, flagsApi].map((each) => freshness(each, null, now, null));
  }
  if (situation === "offline") {
    return [
      freshness(mirror, null, now, 5 * 3600, { state: "stale" }),
      ...[admin, flagsApi, fra1, fra2].map((each) =>
        freshness(each, null, now, 5 * 3600, {
          state: "offline",
          sentence: `Nothing answers at ${new URL(each.address).host}.`,
          cause: "This computer has no connection to the network.",
          next_step: "Connect to the network. Halyard goes on by itself.",
        }),
      ),
    ];
  }
  const stale = situation === "stale-proxy";
  return [
    freshness(mirror, null, now, 12),
    freshness(admin, null, now, 12),
    freshness(flagsApi, environment, now, 14),
    freshness(fra1, null, now, stale ? 66 : 18),
    freshness(fra2, production, now, 21),
    freshness(fra2, staging, now, stale ? 242 : 21, stale ? badPair("4 min 02 s") : {}),
  ];
}

/** What is wrong, the gravest first. */
export function warningsIn(situation: Situation, now: number): WarningView[] {
  const plain = { cause: null, next_step: null, remedy: null, since: null };
  switch (situation) {
    case "stale-proxy":
      return [
        {
          ...plain,
          id: "surface:fra-2:staging",
          gravity: "warning",
          sentence: "Edge Proxy fra-2 serves an old document of Staging.",
          cause: "Its last four fetches got 401. Its server-side key for Staging was rotated at 14:31.",
          next_step: "Put the new key into environment_key_pairs and restart the proxy.",
          remedy: remedy("run_doctor", "Run the doctor on it", { surface: fra2 }),
          since: now - 112,
        },
      ];
    case "rate-limited":
      return [
        {
          ...plain,
          id: "budget:admin",
          gravity: "warning",
          sentence: "Flagsmith answered 429: the requests of this minute are used up.",
          cause: "Other programs share this key’s budget of 500 a minute.",
          next_step: "Halyard goes on by itself in 18 s. Nothing is lost.",
          remedy: remedy("show_requests", "Show the requests", { search: "429" }),
          since: now - 8,
        },
      ];
    case "queue-growing":
      return [
        {
          ...plain,
          id: "server:queue",
          gravity: "warning",
          sentence: "The server’s task queue grows: 1,204 waiting, 340 more than a minute ago.",
          cause: "The task processor is stopped, or too slow.",
          next_step:
            "Look at the processor’s log and start it again. Changes reach the edge late until then.",
          since: now - 300,
        },
      ];
    case "offline":
      return [
        {
          ...plain,
          id: "offline",
          gravity: "danger",
          sentence: "Nothing of Acme Store can be reached.",
          cause: "This computer has no connection to the network.",
          next_step: "Connect to the network. Halyard goes on by itself.",
          remedy: remedy("try_again", "Try again"),
          since: now - 5 * 3600,
        },
      ];
    default:
      return [];
  }
}

const edgeLatency: IncidentView = {
  id: "edge-latency",
  title: "Edge API latency in the EU",
  gravity: "warning",
  sentence:
    "Flagsmith, investigating since 14:21, last update 14:30. Matches 6 slow answers and 2 timeouts seen here. Admin API is not affected.",
  matching: 8,
  remedy: remedy("show_requests", "Show the 8 requests", { search: "edge.api.flagsmith.com" }),
  link: "https://status.flagsmith.com/incidents/edge-latency",
};

/** The provider's status feed. */
export function feedIn(situation: Situation, connection: FakeConnection, now: number): StatusFeedView {
  if (connection.service === "edge_flags") {
    return { enabled: false, url: null, checked_at: null, failure: null, incidents: [] };
  }
  return {
    enabled: true,
    url: "https://status.flagsmith.com/api/v2/summary.json",
    checked_at: situation === "unread" ? null : now - (situation === "offline" ? 5 * 3600 : 96),
    failure: situation === "offline" ? "Nothing answers at status.flagsmith.com." : null,
    incidents: situation === "incident" ? [edgeLatency] : [],
  };
}

/** Limits and use. */
export function limitsIn(situation: Situation, connection: FakeConnection): LimitView[] {
  const limit = (id: string, name: string, used: number | null, of: number | null): LimitView => ({
    id,
    name,
    used,
    limit: of,
    unit: "count",
    source: "Documented default",
    gravity: null,
    trend: null,
    note: null,
  });
  if (connection.service === "edge_flags") {
    return [
      {
        ...limit("management", "Management requests", 12, 1000),
        unit: "per_minute",
        source: "Read from the API",
      },
      {
        ...limit("evaluation", "Evaluation requests", 31, 10_000),
        unit: "per_minute",
        source: "Read from the API",
      },
      { ...limit("value_size", "Largest value", 1820, 65_536), unit: "bytes" },
    ];
  }
  const unread = situation === "unread";
  const limited = situation === "rate-limited";
  const near = situation === "limits" || situation === "stale-proxy";
  return [
    {
      ...limit("admin_requests", "Admin requests", limited ? 500 : 88, 500),
      unit: "per_minute",
      source: "Counted here against the documented limit",
      gravity: limited ? "danger" : null,
    },
    {
      ...limit("segment_overrides", "Segment overrides", unread ? null : near ? 87 : 41, 100),
      source: "Read from the API",
      gravity: near ? "warning" : null,
      trend: near ? "12 more than a week ago." : null,
      note: near ? "Most are on new_checkout (31) and homepage_hero (22)." : null,
    },
    {
      ...limit("document", "Environment document", unread ? null : 312 * 1024, 400 * 1024),
      unit: "bytes",
    },
    limit("flags", "Flags", unread ? null : 128, 400),
    limit("segments", "Segments", unread ? null : 31, 100),
    {
      ...limit("api_calls", "API calls this month", null, null),
      unit: "per_month",
      source: "Not told by the API to this key",
    },
  ];
}

/** The server, where it is self-hosted. */
export function serverIn(situation: Situation, connection: FakeConnection, now: number): ServerView | null {
  if (connection.service === "edge_flags") return null;
  const plain: ServerView = {
    host: "flags.acme.example",
    healthy: true,
    health: "Passing",
    version: "2.204.0",
    version_changed_at: null,
    queue: 37,
    queue_trend: "draining",
    queue_note: null,
    checked_at: now - 22,
  };
  switch (situation) {
    case "stale-proxy":
      return plain;
    case "queue-growing":
      return { ...plain, queue: 1204, queue_trend: "growing", version_changed_at: now - 900 };
    case "limits":
      return {
        ...plain,
        queue: null,
        queue_trend: null,
        queue_note: "The queue is told to a staff user’s token only.",
      };
    default:
      return null;
  }
}

/** Checks of propagation, the newest first. */
export function propagationsIn(
  situation: Situation,
  connection: FakeConnection,
  environment: FakeEnvironment,
  now: number,
): PropagationView[] {
  if (connection.service === "edge_flags" || situation === "unread" || situation === "fine") return [];
  const running = situation === "propagating";
  const at = running ? now - 31 : now - 600;
  const served = (of: SurfaceNameView, took: number) => ({
    surface: of,
    state: "served" as const,
    took_millis: took,
    cause: null,
    remedy: null,
  });
  const toDoctor = remedy("run_doctor", "Run the doctor on it", { surface: sin1 });
  return [
    {
      id: "propagation-2",
      flag: "free_shipping_threshold",
      environment: environment.key,
      published_at: at,
      running,
      lanes: [
        served(admin, 400),
        served(flagsApi, 4100),
        served(fra1, 9600),
        running
          ? { surface: fra2, state: "waiting", took_millis: null, cause: null, remedy: null }
          : served(fra2, 12_300),
        {
          surface: sin1,
          state: running ? "late" : "unreachable",
          took_millis: null,
          cause: "Edge Proxy sin-1 does not answer since 14:02.",
          remedy: toDoctor,
        },
      ],
      sentence: running
        ? "3 of 5 surfaces serve the change, seen from this computer. Edge Proxy sin-1 does not answer since 14:02."
        : "4 of 5 surfaces serve the change, seen from this computer. Edge Proxy sin-1 does not answer since 14:02.",
      remedy: toDoctor,
    },
    {
      id: "propagation-1",
      flag: "homepage_hero",
      environment: environment.key,
      published_at: now - 5400,
      running: false,
      lanes: [served(admin, 310), served(flagsApi, 2800), served(fra1, 8200), served(fra2, 6900)],
      sentence: "All 4 surfaces serve the change, seen from this computer.",
      remedy: null,
    },
  ];
}

/** Everything that Health shows in a situation. */
export function healthIn(
  situation: Situation,
  connection: FakeConnection,
  environment: FakeEnvironment,
  now: number,
): HealthView {
  const surfaces = surfacesIn(situation, connection, environment, now);
  return {
    warnings: warningsIn(situation, now),
    status_feed: feedIn(situation, connection, now),
    surfaces,
    limits: limitsIn(situation, connection),
    server: serverIn(situation, connection, now),
    doctor: surfaces
      .filter((each) => each.surface.kind !== "mirror")
      .map((each) => ({
        surface: each.surface,
        environment: each.environment ?? environment.key,
        name: `${each.surface.name}, ${each.environment_name ?? environment.name}`,
      })),
    propagations: propagationsIn(situation, connection, environment, now),
  };
}

export { COPY_CONFIG };
