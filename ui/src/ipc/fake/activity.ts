/** The requests the fake service was asked. */
import type {
  ActivityRequest,
  ActivityView,
  ExchangeDetailView,
  ExchangeOutcomeView,
  ExchangeView,
} from "../bindings";
import { failure, gone } from "./errors";
import { remedy } from "./health-views";
import type { World } from "./world";

const KEPT = 5000;
const AT_START = 1240;

/** What the fake service was asked: method, path, surface, status. A row that occurs more often stands more often. */
const ROUTES: [ExchangeView["method"], string, ExchangeView["kind"], number | null][] = [
  ["GET", "/api/v1/environment-document/", "flags_api", 304],
  ["GET", "/api/v1/environment-document/", "flags_api", 200],
  ["GET", "/api/v1/projects/14/features/", "admin", 200],
  ["GET", "/api/v1/environments/Stg4kQ/featurestates/", "admin", 200],
  ["GET", "/api/v1/flags/", "edge_proxy", 200],
  ["GET", "/api/v1/projects/14/segments/", "admin", 200],
  ["PUT", "/api/v1/environments/Stg4kQ/featurestates/2291/", "admin", 200],
  ["GET", "/proxy/health/readiness", "edge_proxy", 200],
  ["GET", "/api/v2/summary.json", null, 200],
  ["GET", "/api/v1/environments/Stg4kQ/edge-identities/", "admin", 403],
  ["GET", "/api/v1/environment-document/", "flags_api", 503],
  ["GET", "/api/v1/projects/14/features/", "admin", 429],
  ["GET", "/api/v1/flags/", "edge_proxy", null],
];
const NAMES = { admin: "Admin API", flags_api: "Flags API", edge_proxy: "Edge Proxy fra-2", mirror: "" };

function outcomeOf(status: number | null): ExchangeOutcomeView {
  if (status === null) return "broken";
  if (status === 429) return "throttled";
  if (status === 304) return "unchanged";
  return status < 300 ? "done" : status < 500 ? "refused" : "server_fault";
}

/** Requests, the newest first. */
export class FakeActivity {
  rows: ExchangeView[] = [];
  #made = 0;

  constructor(
    private readonly world: World,
    private readonly now: () => number,
  ) {
    const empty = world.scenario === "first-run" || world.scenario === "empty";
    for (let at = empty ? 0 : AT_START; at > 0; at -= 1) this.#make(now() - at * 3);
  }

  /** Makes requests as of now. */
  add(requests: number): void {
    for (let at = 0; at < requests; at += 1) this.#make(this.now());
  }

  list(request: ActivityRequest): ActivityView {
    const matching = this.rows.filter((row) => matches(row, request, this.#nameOf(request.connection)));
    const from = request.before === null ? 0 : matching.findIndex(({ id }) => id === request.before) + 1;
    return { rows: matching.slice(from, from + request.most), total: matching.length, kept: KEPT };
  }

  detail(id: string): ExchangeDetailView {
    const row = this.rows.find((each) => each.id === id);
    if (!row) throw gone("The request");
    return {
      row,
      origin: row.kind === "edge_proxy" ? "https://flags-fra2.acme.example" : "https://api.flagsmith.com",
      request_id: row.status === null ? null : `req-${row.id}-8c1f`,
      server_version: row.kind === "admin" ? "2.265.0" : null,
      clock_ahead_seconds: row.status === null ? null : 0,
      error: errorOf(row),
    };
  }

  clear(connection: string | null): void {
    const name = this.#nameOf(connection);
    this.rows = this.rows.filter((row) => name !== null && row.connection !== name);
  }

  #nameOf(connection: string | null): string | null {
    return this.world.connections.find(({ id }) => id === connection)?.name ?? null;
  }

  #make(at: number): void {
    const turn = this.#made++;
    // Mostly what goes well: the odd ones come every dozen or so.
    const route = ROUTES[turn % 11 === 7 ? 9 + (turn % 4) : turn % 9];
    if (!route) return;
    const [method, path, kind, status] = route;
    const slow = status === null ? 30_000 : status === 503 ? 9400 : 40 + ((turn * 37) % 260);
    this.rows.unshift({
      id: `exchange-${turn + 1}`,
      at,
      at_millis: (turn * 211) % 1000,
      connection: turn % 5 === 4 ? "Acme Edge" : "Acme Store",
      surface: kind === null ? "Provider status" : NAMES[kind],
      kind,
      method,
      path,
      status,
      outcome: outcomeOf(status),
      took_millis: slow,
      waited_millis: turn % 6 === 0 ? 120 + (turn % 90) : 0,
      attempt: turn % 13 === 5 ? 2 : 1,
      background: method === "GET" && turn % 3 !== 0,
      bytes: status === null || status === 304 ? 0 : 480 + ((turn * 991) % 90_000),
      budget_left: kind === "admin" ? 500 - (turn % 120) : null,
    });
  }
}

function matches(row: ExchangeView, request: ActivityRequest, connection: string | null): boolean {
  if (request.connection !== null && row.connection !== connection) return false;
  if (request.outcomes.length > 0 && !request.outcomes.includes(row.outcome)) return false;
  if (request.surface !== null && row.kind !== request.surface) return false;
  const about =
    `${row.method} ${row.path} ${row.surface} ${row.status ?? ""} req-${row.id}-8c1f`.toLowerCase();
  return request.search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => about.includes(word));
}

function errorOf(row: ExchangeView): ExchangeDetailView["error"] {
  const raw = `${row.method} ${row.path}\n${row.status ?? "no answer"}`;
  switch (row.outcome) {
    case "done":
    case "unchanged":
      return null;
    case "throttled":
      return failure("rate_limited", "Flagsmith asked for a pause.", {
        cause: "The requests of this minute are used up.",
        next_step: "Halyard goes on by itself.",
        detail: raw,
      }).wire;
    case "refused":
      return failure("key", "The key may not read identities of Staging.", {
        cause: "The key’s role lacks the permission View identities.",
        next_step: "Give the key that permission in Flagsmith, or go on without identities.",
        detail: `${raw} {"detail":"You do not have permission to perform this action."}`,
      }).wire;
    case "server_fault":
      return failure("service", "Flagsmith answered 503.", {
        cause: "Its status page tells of latency in the EU since 14:21.",
        next_step: "It is tried again by itself.",
        detail: raw,
        remedy: remedy("show_requests", "Show such requests", { search: "503" }),
      }).wire;
    case "broken":
      return failure("unreachable", "The Edge Proxy did not answer within 30 s.", {
        cause: "It is down, or the way to it is.",
        next_step: "Run the doctor on it.",
        detail: raw,
        remedy: remedy("run_doctor", "Run the doctor on it"),
      }).wire;
  }
}

/** The rows as text, without anything a key or a person could be in. */
export function exported(rows: ExchangeView[], format: "csv" | "json_lines"): string {
  const plain = rows.map(({ at, method, surface, path, status, outcome, took_millis }) => ({
    time: new Date(at * 1000).toISOString(),
    surface,
    method,
    path,
    status,
    outcome,
    took_millis,
  }));
  if (format === "json_lines") return plain.map((row) => JSON.stringify(row)).join("\n");
  const head = Object.keys(plain[0] ?? {}).join(",");
  return [head, ...plain.map((row) => Object.values(row).join(","))].join("\n");
}
