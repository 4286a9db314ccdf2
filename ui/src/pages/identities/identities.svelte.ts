import type { IdentityView, PlaceView } from "../../ipc/bindings";
import { placeKey } from "../../state/place";
import { Reading } from "../../state/reading.svelte";
import type { Session } from "../../state/session.svelte";

/** An identity in the list. */
export interface IdentityRow {
  identifier: string;
  alias: string | null;
  /** Overrides of its own in this environment, as the mirror has them. */
  overrides: number;
  /** The service found it, or an override names it. */
  known: boolean;
}

/** After the last key, before the service is asked. */
const SEARCH_PAUSE_MS = 250;

/** Identities: those with overrides from the mirror, and those that the service finds. */
export class Identities {
  search = $state("");
  /** How many overrides each identity has in the mirror. */
  readonly own = new Reading<Map<string, number>>();
  readonly found = new Reading<IdentityView[]>();

  readonly #session: Session;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  readonly #wanted: string = $derived.by(() => this.search.trim());

  readonly rows: IdentityRow[] = $derived.by(() => {
    const own = this.own.view ?? new Map<string, number>();
    if (this.#wanted === "") {
      const typed = this.#typedAbout().filter((identity) => !own.has(identity));
      return [...typed, ...[...own.keys()].sort((one, other) => one.localeCompare(other))].map((identifier) =>
        row(identifier, null, own),
      );
    }
    const found = this.found.view ?? [];
    const rows = found.map(({ identifier, alias }) => row(identifier, alias, own));
    const others = [...own.keys()].filter(
      (identity) =>
        identity.toLowerCase().includes(this.#wanted.toLowerCase()) &&
        !found.some(({ identifier }) => identifier === identity),
    );
    const all = [...rows, ...others.map((identity) => row(identity, null, own))];
    if (all.some(({ identifier }) => identifier === this.#wanted)) return all;
    // Whatever is typed can be opened: an identity needs no more than an identifier.
    return [...all, { identifier: this.#wanted, alias: null, overrides: 0, known: false }];
  });

  /** Counts the overrides of every flag that has some; only the mirror is asked. */
  async readOwn(place: PlaceView): Promise<void> {
    await this.own.read(placeKey(place), async () => {
      const list = this.#session.flags.list?.flags ?? [];
      const flags = list.filter((flag) => flag.identity_overrides !== null && flag.identity_overrides > 0);
      const { host } = this.#session;
      const lists = await Promise.all(
        flags.map((flag) => host.identityOverrides(place.connection, place.environment, flag.key)),
      );
      const counts = new Map<string, number>();
      for (const { identity } of lists.flat()) counts.set(identity, (counts.get(identity) ?? 0) + 1);
      return counts;
    });
  }

  /** Asks the service a moment after the last key. */
  type(place: PlaceView): void {
    clearTimeout(this.#timer);
    if (this.#wanted === "") return;
    this.#timer = setTimeout(() => void this.find(place), SEARCH_PAUSE_MS);
  }

  async find(place: PlaceView): Promise<void> {
    const wanted = this.#wanted;
    if (wanted === "") return;
    const { connection, environment } = place;
    await this.found.read(placeKey(place), () =>
      this.#session.host.findIdentities(connection, environment, wanted),
    );
  }

  /** Nothing more is asked. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #typedAbout(): string[] {
    const drafts = this.#session.edits.draftsAbout((subject) => "identity" in subject);
    return [...new Set(drafts.flatMap(({ subject }) => ("identity" in subject ? [subject.identity] : [])))];
  }
}

function row(identifier: string, alias: string | null, own: Map<string, number>): IdentityRow {
  return { identifier, alias, overrides: own.get(identifier) ?? 0, known: true };
}
