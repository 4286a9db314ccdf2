/** Edits on the fake service: what they change, what they meet, and how they are led back. */
import type { ConflictView, EditRequest, OutcomeView, ResolutionView, ValueView } from "../bindings";
import { failure, gone, keyMissing, rateLimited, unreachable } from "./errors";
import type { FakeConnection, FakeEnvironment, FakeFlag, World } from "./world";

interface Place {
  connection: FakeConnection;
  environment: FakeEnvironment;
  flag: FakeFlag;
}

interface Wish {
  enabled: boolean | null;
  value: ValueView | null;
}

interface Sent extends Place {
  before: { enabled: boolean; value: ValueView };
  wish: Wish;
}

/** Where something in a world is. */
export function placeOf(world: World, connection: string, environment: string): Omit<Place, "flag"> {
  const found = world.connections.find((each) => each.id === connection);
  const inside = found?.environments.find((each) => each.key === environment);
  if (!found || !inside) throw gone("The environment");
  return { connection: found, environment: inside };
}

/** Flag within an environment. */
export function flagIn(environment: FakeEnvironment, key: string): FakeFlag {
  const flag = environment.flags.get(key);
  if (!flag) throw gone(`The flag ${key}`);
  return flag;
}

/** The edits of a session and the traps laid for the next one. */
export class FakeEdits {
  readonly #world: World;
  readonly #now: () => number;
  readonly #sent = new Map<string, Sent>();
  #count = 0;
  /** The next edit meets a change by Maya. */
  maya: boolean;
  /** The next edit is cut off before its answer. */
  cut: boolean;

  constructor(world: World, now: () => number) {
    this.#world = world;
    this.#now = now;
    this.maya = world.scenario === "conflict";
    this.cut = world.scenario === "unknown-outcome";
    for (const open of world.openEdits) {
      const { connection, environment } = placeOf(world, open.connection, open.environment);
      const flag = flagIn(environment, open.flag);
      const wish: Wish = open.conflict
        ? { enabled: null, value: { kind: "number", text: "45" } }
        : { enabled: false, value: null };
      this.#sent.set(open.edit, { connection, environment, flag, before: stateOf(flag), wish });
    }
  }

  edit(request: EditRequest): OutcomeView {
    const { connection, environment } = placeOf(this.#world, request.connection, request.environment);
    const place = { connection, environment, flag: flagIn(environment, request.flag) };
    this.#refuse(place, request);
    if (this.maya) return this.#meetMaya(place, request);
    const { flag } = place;
    if (same(flag, request)) {
      return { outcome: "already_there", sentence: `${this.#sentence(place)} already. Nothing was sent.` };
    }
    const edit = this.#remember(place, request);
    if (this.cut) return this.#cutOff(edit, place, request);
    this.#apply(flag, request);
    return { outcome: "confirmed", edit, sentence: this.#sentence(place) };
  }

  undo(edit: string): OutcomeView {
    const sent = this.#take(edit);
    if (sent.environment.protection !== "none") throw confirmationNeeded(sent.environment);
    this.#sent.delete(edit);
    this.#apply(sent.flag, { enabled: sent.before.enabled, value: sent.before.value });
    return { outcome: "confirmed", edit: `${edit}-undone`, sentence: this.#sentence(sent) };
  }

  resolve(edit: string, resolution: ResolutionView, confirmed: string | null): OutcomeView {
    const sent = this.#take(edit);
    const asks = sent.environment.protection !== "none" && confirmed !== sent.environment.name;
    if (resolution === "send_mine" && asks) throw confirmationNeeded(sent.environment);
    this.#close(edit, sent);
    const name = sent.flag.seed.key;
    if (resolution === "keep_theirs") {
      return {
        outcome: "already_there",
        sentence: `${name} stays as it is in ${sent.environment.name}. Your edit was given up.`,
      };
    }
    if (this.maya) return this.#meetMaya(sent, sent.wish);
    const again = this.#remember(sent, sent.wish);
    this.#apply(sent.flag, sent.wish);
    return { outcome: "confirmed", edit: again, sentence: this.#sentence(sent) };
  }

  /** The answer had been lost, and the service holds the edit. */
  settle(edit: string): OutcomeView {
    const sent = this.#take(edit);
    if (this.#world.scenario === "offline") throw unreachable(sent.connection.address);
    this.#close(edit, sent);
    this.#apply(sent.flag, sent.wish);
    return { outcome: "confirmed", edit, sentence: this.#sentence(sent) };
  }

  #refuse({ connection, environment, flag }: Place, request: EditRequest): void {
    const { scenario } = this.#world;
    if (environment.readOnly) throw failure("forbidden", environment.readOnly);
    if (connection.key === "missing") throw keyMissing();
    if (scenario === "offline") throw unreachable(connection.address);
    if (scenario === "rate-limited") throw rateLimited(this.#now() + 18);
    if (environment.protection !== "none" && request.confirmed !== environment.name) {
      throw confirmationNeeded(environment);
    }
    if (request.revision !== `${flag.seed.key}@${flag.revision}`) {
      throw failure("stale_view", `${flag.seed.key} changed after it was shown.`, {
        next_step: "Look at the new state and decide again. Nothing was sent.",
      });
    }
    if (request.value?.kind === "number" && !Number.isFinite(Number(request.value.text))) {
      throw failure("input", "This is not a number.", { field: "value" });
    }
  }

  #meetMaya(place: Place, wish: Wish): OutcomeView {
    this.maya = false;
    const { environment, flag } = place;
    const base = stateOf(flag);
    const edit = this.#remember(place, wish);
    const theirs = mayas(flag);
    this.#apply(flag, { enabled: null, value: theirs });
    flag.edit = "conflict";
    const conflict: ConflictView = {
      edit,
      flag: flag.seed.key,
      environment: environment.name,
      sentence:
        "Maya Lindqvist changed this flag just now, after your edit began. Nothing of yours has been sent.",
      already_sent: false,
      live: "theirs",
      fields: fields(base, theirs, wish),
    };
    this.#open(
      edit,
      place,
      `Your edit of ${flag.seed.key} in ${environment.name} met a newer change.`,
      conflict,
    );
    return { outcome: "conflict", conflict };
  }

  #cutOff(edit: string, place: Place, wish: Wish): OutcomeView {
    this.cut = false;
    place.flag.edit = "unknown";
    const asked = wish.enabled === null ? "was changed" : wish.enabled ? "was turned on" : "was turned off";
    const sentence = `Whether ${place.flag.seed.key} ${asked} in ${place.environment.name} is not known: the connection was cut before the answer.`;
    this.#open(edit, place, sentence, null);
    return { outcome: "unknown", edit, sentence };
  }

  #open(
    edit: string,
    { connection, environment, flag }: Place,
    sentence: string,
    conflict: ConflictView | null,
  ): void {
    this.#world.openEdits.push({
      connection: connection.id,
      edit,
      environment: environment.key,
      environment_name: environment.name,
      flag: flag.seed.key,
      sentence,
      conflict,
    });
  }

  #close(edit: string, { flag }: Place): void {
    flag.edit = null;
    this.#world.openEdits = this.#world.openEdits.filter((open) => open.edit !== edit);
  }

  #remember(place: Place, { enabled, value }: Wish): string {
    this.#count += 1;
    const edit = `edit-${this.#count}`;
    const { connection, environment, flag } = place;
    this.#sent.set(edit, { connection, environment, flag, before: stateOf(flag), wish: { enabled, value } });
    return edit;
  }

  #take(edit: string): Sent {
    const sent = this.#sent.get(edit);
    if (!sent) throw gone("The edit");
    return sent;
  }

  #apply(flag: FakeFlag, { enabled, value }: Wish): void {
    if (enabled !== null) flag.enabled = enabled;
    if (value !== null) flag.value = value;
    flag.revision += 1;
    flag.changedAt = this.#now();
  }

  #sentence({ flag, environment }: Place): string {
    const sent = [...this.#sent.values()].findLast(
      (each) => each.flag === flag && each.environment === environment,
    );
    if (sent && sent.wish.enabled === null && sent.wish.value !== null) {
      return `${flag.seed.key} is ${flag.value.text.slice(0, 60)} in ${environment.name}`;
    }
    return `${flag.seed.key} is ${flag.enabled ? "on" : "off"} in ${environment.name}`;
  }
}

function confirmationNeeded(environment: FakeEnvironment) {
  return failure("confirmation_needed", `${environment.name} is protected.`, {
    next_step: "Confirm the change.",
  });
}

function stateOf(flag: FakeFlag) {
  return { enabled: flag.enabled, value: flag.value };
}

function same(flag: FakeFlag, { enabled, value }: Wish): boolean {
  const state = enabled === null || enabled === flag.enabled;
  const content = value === null || (value.kind === flag.value.kind && value.text === flag.value.text);
  return state && content;
}

/** What Maya makes of a flag's value. */
function mayas(flag: FakeFlag): ValueView {
  const { kind, text } = flag.value;
  if (kind === "number") return { kind, text: String(Number(text) + 10) };
  if (kind === "json") return { kind, text: '{"slot":"spring","cta":"Shop dresses"}' };
  return { kind: "text", text: "mayas-choice" };
}

function fields(
  base: { enabled: boolean; value: ValueView },
  theirs: ValueView,
  wish: Wish,
): ConflictView["fields"] {
  const all: ConflictView["fields"] = [];
  const state = (on: boolean) => (on ? "On" : "Off");
  if (wish.enabled !== null) {
    all.push({
      field: "State",
      base: state(base.enabled),
      theirs: state(base.enabled),
      mine: state(wish.enabled),
      contested: false,
    });
  }
  all.push({
    field: "Value",
    base: base.value.text,
    theirs: theirs.text,
    mine: wish.value?.text ?? base.value.text,
    contested: wish.value !== null,
  });
  return all;
}
