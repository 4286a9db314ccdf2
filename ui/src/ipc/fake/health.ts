/** Health of the fake service: its readings, its doctor, its propagation checks and the demo's faults. */
import type {
  Changed,
  DemoFaultView,
  DoctorProgress,
  DoctorRequest,
  DoctorStepView,
  DoctorView,
  HealthView,
  PropagationView,
  SurfaceSettingsView,
} from "../bindings";
import { reportOf, stepsIn } from "./doctor";
import { placeOf } from "./edits";
import { failure, gone } from "./errors";
import { healthIn, type Situation, surfacesIn } from "./health-views";
import type { Scenario } from "./scenarios";
import type { World } from "./world";

/** What `FakeHealth` needs of its host. */
export interface HealthParts {
  world: World;
  situation: Situation | null;
  now: () => number;
  latency: number;
  tell: (changed: Changed) => void;
}

const byScenario: Partial<Record<Scenario, Situation>> = {
  offline: "offline",
  "rate-limited": "rate-limited",
  stale: "stale-proxy",
};

/** The faults of the demo, all off. */
const faults: DemoFaultView[] = [
  ["throttle", "Answer 429", "Requests are refused for 20 s; a countdown appears and goes on by itself."],
  ["stale", "Stale document", "The Flags API serves an old document; its age turns amber."],
  ["frozen", "Frozen Edge Proxy", "The proxy stops fetching; it goes stale after its own rule."],
  ["server", "Server faults", "Every third answer is a 503; reading goes on with pauses."],
  ["slow", "Slow answers", "Each answer takes 3 s; what waits says so."],
  ["maya", "Maya edits", "A colleague changes flags every 20 s; edits of yours may meet a conflict."],
].map(([id = "", title = "", effect = ""]) => ({ id, title, effect, on: false }));

/** The part of the fake host that Health and the settings of surfaces ask. */
export class FakeHealth {
  situation: Situation;
  readonly settings = new Map<string, SurfaceSettingsView>();
  readonly #parts: HealthParts;
  readonly #progress = new Set<(progress: DoctorProgress) => void>();
  readonly #stopped = new Set<string>();
  readonly #begun = new Map<string, PropagationView[]>();
  #faults = structuredClone(faults);
  #holdAt: { step: string; until: Promise<void> } | null = null;

  constructor(parts: HealthParts) {
    this.#parts = parts;
    this.situation = parts.situation ?? byScenario[parts.world.scenario] ?? "fine";
  }

  /** Keeps the doctor at a step until the returned function is called. */
  holdDoctorAt(step: string): () => void {
    let release = () => {};
    const until = new Promise<void>((resolve) => (release = resolve));
    this.#holdAt = { step, until };
    return () => {
      this.#holdAt = null;
      release();
    };
  }

  view(connectionId: string, environmentKey: string): HealthView {
    const { world, now } = this.#parts;
    const { connection, environment } = placeOf(world, connectionId, environmentKey);
    const view = healthIn(this.situation, connection, environment, now());
    view.propagations = [...(this.#begun.get(connectionId) ?? []), ...view.propagations];
    return structuredClone(view);
  }

  check(connection: string): void {
    if (this.situation === "unread") this.situation = "fine";
    this.#parts.tell({ tags: [{ what: "health", connection }] });
  }

  async runDoctor(request: DoctorRequest): Promise<DoctorView> {
    const { world, now, latency } = this.#parts;
    const { environment } = placeOf(world, request.connection, request.environment);
    const steps: DoctorStepView[] = [];
    const at = now();
    for (const found of stepsIn(this.situation, request.surface, environment.name)) {
      if (found.state !== "waits") {
        const running = { ...found, state: "running" as const, detail: null, cause: null };
        this.#report(request.run, { ...running, next_step: null, remedy: null, raw: null });
        if (this.#holdAt?.step === found.id) await this.#holdAt.until;
        await new Promise((resolve) => setTimeout(resolve, latency * 4));
      }
      if (this.#stopped.has(request.run)) break;
      steps.push(found);
      this.#report(request.run, found);
    }
    return {
      steps: structuredClone(steps),
      at,
      stopped: this.#stopped.has(request.run),
      report: reportOf(request.surface, steps),
    };
  }

  stopDoctor(run: string): void {
    this.#stopped.add(run);
  }

  onDoctorProgress(callback: (progress: DoctorProgress) => void): () => void {
    this.#progress.add(callback);
    return () => this.#progress.delete(callback);
  }

  checkPropagation(connectionId: string, environmentKey: string, flag: string): string {
    const { world, now } = this.#parts;
    const { connection, environment } = placeOf(world, connectionId, environmentKey);
    const surfaces = surfacesIn(this.situation, connection, environment, now());
    const known = this.#begun.get(connectionId) ?? [];
    const begun: PropagationView = {
      id: `propagation-begun-${known.length + 1}`,
      flag,
      environment: environmentKey,
      published_at: now(),
      running: true,
      lanes: surfaces
        .filter(
          ({ surface, environment: its }) =>
            surface.kind !== "mirror" && (its ?? environmentKey) === environmentKey,
        )
        .map(({ surface }) => ({ surface, state: "waiting", took_millis: null, cause: null, remedy: null })),
      sentence: "No surface serves the change yet, seen from this computer.",
      remedy: null,
    };
    this.#begun.set(connectionId, [begun, ...known]);
    this.#parts.tell({ tags: [{ what: "health", connection: connectionId }] });
    return begun.id;
  }

  stopPropagation(id: string): void {
    for (const [connection, list] of this.#begun) {
      const found = list.find((each) => each.id === id);
      if (!found) continue;
      found.running = false;
      this.#parts.tell({ tags: [{ what: "health", connection }] });
    }
  }

  settingsOf(connection: string): SurfaceSettingsView {
    const known = this.settings.get(connection) ?? {
      flags_address: null,
      edge_proxies: [
        { address: "https://flags-fra1.acme.example/", poll_seconds: 10, grace_seconds: 30, key_pairs: 4 },
      ],
      ca_bundle: null,
      status_feed: true,
      status_feed_url: null,
    };
    return structuredClone(known);
  }

  saveSettings(connection: string, settings: SurfaceSettingsView): SurfaceSettingsView {
    const kept = structuredClone(settings);
    kept.edge_proxies.forEach((proxy, at) => {
      proxy.address = normalised(proxy.address, `edge_proxies:${at}:address`);
    });
    if (kept.flags_address !== null) kept.flags_address = normalised(kept.flags_address, "flags_address");
    if (kept.status_feed_url !== null) {
      kept.status_feed_url = normalised(kept.status_feed_url, "status_feed_url");
    }
    if (kept.ca_bundle !== null && !kept.ca_bundle.includes("-----BEGIN CERTIFICATE-----")) {
      throw failure("input", "This holds no certificate.", {
        next_step: "Paste PEM text that begins with -----BEGIN CERTIFICATE-----.",
        field: "ca_bundle",
      });
    }
    this.settings.set(connection, kept);
    this.#parts.tell({ tags: [{ what: "health", connection }] });
    return structuredClone(kept);
  }

  faults(): DemoFaultView[] {
    return this.#parts.world.connections.some((each) => each.demo) ? structuredClone(this.#faults) : [];
  }

  setFault(id: string, on: boolean): DemoFaultView[] {
    if (!this.#faults.some((each) => each.id === id)) throw gone("The fault");
    this.#faults = this.#faults.map((each) => (each.id === id ? { ...each, on } : each));
    return this.faults();
  }

  #report(run: string, step: DoctorStepView): void {
    for (const callback of this.#progress) callback(structuredClone({ run, step }));
  }
}

function normalised(address: string, field: string): string {
  const parsed = URL.parse(address.includes("://") ? address : `https://${address}`);
  if (parsed === null || !parsed.hostname.includes(".")) {
    throw failure("input", `${address === "" ? "An empty address" : address} is not an address.`, {
      next_step: "Write it with its host, such as https://flags.acme.example.",
      field,
    });
  }
  return parsed.href;
}
