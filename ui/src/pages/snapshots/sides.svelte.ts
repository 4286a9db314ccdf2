import type { AspectView, AtView, SideDifferenceView, SidesView } from "../../ipc/bindings";
import { asHostError, type Host, type HostError } from "../../ipc/host";
import { atKey, sameAt } from "../../state/sides";

/** Waits shorter than this say nothing of themselves, in milliseconds. */
const SLOW_MS = 300;

/**
 * Two sides beside each other. One comparison at a time: what is chosen meanwhile is compared next, and only the
 * newest of it; the last answer stays on screen until then.
 */
export class Sides {
  a = $state.raw<AtView | null>(null);
  b = $state.raw<AtView | null>(null);
  view = $state.raw<SidesView | null>(null);
  error = $state.raw<HostError | null>(null);
  /** It has taken long enough to say so. */
  slow = $state(false);
  /** What is to be taken over, by id. */
  ticked = $state.raw<ReadonlySet<string>>(new Set());
  /** The rows that show both sides, by id. */
  opened = $state.raw<ReadonlySet<string>>(new Set());
  tab = $state<AspectView | "all">("all");
  query = $state("");

  readonly #host: Host;
  #running = false;
  #again = false;
  #pair = "";

  constructor(host: Host) {
    this.#host = host;
  }

  /** What is on screen answers what is chosen. */
  readonly current: boolean = $derived.by(
    () => this.view !== null && sameAt(this.view.a.at, this.a) && sameAt(this.view.b.at, this.b),
  );
  readonly differences: SideDifferenceView[] = $derived.by(() => this.view?.differences ?? []);
  /** Those that pass the tab and the filter. */
  readonly shown: SideDifferenceView[] = $derived.by(() => {
    const wanted = this.query.trim().toLowerCase();
    return this.differences.filter(
      ({ aspect, name, label }) =>
        (this.tab === "all" || aspect === this.tab) &&
        (wanted === "" || `${name} ${label}`.toLowerCase().includes(wanted)),
    );
  });
  /** What can be taken over. */
  readonly free: SideDifferenceView[] = $derived.by(() =>
    this.differences.filter(({ blocked }) => blocked === null),
  );
  /** The ticked ones that are there. */
  readonly picked: string[] = $derived.by(() =>
    this.free.filter(({ id }) => this.ticked.has(id)).map(({ id }) => id),
  );

  set(side: "a" | "b", at: AtView): void {
    if (sameAt(this[side], at)) return;
    this[side] = at;
    this.compare();
  }

  choose(a: AtView, b: AtView): void {
    this.a = a;
    this.b = b;
    this.compare();
  }

  swap(): void {
    [this.a, this.b] = [this.b, this.a];
    this.compare();
  }

  tick(ids: string[], on: boolean): void {
    const ticked = new Set(this.ticked);
    for (const id of ids)
      if (on) ticked.add(id);
      else ticked.delete(id);
    this.ticked = ticked;
  }

  toggleOpen(id: string): void {
    const opened = new Set(this.opened);
    if (!opened.delete(id)) opened.add(id);
    this.opened = opened;
  }

  /** Compares what is chosen. */
  compare(): void {
    this.#again = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    const timer = setTimeout(() => (this.slow = true), SLOW_MS);
    while (this.#again) {
      this.#again = false;
      await this.#ask();
    }
    clearTimeout(timer);
    this.slow = false;
    this.#running = false;
  }

  async #ask(): Promise<void> {
    const { a, b } = this;
    if (a === null || b === null) return;
    try {
      this.#show(await this.#host.compareSides(a, b));
      this.error = null;
    } catch (thrown) {
      if (!this.#again) this.error = asHostError(thrown);
    }
  }

  #show(view: SidesView): void {
    const pair = `${atKey(view.a.at)} ${atKey(view.b.at)}`;
    if (pair !== this.#pair) {
      this.#pair = pair;
      this.ticked = new Set();
    }
    if (!view.counts.some(({ aspect }) => aspect === this.tab)) this.tab = "all";
    this.view = view;
  }
}
