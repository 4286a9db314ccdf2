import type { FlagDetailView, FlagListView, FlagRowView, PlaceView } from "../ipc/bindings";
import { asHostError, type HostError } from "../ipc/host";
import { Filter } from "./filter.svelte";
import { flagKey, placeKey, samePlace } from "./place";
import { Selection } from "./selection.svelte";
import type { Session } from "./session.svelte";

/** The flags of the environment on screen, the filter over them and the flag in the panel. */
export class Flags {
  readonly filter = new Filter();
  /** The flags that are chosen for one act. */
  readonly selection = new Selection();
  /** The flag in the panel. */
  selected = $state<string | null>(null);
  /** The row that the arrow keys move. */
  active = $state(0);

  #lists = $state.raw<Record<string, FlagListView>>({});
  #errors = $state.raw<Record<string, HostError>>({});
  #details = $state.raw<Record<string, FlagDetailView>>({});
  #detailErrors = $state.raw<Record<string, HostError>>({});
  #references = $state.raw<Record<string, string>>({});
  /**
   * When each flag had changed as its environment came on screen. Rows are sorted by this and keep their
   * place while somebody works on them.
   */
  #firstSeen: Record<string, number> = {};
  /** The newest question per place: an older answer that comes late is dropped. */
  #asked: Record<string, number> = {};

  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  #key = $derived.by(() => (this.#session.place === null ? "" : placeKey(this.#session.place)));
  /** The newest answer for the place on screen; null before the first. */
  readonly list: FlagListView | null = $derived.by(() => this.#lists[this.#key] ?? null);
  /** Why there is no newer answer. */
  readonly error: HostError | null = $derived.by(() => this.#errors[this.#key] ?? null);
  /** The rows that pass the filter. */
  readonly rows: FlagRowView[] = $derived.by(() =>
    this.filter.apply(this.list?.flags ?? [], (row) => this.#firstSeen[row.key] ?? 0),
  );
  /** Every tag in use. */
  readonly tags: string[] = $derived.by(() =>
    [...new Set(this.list?.flags.flatMap((row) => row.tags) ?? [])].sort((a, b) => a.localeCompare(b)),
  );
  /** The panel's flag in full: the newest answer, kept while a newer one is read. */
  readonly detail: FlagDetailView | null = $derived.by(() =>
    this.selected === null ? null : (this.#details[this.#detailKey(this.selected)] ?? null),
  );
  readonly detailError: HostError | null = $derived.by(() =>
    this.selected === null ? null : (this.#detailErrors[this.#detailKey(this.selected)] ?? null),
  );

  /** The chosen rows, also those that the filter hides. */
  readonly chosen: FlagRowView[] = $derived.by(() =>
    (this.list?.flags ?? []).filter((row) => this.selection.has(row.key)),
  );

  /** A row of the place on screen. */
  row(flag: string): FlagRowView | null {
    return this.list?.flags.find((row) => row.key === flag) ?? null;
  }

  /** Another environment is on screen: the panel stays on its flag, the rest starts over. */
  arrive(): void {
    this.active = 0;
    this.selection.clear();
    this.#firstSeen = {};
    this.#remember(this.list);
    if (this.selected !== null) void this.loadDetail(this.selected);
  }

  select(flag: string | null): void {
    this.selected = flag;
    if (flag !== null) void this.loadDetail(flag);
  }

  /** Compares with another environment from now on. */
  compareWith(environment: string): void {
    const place = this.#session.place;
    if (place === null) return;
    this.#references = { ...this.#references, [placeKey(place)]: environment };
    void this.load(place);
  }

  async load(place: PlaceView): Promise<void> {
    const key = placeKey(place);
    const turn = this.#turn(key);
    try {
      const list = await this.#session.host.flags(
        place.connection,
        place.environment,
        this.#references[key] ?? null,
      );
      if (turn !== this.#asked[key]) return;
      if (samePlace(place, this.#session.place)) {
        this.#remember(list);
        const keys = new Set(list.flags.map((row) => row.key));
        this.selection.keep((each) => keys.has(each));
      }
      this.#lists = { ...this.#lists, [key]: list };
      this.#errors = without(this.#errors, key);
    } catch (thrown) {
      if (turn === this.#asked[key]) this.#errors = { ...this.#errors, [key]: asHostError(thrown) };
    }
  }

  /** A flag of any place in full: the newest answer. */
  detailOf(place: PlaceView, flag: string): FlagDetailView | null {
    return this.#details[flagKey(place, flag)] ?? null;
  }

  async loadDetail(flag: string): Promise<void> {
    if (this.#session.place !== null) await this.loadDetailAt(this.#session.place, flag);
  }

  async loadDetailAt(place: PlaceView, flag: string): Promise<void> {
    const key = flagKey(place, flag);
    const turn = this.#turn(key);
    try {
      const detail = await this.#session.host.flagDetail(place.connection, place.environment, flag);
      if (turn !== this.#asked[key]) return;
      this.#details = { ...this.#details, [key]: detail };
      this.#detailErrors = without(this.#detailErrors, key);
    } catch (thrown) {
      if (turn === this.#asked[key]) {
        this.#detailErrors = { ...this.#detailErrors, [key]: asHostError(thrown) };
      }
    }
  }

  /** The mirror of an environment changed: this one, or the one that it is compared with. */
  outdated(changed: PlaceView): void {
    const { place, connection } = this.#session;
    if (samePlace(changed, place)) void this.reload();
    if (place === null || changed.connection !== place.connection || samePlace(changed, place)) return;
    // The panel shows the flag's state in the other environments.
    if (this.selected !== null) void this.loadDetail(this.selected);
    const reference = this.list?.reference ?? null;
    const name = connection?.environments.find(({ key }) => key === changed.environment)?.name;
    if (reference === null || reference === changed.environment || reference === name) void this.load(place);
  }

  /** Asks again for what is on screen. */
  async reload(): Promise<void> {
    const place = this.#session.place;
    if (place === null) return;
    await Promise.all([this.load(place), this.selected === null ? null : this.loadDetail(this.selected)]);
  }

  #remember(list: FlagListView | null): void {
    for (const row of list?.flags ?? []) this.#firstSeen[row.key] ??= row.changed_at ?? 0;
  }

  #detailKey(flag: string): string {
    return this.#session.place === null ? "" : flagKey(this.#session.place, flag);
  }

  #turn(key: string): number {
    const turn = (this.#asked[key] ?? 0) + 1;
    this.#asked[key] = turn;
    return turn;
  }
}

function without<T>(record: Record<string, T>, key: string): Record<string, T> {
  if (!(key in record)) return record;
  const rest = { ...record };
  delete rest[key];
  return rest;
}
