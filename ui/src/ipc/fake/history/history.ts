/** The fake mirror's history: moments, and what an environment was at one. */
import type {
  AtView,
  MomentAtView,
  MomentView,
  TimelineRequest,
  TimelineView,
  WeighedThenView,
} from "../../bindings";
import { spotOf } from "../changes/views";
import type { Spot } from "../changes/subjects";
import { gone } from "../errors";
import type { FakeConnection, FakeEnvironment, FakeFlag, World } from "../world";
import { type Back, type FakeMoment, momentsOf } from "./moments";

const grouped = new Intl.NumberFormat("en-GB");

/** The moments of all connections. */
export class FakeHistory {
  readonly #world: World;
  readonly #now: () => number;
  readonly #known = new Map<string, FakeMoment[]>();

  constructor(world: World, now: () => number) {
    this.#world = world;
    this.#now = now;
  }

  /** The moments of a connection, the newest in front. */
  of(connection: FakeConnection): FakeMoment[] {
    const known = this.#known.get(connection.id);
    if (known) return known;
    const made = connection.environments.every(({ flags }) => flags.size === 0)
      ? []
      : momentsOf(connection, this.#now());
    this.#known.set(connection.id, made);
    return made;
  }

  find(id: string): { connection: FakeConnection; moment: FakeMoment } {
    for (const connection of this.#world.connections) {
      const moment = this.of(connection).find((each) => each.id === id);
      if (moment) return { connection, moment };
    }
    throw gone("The snapshot");
  }

  connection(id: string): FakeConnection {
    const found = this.#world.connections.find((each) => each.id === id);
    if (!found) throw gone("The connection");
    return found;
  }

  timeline({ connection: id, environments, pinned_only, before, limit }: TimelineRequest): TimelineView {
    const connection = this.connection(id);
    const all = this.of(connection);
    const from = before === null ? 0 : all.findIndex((each) => each.id === before) + 1;
    const wanted = all
      .slice(from)
      .filter((each) => environments.includes(each.environment))
      .filter((each) => !pinned_only || each.pinned || each.name !== null);
    const page = wanted.slice(0, limit);
    const megabytes = (all.length * 0.088).toFixed(1);
    return {
      moments: page.map((moment) => this.view(connection, moment)),
      next: wanted.length > limit ? (page.at(-1)?.id ?? null) : null,
      summary: `${grouped.format(all.length)} snapshots, ${megabytes} MB. Kept 90 days`,
      damaged: [],
    };
  }

  view(connection: FakeConnection, moment: FakeMoment): MomentView {
    const { environment } = spotOf(connection, moment.environment);
    const own = this.of(connection).filter((each) => each.environment === moment.environment);
    const at = own.indexOf(moment);
    const newer = own[at - 1];
    return {
      id: moment.id,
      environment: environment.key,
      environment_name: environment.name,
      mark: environment.mark,
      at: moment.at,
      until: newer ? newer.at - 60 : (environment.checkedAt ?? this.#now()),
      current: newer === undefined,
      title: moment.name ?? moment.title,
      by: moment.by,
      name: moment.name,
      pinned: moment.pinned,
      added: moment.added,
      changed: moment.changed,
      removed: moment.removed,
      parts: moment.parts,
      authors: moment.authors,
      gap: moment.gap,
      source: "Read from Flagsmith by the regular refresh.",
    };
  }

  /** What an environment was at a time. */
  at(id: string, environment: string, time: number): MomentAtView {
    const connection = this.connection(id);
    const own = this.of(connection).filter((each) => each.environment === environment);
    const moment = own.find((each) => each.at <= time);
    if (!moment) {
      return { moment: null, sure: false, sentence: "Nothing was read by then: the history begins later." };
    }
    const view = this.view(connection, moment);
    const sure = time <= view.until;
    return {
      moment: view,
      sure,
      sentence: sure
        ? `It was seen before and after that time, without a change in between.`
        : "Halyard did not look at that time. This is what it was when it last looked before.",
    };
  }

  /** An environment now, or as it was. */
  spot({ connection: id, environment: key, moment: at }: AtView): Spot {
    const connection = this.connection(id);
    const spot = spotOf(connection, key);
    if (at === null) return spot;
    const flags = new Map(spot.environment.flags);
    for (const moment of this.of(connection)) {
      if (moment.id === at) break;
      if (moment.environment === key) for (const back of moment.back) undo(connection, flags, back);
    }
    return { connection, environment: { ...spot.environment, flags } };
  }

  /** The moment that something was weighed against; null for now. */
  weighedThen({ connection, environment: key, moment }: AtView, edits: number): WeighedThenView | null {
    if (moment === null) return null;
    const { environment } = spotOf(this.connection(connection), key);
    const days = Math.floor((this.#now() - this.find(moment).moment.at) / 86_400);
    const plus = edits === 0 ? "" : `, plus ${edits} ${edits === 1 ? "edit" : "edits"}`;
    return {
      moment,
      source: `${environment.name} as it was on that day, ${days} days ago${plus}`,
      caution: `Nothing is sent to the past: what is published changes ${environment.name} as it is now.`,
    };
  }

  /** Pins what is there now. */
  take(id: string, key: string, name: string | null): MomentView {
    const connection = this.connection(id);
    const { environment } = spotOf(connection, key);
    environment.checkedAt = this.#now();
    const newest =
      this.of(connection).find((each) => each.environment === key) ?? this.#first(connection, environment);
    newest.pinned = true;
    newest.name = name ?? newest.name;
    return this.view(connection, newest);
  }

  #first(connection: FakeConnection, environment: FakeEnvironment): FakeMoment {
    const all = this.of(connection);
    const made: FakeMoment = {
      id: `${connection.id}-taken-${all.length + 1}`,
      environment: environment.key,
      at: this.#now(),
      title: "First snapshot",
      by: null,
      name: null,
      pinned: true,
      added: environment.flags.size,
      changed: 0,
      removed: 0,
      parts: [],
      authors: [],
      gap: null,
      back: [],
    };
    all.unshift(made);
    return made;
  }
}

function undo(connection: FakeConnection, flags: Map<string, FakeFlag>, back: Back): void {
  if (back.was) {
    flags.set(back.flag, back.was);
    return;
  }
  const flag = flags.get(back.flag);
  if (!flag) return;
  if (back.missing) {
    flags.delete(back.flag);
    return;
  }
  const [first, ...rest] = flag.options;
  flags.set(back.flag, {
    ...flag,
    enabled: back.flip ? !flag.enabled : (back.enabled ?? flag.enabled),
    value: back.value === undefined ? flag.value : { ...flag.value, text: back.value },
    options:
      back.weight === undefined || !first ? flag.options : [{ ...first, weight: back.weight }, ...rest],
    overrides: flag.overrides.filter(({ segment }) => segment !== back.without),
  });
}
