import type { AtView, ConnectionView, FreshnessView, MarkView, MomentView } from "../../ipc/bindings";
import { asHostError, type Host, type HostError } from "../../ipc/host";
import { dayHeading } from "../../strings/time";

const PAGE = 100;
/** As many are read at once while an old moment is looked for. */
const FAR_PAGE = 1000;

/** A row of the timeline: an environment now, or a moment. */
export interface TimelineRow {
  kind: "row";
  key: string;
  side: AtView;
  /** Seconds since the Unix epoch. */
  at: number;
  environment: string;
  mark: MarkView;
  /** Null for now. */
  moment: MomentView | null;
  /** Null for a moment. */
  freshness: FreshnessView | null;
}

/** The heading of a day. */
export interface TimelineDay {
  kind: "day";
  key: string;
  title: string;
}

export type TimelineItem = TimelineRow | TimelineDay;

/** The timeline of a connection, page by page. What was read stays until it is read again. */
export class Timeline {
  moments = $state.raw<MomentView[]>([]);
  summary = $state("");
  damaged = $state.raw<string[]>([]);
  /** It was answered once for the connection and filters. */
  known = $state(false);
  error = $state.raw<HostError | null>(null);
  /** What is being read. */
  reading = $state.raw<"first" | "more" | null>(null);
  /** The environments on it, by key; null for all. */
  chosen = $state.raw<string[] | null>(null);
  pinnedOnly = $state(false);

  readonly #host: Host;
  #connection: ConnectionView | null = null;
  #next = $state.raw<string | null>(null);
  #question = "";
  #turn = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  readonly more: boolean = $derived.by(() => this.#next !== null);

  environmentsOf(connection: ConnectionView): string[] {
    const all = connection.environments.map(({ key }) => key);
    return this.chosen === null ? all : all.filter((key) => this.chosen?.includes(key));
  }
  /** Puts an environment on the timeline, or takes it off. */
  show(connection: ConnectionView, environment: string, on: boolean): void {
    const shown = this.environmentsOf(connection);
    const all = connection.environments.map(({ key }) => key);
    const next = all.filter((key) => (key === environment ? on : shown.includes(key)));
    this.chosen = next.length === all.length ? null : next;
  }

  /** Reads as much again as was read, or the first page. */
  async read(connection: ConnectionView): Promise<void> {
    const elsewhere = connection.id !== this.#connection?.id;
    if (elsewhere) {
      this.chosen = null;
      this.pinnedOnly = false;
    }
    this.#connection = connection;
    const environments = this.environmentsOf(connection);
    const question = JSON.stringify([connection.id, environments, this.pinnedOnly]);
    if (question !== this.#question) {
      this.#question = question;
      // Other filters: what is on screen stays until the answer, unless it is about another connection.
      if (elsewhere) this.moments = [];
      this.known = elsewhere ? false : this.known;
      this.#next = null;
      await this.#ask(null, PAGE);
    } else await this.#ask(null, Math.max(PAGE, this.moments.length));
  }

  /** Reads the next page. */
  async readMore(limit = PAGE): Promise<void> {
    if (this.#next === null || this.reading !== null) return;
    await this.#ask(this.#next, limit);
  }

  /** Reads until a moment is among those read; says whether it is. */
  async readUntil(moment: MomentView): Promise<boolean> {
    const has = () => this.moments.some(({ id }) => id === moment.id);
    while (!has() && this.#next !== null) {
      const before = this.moments.length;
      await this.readMore(FAR_PAGE);
      if (this.moments.length === before) break;
    }
    return has();
  }

  async #ask(before: string | null, limit: number): Promise<void> {
    const connection = this.#connection;
    if (connection === null) return;
    const turn = ++this.#turn;
    const environments = this.environmentsOf(connection);
    this.reading = before === null ? "first" : "more";
    try {
      const view = await this.#host.timeline({
        connection: connection.id,
        environments,
        pinned_only: this.pinnedOnly,
        before,
        limit,
      });
      if (turn !== this.#turn) return;
      this.moments = before === null ? view.moments : [...this.moments, ...view.moments];
      this.#next = view.next;
      this.summary = view.summary;
      this.damaged = view.damaged;
      this.error = null;
      this.known = true;
    } catch (thrown) {
      if (turn === this.#turn) this.error = asHostError(thrown);
    } finally {
      if (turn === this.#turn) this.reading = null;
    }
  }
}

/** Everything on the timeline, the newest in front: environments now, moments, and the days they are of. */
export function itemsOf(
  connection: ConnectionView,
  timeline: Pick<Timeline, "moments" | "pinnedOnly" | "more" | "environmentsOf">,
  now: number,
): TimelineItem[] {
  const rows = [
    ...(timeline.pinnedOnly ? [] : nowRows(connection, timeline.environmentsOf(connection))),
    ...timeline.moments.map((moment) => momentRow(connection.id, moment)),
  ];
  const last = timeline.more ? (timeline.moments.at(-1)?.at ?? 0) : 0;
  const items: TimelineItem[] = [];
  let day = "";
  for (const row of rows.filter(({ at }) => at >= last).sort((one, other) => other.at - one.at)) {
    const title = dayHeading(row.at, now);
    if (title !== day) items.push({ kind: "day", key: `day ${title}`, title });
    day = title;
    items.push(row);
  }
  return items;
}

function nowRows({ id, environments }: ConnectionView, chosen: string[]): TimelineRow[] {
  return environments.flatMap(({ key, name, mark, freshness }) => {
    if (!chosen.includes(key) || freshness.checked_at === null) return [];
    const side = { connection: id, environment: key, moment: null };
    const at = freshness.checked_at;
    return [
      { kind: "row" as const, key: `now ${key}`, side, at, environment: name, mark, moment: null, freshness },
    ];
  });
}

function momentRow(connection: string, moment: MomentView): TimelineRow {
  return {
    kind: "row",
    key: moment.id,
    side: { connection, environment: moment.environment, moment: moment.id },
    at: moment.at,
    environment: moment.environment_name,
    mark: moment.mark,
    moment,
    freshness: null,
  };
}
