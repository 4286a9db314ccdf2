import type {
  ActivityRequest,
  ActivityView,
  ExchangeDetailView,
  ExchangeOutcomeView,
  ExchangeView,
  SurfaceKindView,
} from "../../ipc/bindings";
import { asHostError, type HostError } from "../../ipc/host";
import { coalesced } from "../../state/coalesced";
import type { Session } from "../../state/session.svelte";

/** One outcome, or every one that is no success. */
export type OutcomeFilter = ExchangeOutcomeView | "failed";
/** Whose requests. */
export type Scope = "here" | "all";

const FAILED: ExchangeOutcomeView[] = ["throttled", "refused", "server_fault", "broken"];
/** How many rows are asked for at once; far more than a window shows. */
export const PAGE_ROWS = 200;
const EXPORTED_ROWS_AT_MOST = 100_000;

/** The requests on screen, the filter over them and the one in the panel. */
export class Activity {
  search = $state("");
  outcome = $state<OutcomeFilter | null>(null);
  surface = $state<SurfaceKindView | null>(null);
  scope = $state<Scope>("here");

  /** The newest answer put together with the older rows that were asked for; null before the first. */
  view = $state.raw<ActivityView | null>(null);
  error = $state.raw<HostError | null>(null);
  /** Newer than what is on screen, while somebody reads further down. */
  #newer = $state.raw<ActivityView | null>(null);
  /** The reader is at the top, so new rows may come in. */
  atTop = true;

  selected = $state<string | null>(null);
  detail = $state.raw<ExchangeDetailView | null>(null);
  detailError = $state.raw<HostError | null>(null);

  /** Counts filters and lists: an answer to an older one is dropped. */
  #turn = 0;
  #loadingMore = false;
  readonly #readNewest: () => Promise<void>;

  constructor(private readonly session: Session) {
    this.#readNewest = coalesced(() => this.#newest());
  }

  readonly rows: ExchangeView[] = $derived.by(() => this.view?.rows ?? []);
  readonly filtered: boolean = $derived.by(
    () => this.search.trim() !== "" || this.outcome !== null || this.surface !== null,
  );
  /** How many rows are newer than those on screen. */
  readonly fresh: { count: number; atLeast: boolean } = $derived.by(() => {
    const newer = this.#newer?.rows ?? [];
    const known = newer.findIndex(({ id }) => id === this.rows[0]?.id);
    return known < 0 ? { count: newer.length, atLeast: newer.length > 0 } : { count: known, atLeast: false };
  });

  request(before: string | null, most: number): ActivityRequest {
    return {
      connection: this.scope === "here" ? (this.session.place?.connection ?? null) : null,
      search: this.search.trim(),
      outcomes: this.outcome === null ? [] : this.outcome === "failed" ? FAILED : [this.outcome],
      surface: this.surface,
      before,
      most,
    };
  }

  /** Another filter: begins again at the newest. What was there stays until the answer. */
  restart(): Promise<void> {
    this.#turn += 1;
    this.#newer = null;
    this.atTop = true;
    return this.#readNewest();
  }

  /** Requests were made. */
  outdated(): void {
    void this.#readNewest();
  }

  /** Lets the newer rows in. */
  showNewer(): void {
    const newer = this.#newer;
    this.atTop = true;
    if (newer !== null) this.#take(newer);
  }

  clearFilter(): void {
    this.search = "";
    this.outcome = null;
    this.surface = null;
  }

  /** Asks for older rows, once at a time, while there are any. */
  async loadMore(): Promise<void> {
    const view = this.view;
    const last = view?.rows.at(-1);
    if (view === null || last === undefined || this.#loadingMore || view.rows.length >= view.total) return;
    this.#loadingMore = true;
    const turn = this.#turn;
    try {
      const older = await this.session.host.activity(this.request(last.id, PAGE_ROWS));
      if (turn !== this.#turn || this.view === null || this.view.rows.at(-1)?.id !== last.id) return;
      const rows = [...this.view.rows, ...older.rows];
      // The oldest are dropped while one reads: then there are no more, whatever was counted.
      const total = older.rows.length === 0 ? rows.length : Math.max(this.view.total, older.total);
      this.view = { ...this.view, rows, total };
    } catch (thrown) {
      if (turn === this.#turn) this.error = asHostError(thrown);
    } finally {
      this.#loadingMore = false;
    }
  }

  select(id: string | null): void {
    this.selected = id;
    this.detailError = null;
    if (id !== null) void this.loadDetail(id);
  }

  async loadDetail(id: string): Promise<void> {
    try {
      const detail = await this.session.host.exchange(id);
      if (this.selected !== id) return;
      this.detail = detail;
      this.detailError = null;
    } catch (thrown) {
      if (this.selected === id) this.detailError = asHostError(thrown);
    }
  }

  /** Everything that is listed, as text. */
  exportAs(format: "csv" | "json_lines"): Promise<string> {
    return this.session.host.exportActivity(this.request(null, EXPORTED_ROWS_AT_MOST), format);
  }

  /** Forgets what the scope names. */
  async forget(): Promise<void> {
    const { connection } = this.request(null, 0);
    if (await this.session.attempt(() => this.session.host.clearActivity(connection))) {
      this.select(null);
      await this.restart();
    }
  }

  async #newest(): Promise<void> {
    const turn = this.#turn;
    try {
      const answer = await this.session.host.activity(this.request(null, PAGE_ROWS));
      // A newer filter has its own run behind this one.
      if (turn !== this.#turn) return;
      this.error = null;
      if (this.#showsOther || this.atTop || this.view === null) this.#take(answer);
      else this.#newer = answer;
    } catch (thrown) {
      if (turn === this.#turn) this.error = asHostError(thrown);
    }
  }

  /** Which filter the rows on screen answer. */
  #shownTurn = -1;
  get #showsOther(): boolean {
    return this.#shownTurn !== this.#turn;
  }

  /** Puts a newest answer before the rows that are known, unless there is a gap between them. */
  #take(answer: ActivityView): void {
    const last = answer.rows.at(-1);
    const known =
      this.#showsOther || last === undefined ? -1 : this.rows.findIndex(({ id }) => id === last.id);
    const older = known < 0 ? [] : this.rows.slice(known + 1);
    this.#shownTurn = this.#turn;
    this.#newer = null;
    this.view = { ...answer, rows: [...answer.rows, ...older] };
  }
}
