/** A host without a shell: the Acme Store in memory, for screens in a plain browser and for tests. */
import type {
  ActivityFormatView,
  ActivityRequest,
  BatchProgress,
  BatchRequest,
  Changed,
  CompareRequest,
  ConnectionView,
  ConnectRequest,
  DoctorProgress,
  DoctorRequest,
  DraftView,
  EditRequest,
  EnvironmentChoiceView,
  ImpactRequest,
  OutcomeView,
  PersonaView,
  PreviewRequest,
  RefreshProgress,
  SaveConnectionRequest,
  StatusView,
  SurfaceSettingsView,
} from "../bindings";
import type { Host, HostError } from "../host";
import { exported, FakeActivity } from "./activity";
import { acmeFlags } from "./acme-flags";
import { FakeBatches } from "./batch";
import { FakeCohorts, suggestedRanges } from "./cohorts";
import { comparisonOf, surfacesOf } from "./compare";
import { Drafts } from "./drafts";
import { FakeEdits, flagIn, placeOf } from "./edits";
import { gone, keychainAbsent, keyMissing, rateLimited, unreachable } from "./errors";
import { evaluate } from "./evaluate";
import { findingsOf } from "./findings";
import { FakeHealth } from "./health";
import type { Situation } from "./health-views";
import { impactOf } from "./impact";
import { people } from "./people";
import { FakePersonas } from "./personas";
import type { Scenario } from "./scenarios";
import { FakeQueue, statusOf } from "./status";
import { traceOf } from "./trace";
import { connectionView, flagDetailView, flagListView } from "./views";
import { acmeEdge, acmeStore, buildWorld, type FakeConnection, type World } from "./world";

/** How a fake host begins. */
export interface FakeOptions {
  scenario?: Scenario;
  /** What Health is to show; what suits the scenario where none is given. */
  health?: Situation;
  /** How long an answer takes, in milliseconds. */
  latency?: number;
  /** Seconds since the Unix epoch. */
  now?: () => number;
}

/** One call, for tests to look at. */
export interface Call {
  command: keyof Host;
  arguments: unknown[];
}

type Asked = Exclude<keyof Host, "onChanged" | "onProgress" | "onBatchProgress" | "onDoctorProgress">;

const REFRESH_PARTS = 31;

/** The host; `edits`, `healthOf`, `world` and the methods after them are for tests. */
export class FakeHost implements Host {
  readonly world: World;
  readonly edits: FakeEdits;
  readonly healthOf: FakeHealth;
  readonly queue: FakeQueue;
  readonly requests: FakeActivity;
  readonly calls: Call[] = [];
  readonly #latency: number;
  readonly #now: () => number;
  readonly #failures = new Map<Asked, HostError[]>();
  readonly #drafts: Drafts;
  readonly #personas = new FakePersonas();
  readonly #cohorts = new FakeCohorts();
  readonly #batches = new FakeBatches();
  readonly #changed = new Set<(changed: Changed) => void>();
  readonly #progress = new Set<(progress: RefreshProgress) => void>();
  readonly #batchProgress = new Set<(progress: BatchProgress) => void>();
  #held: Promise<void> | null = null;

  constructor({
    scenario = "fresh",
    health,
    latency = 0,
    now = () => Math.floor(Date.now() / 1000),
  }: FakeOptions = {}) {
    this.#latency = latency;
    this.#now = now;
    this.world = buildWorld(scenario, now());
    this.edits = new FakeEdits(this.world, now);
    this.#drafts = new Drafts(now);
    this.healthOf = new FakeHealth({
      world: this.world,
      situation: health ?? null,
      now,
      latency,
      tell: (changed) => this.#tell(changed),
    });
    this.requests = new FakeActivity(this.world, now);
    this.queue = new FakeQueue(now(), this.healthOf.situation);
  }

  /** Makes the next call of a command fail. */
  failNext(command: Asked, error: HostError): void {
    this.#failures.set(command, [...(this.#failures.get(command) ?? []), error]);
  }

  /** Holds all answers back until the returned function is called. */
  hold(): () => void {
    let release = () => {};
    this.#held = new Promise((resolve) => {
      release = () => {
        this.#held = null;
        resolve();
      };
    });
    return release;
  }

  /** Tells the window that everything is out of date. */
  changeAll(): void {
    this.#tell({ tags: [{ what: "app" }, ...this.world.connections.flatMap((each) => this.#tagsOf(each))] });
  }

  /** Makes requests, and tells the window. */
  ask(requests: number): void {
    this.requests.add(requests);
    this.#tell({ tags: [{ what: "activity" }] });
  }

  async app() {
    await this.#begin("app");
    return structuredClone({
      version: "0.1.0",
      connections: this.world.connections.map((each) =>
        this.#warned(connectionView(this.world, each, this.#now())),
      ),
      key_store: this.world.keyStore,
      notices: [],
      last_place: this.world.lastPlace,
      theme: this.world.theme,
    });
  }

  async startDemo() {
    await this.#begin("startDemo");
    const made = [acmeStore(acmeFlags(), this.#now()), acmeEdge(this.#now())];
    for (const connection of made) {
      connection.id = `demo-${connection.id}`;
      connection.demo = true;
      connection.key = "session";
      connection.address = "http://127.0.0.1:40001/api/v1/";
    }
    this.#add(made);
    return made.map((each) => connectionView(this.world, each, this.#now()));
  }

  async connect(request: ConnectRequest): Promise<DraftView> {
    await this.#begin("connect", { ...request, key: "…" });
    return this.#drafts.check(request, this.world.scenario === "wrong-key");
  }

  async draftEnvironments(draft: string, project: string): Promise<EnvironmentChoiceView[]> {
    await this.#begin("draftEnvironments", draft, project);
    return this.#drafts.connection(draft).environments.map(({ key, name, mark, protection, versioned }) => ({
      key,
      name,
      mark,
      protection,
      versioned,
    }));
  }

  async saveConnection(request: SaveConnectionRequest) {
    await this.#begin("saveConnection", request);
    const made = this.#drafts.connection(request.draft);
    this.#keep(request.keep_key);
    made.id = `connection-${this.world.connections.length + 1}`;
    made.key = request.keep_key;
    made.environments = made.environments.filter((each) => request.environments.includes(each.key));
    this.#drafts.discard(request.draft);
    this.#add([made]);
    return connectionView(this.world, made, this.#now());
  }

  async saveKey(draft: string, keepKey: SaveConnectionRequest["keep_key"]) {
    await this.#begin("saveKey", draft, keepKey);
    const connection = this.#connection(this.#drafts.again(draft) ?? "");
    this.#keep(keepKey);
    connection.key = keepKey;
    this.#drafts.discard(draft);
    this.#tell({ tags: [{ what: "app" }, ...this.#tagsOf(connection)] });
    return connectionView(this.world, connection, this.#now());
  }

  async discardDraft(draft: string) {
    await this.#begin("discardDraft", draft);
    this.#drafts.discard(draft);
    return null;
  }

  async forgetConnection(connection: string) {
    await this.#begin("forgetConnection", connection);
    this.world.connections = this.world.connections.filter((each) => each.id !== connection);
    this.#tell({ tags: [{ what: "app" }] });
    return null;
  }

  async retryKeyStore() {
    await this.#begin("retryKeyStore");
    return this.world.keyStore;
  }

  async setTheme(theme: World["theme"]) {
    await this.#begin("setTheme", theme);
    this.world.theme = theme;
    return null;
  }

  async rememberPlace(place: NonNullable<World["lastPlace"]>) {
    await this.#begin("rememberPlace", place);
    this.world.lastPlace = place;
    return null;
  }

  async setProtection(connection: string, environment: string, protection: "none" | "confirm" | "type_name") {
    await this.#begin("setProtection", connection, environment, protection);
    placeOf(this.world, connection, environment).environment.protection = protection;
    this.#tell({ tags: [{ what: "app" }] });
    return null;
  }

  async refresh(connection: string, environment: string) {
    await this.#begin("refresh", connection, environment);
    const place = placeOf(this.world, connection, environment);
    if (place.connection.key === "missing") throw keyMissing();
    if (this.world.scenario === "rate-limited") throw rateLimited(this.#now() + 18);
    void this.#read(connection, environment);
    return null;
  }

  async status(connection: string): Promise<StatusView> {
    await this.#begin("status", connection);
    const asked = this.#connection(connection);
    const view = this.healthOf.view(connection, asked.environments[0]?.key ?? "");
    return statusOf(asked, this.healthOf.situation, view, this.queue, this.#now());
  }

  async flags(connection: string, environment: string, reference: string | null) {
    await this.#begin("flags", connection, environment, reference);
    const place = placeOf(this.world, connection, environment);
    return structuredClone(flagListView(place.connection, place.environment, reference, this.#now()));
  }

  async flagDetail(connection: string, environment: string, flag: string) {
    await this.#begin("flagDetail", connection, environment, flag);
    const place = placeOf(this.world, connection, environment);
    return structuredClone(
      flagDetailView(place.connection, place.environment, flagIn(place.environment, flag)),
    );
  }

  async editFlag(request: EditRequest) {
    await this.#begin("editFlag", request);
    return this.#after(request.connection, request.environment, () => this.edits.edit(request));
  }

  async undoEdit(edit: string) {
    await this.#begin("undoEdit", edit);
    return this.#afterAny(() => this.edits.undo(edit));
  }

  async resolveConflict(edit: string, resolution: "keep_theirs" | "send_mine", confirmed: string | null) {
    await this.#begin("resolveConflict", edit, resolution, confirmed);
    return this.#afterAny(() => this.edits.resolve(edit, resolution, confirmed));
  }

  async settleEdit(edit: string) {
    await this.#begin("settleEdit", edit);
    return this.#afterAny(() => this.edits.settle(edit));
  }

  async openEdits(connection: string) {
    await this.#begin("openEdits", connection);
    return structuredClone(
      this.world.openEdits
        .filter((each) => each.connection === connection)
        .map(({ edit, environment, environment_name, flag, sentence, conflict }) => ({
          edit,
          environment,
          environment_name,
          flag,
          sentence,
          conflict,
        })),
    );
  }

  async preview(request: PreviewRequest) {
    await this.#begin("preview", request);
    const { connection, environment } = placeOf(this.world, request.connection, request.environment);
    return structuredClone(evaluate(connection, environment, request, this.#now()));
  }

  async trace(request: PreviewRequest, flag: string) {
    await this.#begin("trace", request, flag);
    const { connection, environment } = placeOf(this.world, request.connection, request.environment);
    return structuredClone(traceOf(connection, environment, flagIn(environment, flag), request));
  }

  async surfaces(connection: string) {
    await this.#begin("surfaces", connection);
    return surfacesOf(this.#connection(connection));
  }

  async compare(request: CompareRequest) {
    await this.#begin("compare", request);
    const asked = request.preview;
    const { connection, environment } = placeOf(this.world, asked.connection, asked.environment);
    if (environment.offline) throw unreachable(connection.address);
    return structuredClone(comparisonOf(connection, environment, asked, request.surface, this.#now()));
  }

  async personas(connection: string) {
    await this.#begin("personas", connection);
    return structuredClone(this.#personas.of(this.#connection(connection)));
  }

  async savePersona(connection: string, persona: PersonaView) {
    await this.#begin("savePersona", connection, persona);
    return structuredClone(this.#personas.save(this.#connection(connection), persona));
  }

  async deletePersona(connection: string, id: string) {
    await this.#begin("deletePersona", connection, id);
    this.#personas.delete(this.#connection(connection), id);
    return null;
  }

  async findings(connection: string, environment: string) {
    await this.#begin("findings", connection, environment);
    return findingsOf(placeOf(this.world, connection, environment).connection);
  }

  async impact(request: ImpactRequest) {
    await this.#begin("impact", request);
    const { environment } = placeOf(this.world, request.connection, request.environment);
    return structuredClone(impactOf(environment, request));
  }

  async openCohort(name: string) {
    await this.#begin("openCohort", name);
    return this.#cohorts.open(name);
  }

  async writeCohort(id: string, base64: string) {
    await this.#begin("writeCohort", id, base64.length);
    this.#cohorts.write(id, base64);
    return null;
  }

  async closeCohort(id: string) {
    await this.#begin("closeCohort", id);
    return structuredClone(this.#cohorts.close(id));
  }

  async dropCohort(id: string) {
    await this.#begin("dropCohort", id);
    this.#cohorts.drop(id);
    return null;
  }

  async suggestedRanges(connection: string, environment: string) {
    await this.#begin("suggestedRanges", connection, environment);
    return suggestedRanges(placeOf(this.world, connection, environment).environment);
  }

  async runBatch(request: BatchRequest) {
    await this.#begin("runBatch", request);
    const view = await this.#batches.run(request, {
      environment: placeOf(this.world, request.connection, request.environment).environment,
      cohorts: this.#cohorts,
      latency: this.#latency,
      tell: (progress) => this.#batchProgress.forEach((callback) => callback(progress)),
    });
    return structuredClone(view);
  }

  async cancelBatch(job: string) {
    await this.#begin("cancelBatch", job);
    this.#batches.cancel(job);
    return null;
  }

  async health(connection: string, environment: string) {
    await this.#begin("health", connection, environment);
    return this.healthOf.view(connection, environment);
  }

  async checkHealth(connection: string, environment: string) {
    await this.#begin("checkHealth", connection, environment);
    this.healthOf.check(connection);
    return null;
  }

  async runDoctor(request: DoctorRequest) {
    await this.#begin("runDoctor", request);
    return this.healthOf.runDoctor(request);
  }

  async stopDoctor(run: string) {
    await this.#begin("stopDoctor", run);
    this.healthOf.stopDoctor(run);
    return null;
  }

  async checkPropagation(connection: string, environment: string, flag: string) {
    await this.#begin("checkPropagation", connection, environment, flag);
    return this.healthOf.checkPropagation(connection, environment, flag);
  }

  async stopPropagation(id: string) {
    await this.#begin("stopPropagation", id);
    this.healthOf.stopPropagation(id);
    return null;
  }

  async giveUpWaiting(connection: string) {
    await this.#begin("giveUpWaiting", connection);
    const given = this.queue.giveUp();
    this.#tell({ tags: [{ what: "status", connection }] });
    return given;
  }

  async surfaceSettings(connection: string) {
    await this.#begin("surfaceSettings", connection);
    return this.healthOf.settingsOf(connection);
  }

  async saveSurfaceSettings(connection: string, settings: SurfaceSettingsView) {
    await this.#begin("saveSurfaceSettings", connection, settings);
    return this.healthOf.saveSettings(connection, settings);
  }

  async openLink(link: string) {
    await this.#begin("openLink", link);
    return null;
  }

  async demoFaults() {
    await this.#begin("demoFaults");
    return this.healthOf.faults();
  }

  async setDemoFault(id: string, on: boolean) {
    await this.#begin("setDemoFault", id, on);
    return this.healthOf.setFault(id, on);
  }

  async findIdentities(connection: string, environment: string, search: string) {
    await this.#begin("findIdentities", connection, environment, search);
    const place = placeOf(this.world, connection, environment);
    if (place.connection.service === "edge_flags") return [];
    const wanted = search.toLowerCase();
    return people
      .filter((each) => `${each.identifier} ${each.alias ?? ""}`.toLowerCase().includes(wanted))
      .map(({ id, identifier, alias }) => ({ id, identifier, alias }));
  }

  async identityTraits(connection: string, environment: string, identity: { id: string }) {
    await this.#begin("identityTraits", connection, environment, identity);
    const found = people.find((each) => each.id === identity.id);
    if (!found) throw gone("The identity");
    return structuredClone(found.traits);
  }

  async activity(request: ActivityRequest) {
    await this.#begin("activity", request);
    return structuredClone(this.requests.list(request));
  }

  async exchange(id: string) {
    await this.#begin("exchange", id);
    return structuredClone(this.requests.detail(id));
  }

  async exportActivity(request: ActivityRequest, format: ActivityFormatView) {
    await this.#begin("exportActivity", request, format);
    return exported(this.requests.list(request).rows, format);
  }

  async clearActivity(connection: string | null) {
    await this.#begin("clearActivity", connection);
    this.requests.clear(connection);
    this.#tell({ tags: [{ what: "activity" }] });
    return null;
  }

  onChanged(callback: (changed: Changed) => void) {
    this.#changed.add(callback);
    return () => this.#changed.delete(callback);
  }

  onProgress(callback: (progress: RefreshProgress) => void) {
    this.#progress.add(callback);
    return () => this.#progress.delete(callback);
  }

  onBatchProgress(callback: (progress: BatchProgress) => void) {
    this.#batchProgress.add(callback);
    return () => this.#batchProgress.delete(callback);
  }

  onDoctorProgress(callback: (progress: DoctorProgress) => void) {
    return this.healthOf.onDoctorProgress(callback);
  }

  async #begin(command: Asked, ...given: unknown[]): Promise<void> {
    this.calls.push({ command, arguments: given });
    if (this.#latency > 0) await new Promise((resolve) => setTimeout(resolve, this.#latency));
    if (this.#held) await this.#held;
    const waiting = this.#failures.get(command);
    const error = waiting?.shift();
    if (error) throw error;
  }

  #after(connection: string, environment: string, act: () => OutcomeView): OutcomeView {
    const outcome = act();
    this.#tell({ tags: [{ what: "app" }, { what: "environment", connection, environment }] });
    return outcome;
  }

  #afterAny(act: () => OutcomeView): OutcomeView {
    const outcome = act();
    this.changeAll();
    return outcome;
  }

  async #read(connection: string, environment: string): Promise<void> {
    const place = placeOf(this.world, connection, environment);
    const tags: Changed["tags"] = [{ what: "app" }, { what: "environment", connection, environment }];
    place.environment.refreshing = true;
    this.#tell({ tags });
    for (let done = 0; done <= REFRESH_PARTS; done += 4) {
      const progress = { connection, environment, what: "segments", done, total: REFRESH_PARTS };
      for (const callback of this.#progress) callback(progress);
      if (this.#latency > 0) await new Promise((resolve) => setTimeout(resolve, this.#latency * 3));
    }
    for (const callback of this.#progress)
      callback({ connection, environment, what: null, done: 0, total: null });
    place.environment.refreshing = false;
    if (this.world.scenario !== "offline") {
      place.environment.checkedAt = this.#now();
      place.environment.failure = null;
    }
    this.#tell({ tags });
  }

  #keep(where: SaveConnectionRequest["keep_key"]): void {
    if (where === "keychain" && this.world.keyStore.state !== "ready") throw keychainAbsent();
  }

  /** With what is the matter with a surface of an environment. */
  #warned(view: ConnectionView): ConnectionView {
    for (const environment of view.environments) {
      const { warnings } = this.healthOf.view(view.id, environment.key);
      environment.warning =
        warnings.find(({ id }) => id.startsWith("surface:") && id.endsWith(`:${environment.key}`)) ?? null;
    }
    return view;
  }

  #connection(id: string): FakeConnection {
    const connection = this.world.connections.find((each) => each.id === id);
    if (!connection) throw gone("The connection");
    return connection;
  }

  #add(made: FakeConnection[]): void {
    this.world.connections = [
      ...this.world.connections.filter((each) => !made.some((other) => other.id === each.id)),
      ...made,
    ];
    this.#tell({ tags: [{ what: "app" }] });
  }

  #tagsOf(connection: FakeConnection): Changed["tags"] {
    return [
      { what: "status", connection: connection.id },
      ...connection.environments.map((each) => ({
        what: "environment" as const,
        connection: connection.id,
        environment: each.key,
      })),
    ];
  }

  #tell(changed: Changed): void {
    for (const callback of this.#changed) callback(changed);
  }
}
