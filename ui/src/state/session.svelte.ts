import { createContext } from "svelte";

import type {
  AppView,
  AtView,
  ChangedTag,
  ConnectionView,
  EnvironmentView,
  MomentView,
  PlaceView,
  RefreshProgress,
  StatusView,
  SurfaceNameView,
  ThemeView,
} from "../ipc/bindings";
import { asHostError, type Host, type HostError } from "../ipc/host";
import { text } from "../strings";
import { Changes } from "./changes.svelte";
import { coalesced } from "./coalesced";
import { Edits } from "./edits.svelte";
import { Files } from "./files.svelte";
import { Flags } from "./flags.svelte";
import { Matrix } from "./matrix.svelte";
import { placeKey, samePlace } from "./place";
import { Preferences } from "./preferences.svelte";
import { whyReadOnly } from "./read-only";
import { Toasts } from "./toasts.svelte";

/** What Health is opened for: a card, and the surface that the doctor is to look at there. */
export interface HealthFocus {
  card: "warnings" | "doctor" | "limits" | "freshness" | "propagation" | "server" | "lint";
  surface?: SurfaceNameView | null;
  /** The environment's key; where it is not given, the one on which the surface is not as it should be. */
  environment?: string | null;
}

/** Two environments or moments that Snapshots lays beside each other. */
export interface Comparison {
  /** What would be taken from. */
  a: AtView;
  /** What would be taken to. */
  b: AtView;
  /** The flag that is looked at; without it, everything is. */
  flag?: string;
}

/** What fills the window right of the rail; `connect` pages fill it whole. */
export type Page =
  | { name: "flags" }
  /** `moment`: when it is to evaluate; as it was last, where it is not given. */
  | { name: "preview"; moment?: MomentView }
  | { name: "changes" }
  /** `segment`: the identifier of the one that is to be open. */
  | { name: "segments"; segment?: string }
  | { name: "identities"; identity?: string }
  | { name: "configs"; config?: string }
  /** `comparison`: what is to be compared; as it was last, where it is not given. */
  | { name: "snapshots"; comparison?: Comparison }
  | { name: "activity"; search: string }
  | { name: "health"; focus: HealthFocus | null }
  /** `surfaces`: the connection whose surfaces are to be set. */
  | { name: "settings"; surfaces?: string }
  | { name: "connect"; service: "flagsmith" | "edge_flags"; again: ConnectionView | null };

/** Pages on which there is nothing to see of a snapshot file. */
const NOT_OF_FILES: Page["name"][] = ["changes", "activity", "health"];

/** Everything the window knows. All of it came from the host; the last answer stays until the next one. */
export class Session {
  view = $state.raw<AppView | null>(null);
  /** Why there is no `view`, or why it is not the newest. */
  error = $state.raw<HostError | null>(null);
  page = $state.raw<Page>({ name: "flags" });
  place = $state.raw<PlaceView | null>(null);
  shortcutsOpen = $state(false);
  /** Notices that were closed, by their sentences. */
  noticesRead = $state.raw<string[]>([]);
  statuses = $state.raw<Record<string, StatusView>>({});
  progress = $state.raw<Record<string, RefreshProgress>>({});

  readonly toasts = new Toasts();
  readonly preferences = new Preferences();
  readonly flags: Flags;
  readonly edits: Edits;
  readonly changes: Changes;
  readonly files: Files;
  readonly matrix: Matrix;

  readonly connection: ConnectionView | null = $derived(
    this.view?.connections.find((connection) => connection.id === this.place?.connection) ?? null,
  );
  readonly environment: EnvironmentView | null = $derived(
    this.connection?.environments.find((environment) => environment.key === this.place?.environment) ?? null,
  );
  /** Why nothing can be written to the environment on screen, in a sentence. */
  readonly readOnly: string | null = $derived(
    this.environment === null ? null : whyReadOnly(this.environment),
  );
  readonly status: StatusView | null = $derived(
    this.place === null ? null : (this.statuses[this.place.connection] ?? null),
  );
  readonly currentProgress: RefreshProgress | null = $derived(
    this.place === null ? null : (this.progress[placeKey(this.place)] ?? null),
  );

  readonly #loadApp: () => Promise<void>;
  readonly #reloadFlags: () => Promise<void>;

  constructor(readonly host: Host) {
    this.flags = new Flags(this);
    this.edits = new Edits(this);
    this.changes = new Changes(this);
    this.matrix = new Matrix(this);
    this.files = new Files(this);
    this.#reloadFlags = coalesced(() => this.flags.reload());
    this.#loadApp = coalesced(() => this.#readApp());
  }

  /** Listens to the host until the answer is called, and reads everything for the first time. */
  start(): () => void {
    const ends = [
      this.host.onChanged(({ tags }) => tags.forEach((tag) => this.#invalidate(tag))),
      this.host.onProgress((progress) => this.#follow(progress)),
    ];
    void this.reload();
    return () => ends.forEach((end) => end());
  }

  /** Reads the frame, and then what is on screen. */
  async reload(): Promise<void> {
    const before = this.place;
    await this.#loadApp();
    // Another place was loaded as it came on screen.
    if (this.place === null || !samePlace(before, this.place)) return;
    await Promise.all([this.flags.reload(), this.changes.reload(), this.#loadStatus(this.place.connection)]);
  }

  /** Shows an environment. */
  open(place: PlaceView): void {
    if (this.page.name === "settings") this.page = { name: "flags" };
    this.#arrive(place);
  }

  /** An environment of any place. */
  environmentAt(place: PlaceView | null): EnvironmentView | null {
    const connection = this.view?.connections.find(({ id }) => id === place?.connection);
    return connection?.environments.find(({ key }) => key === place?.environment) ?? null;
  }

  /** Shows an environment by itself: of the flags its table, where the matrix was. */
  visit(place: PlaceView): void {
    if (this.page.name === "flags") this.preferences.flagsAs = "table";
    this.open(place);
  }

  /** Shows the first environment of a connection. */
  openConnection(connection: ConnectionView): void {
    const first = connection.environments[0];
    if (first) this.open({ connection: connection.id, environment: first.key });
    this.page = { name: "flags" };
  }

  go(page: Page): void {
    // A snapshot file has no changes, no requests and no server.
    this.page = this.connection?.file && NOT_OF_FILES.includes(page.name) ? { name: "flags" } : page;
  }

  /** Shows two sides beside each other, on the Snapshots page. */
  openComparison(a: AtView, b: AtView, flag?: string): void {
    this.page = { name: "snapshots", comparison: { a, b, flag } };
  }

  /** Evaluates what an environment of a connection was at a moment, on the Preview page. */
  openPreviewAt(connection: string, moment: MomentView): void {
    this.open({ connection, environment: moment.environment });
    this.page = { name: "preview", moment };
  }

  /** Starts the demo and shows it. */
  async startDemo(): Promise<void> {
    const connections = await this.host.startDemo();
    await this.#loadApp();
    if (connections[0]) this.openConnection(connections[0]);
  }

  /** A connection was saved: shows it. */
  async arriveAt(connection: ConnectionView): Promise<void> {
    await this.#loadApp();
    this.openConnection(this.view?.connections.find((other) => other.id === connection.id) ?? connection);
  }

  /** Shows a connection that was just made, such as of a snapshot file. */
  async showConnection(id: string): Promise<void> {
    await this.#loadApp();
    const made = this.view?.connections.find((connection) => connection.id === id);
    if (made) this.openConnection(made);
  }

  /** Tries again to open a local copy whose key was missing. */
  async unlockMirror(): Promise<void> {
    this.#show(await this.host.unlockMirror());
  }

  /** Begins with an empty local copy and keeps the one that cannot be opened. */
  async setMirrorAside(): Promise<void> {
    this.#show(await this.host.setMirrorAside());
  }

  async forget(connection: ConnectionView): Promise<void> {
    if (await this.attempt(() => this.host.forgetConnection(connection.id))) this.edits.forget(connection.id);
    await this.reload();
  }

  /** Takes a snapshot file that was opened away again; the file itself stays where it is. */
  async closeFile(connection: ConnectionView): Promise<void> {
    await this.forget(connection);
    if (this.view?.connections.some(({ id }) => id === connection.id)) return;
    this.toasts.say(text.frame.file.closed(connection.name));
    if (this.connection === null) this.page = { name: "flags" };
  }

  /** Refreshes environments of the connection on screen, one after the other. */
  async refreshAll(environments: string[]): Promise<void> {
    const connection = this.place?.connection;
    if (connection === undefined) return;
    for (const environment of environments) {
      if (!(await this.attempt(() => this.host.refresh(connection, environment)))) break;
    }
    await this.#loadApp();
  }

  /** Refreshes the environment on screen. The end is told by events. */
  async refresh(): Promise<void> {
    const place = this.place;
    if (place === null) return;
    if (this.connection?.file) {
      this.toasts.say(text.frame.file.neverSynced, { kind: "note" });
      return;
    }
    let failed: HostError | null = null;
    try {
      await this.host.refresh(place.connection, place.environment);
    } catch (thrown) {
      failed = asHostError(thrown);
    }
    await this.#loadApp();
    // Where the banner tells it already, a toast would only say it twice.
    const told = this.environment?.freshness.failure != null || this.connection?.key === "missing";
    if (failed !== null && !told) this.toasts.fail(failed);
  }

  async setTheme(theme: ThemeView): Promise<void> {
    if (this.view) this.#show({ ...this.view, theme });
    await this.attempt(() => this.host.setTheme(theme));
  }

  async setNotices(on: boolean): Promise<void> {
    if (this.view) this.#show({ ...this.view, desktop_notices: on });
    await this.attempt(() => this.host.setNotices(on));
  }

  /** Gives up what waits for the budgets of the connection on screen. */
  async giveUpWaiting(): Promise<void> {
    const connection = this.place?.connection;
    if (connection === undefined) return;
    await this.attempt(async () => {
      const given = await this.host.giveUpWaiting(connection);
      const words = text.frame.queue;
      this.toasts.say(given === 0 ? words.nothingGivenUp : words.givenUp(given));
    });
    await this.#loadStatus(connection);
  }

  /** Tries the keychain again. */
  async retryKeyStore(): Promise<void> {
    await this.attempt(() => this.host.retryKeyStore());
    await this.reload();
  }

  /** Does something whose failure is told by a toast; says whether it worked. */
  async attempt(act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (thrown) {
      this.toasts.fail(asHostError(thrown));
      return false;
    }
  }

  async #readApp(): Promise<void> {
    try {
      this.#show(await this.host.app());
      this.error = null;
    } catch (thrown) {
      this.error = asHostError(thrown);
    }
  }

  #show(view: AppView): void {
    this.view = view;
    applyTheme(view.theme);
    // A local copy that is locked holds none yet.
    if (view.locked === null) void this.edits.recall();
    const places = view.connections.flatMap((connection) =>
      connection.environments.map((environment) => ({
        connection: connection.id,
        environment: environment.key,
      })),
    );
    if (places.some((place) => samePlace(place, this.place))) return;
    this.#arrive(places.find((place) => samePlace(place, view.last_place)) ?? places[0] ?? null);
  }

  #arrive(place: PlaceView | null): void {
    const moved = !samePlace(place, this.place);
    this.place = place;
    if (moved) this.flags.arrive();
    if (place === null) return;
    // Also tells which environment is looked at and wants to be refreshed first.
    if (moved) void this.host.rememberPlace(place).catch(() => undefined);
    void this.flags.load(place);
    void this.changes.load(place.connection);
    void this.#loadStatus(place.connection);
  }

  async #loadStatus(connection: string): Promise<void> {
    try {
      const status = await this.host.status(connection);
      this.statuses = { ...this.statuses, [connection]: status };
    } catch {
      // The status bar keeps what it last knew; the cause is told where it matters.
    }
  }

  #invalidate(tag: ChangedTag): void {
    // Read by their pages, while those are on screen.
    if (tag.what === "activity" || tag.what === "timeline") return;
    if (tag.what === "status" || tag.what === "health") void this.#loadStatus(tag.connection);
    if (tag.what === "status") return;
    void this.#loadApp();
    if (tag.what === "environment") this.flags.outdated(tag);
    if (tag.what === "environment" || tag.what === "changes") this.matrix.outdated(tag.connection);
    if (tag.what === "changes") {
      void this.changes.load(tag.connection);
      // A row says what is staged for it.
      if (tag.connection === this.place?.connection) void this.#reloadFlags();
    }
  }

  #follow(progress: RefreshProgress): void {
    const next = { ...this.progress };
    if (progress.what === null) delete next[placeKey(progress)];
    else next[placeKey(progress)] = progress;
    this.progress = next;
  }
}

function applyTheme(theme: ThemeView): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** The session of the window, for every component below the root. */
export const [useSession, provideSession] = createContext<Session>();
