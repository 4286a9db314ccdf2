/** Edits on the fake service: what they change, what they meet, and how they are led back. */
import type {
  ChoiceView,
  ConflictFieldView,
  ConflictView,
  EditRequest,
  FieldEdit,
  FieldValueView,
  OutcomeView,
  ValueView,
} from "../bindings";
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

interface State {
  enabled: boolean;
  value: ValueView;
}

interface Sent extends Place {
  before: State;
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
      const flag = flagIn(environment, open.name);
      const wish: Wish = open.conflict
        ? { enabled: null, value: { kind: "number", text: "45" } }
        : { enabled: false, value: null };
      const before: State = open.conflict
        ? { enabled: flag.enabled, value: { kind: "number", text: "49" } }
        : stateOf(flag);
      this.#sent.set(open.edit, { connection, environment, flag, before, wish });
    }
  }

  edit(request: EditRequest): OutcomeView {
    const { connection, environment } = placeOf(this.#world, request.connection, request.environment);
    if (!("flag" in request.subject)) throw failure("input", "Only flags can be edited here.");
    const place = { connection, environment, flag: flagIn(environment, request.subject.flag) };
    const wish = wishOf(request.changes);
    this.#refuse(place, request, wish);
    if (this.maya) return this.#meetMaya(place, wish);
    const { flag } = place;
    if (same(flag, wish)) {
      return { outcome: "already_there", sentence: `${this.#sentence(place)} already. Nothing was sent.` };
    }
    const edit = this.#remember(place, wish);
    if (this.cut) return this.#cutOff(edit, place, wish);
    this.#apply(flag, wish);
    return { outcome: "confirmed", edit, sentence: this.#sentence(place) };
  }

  undo(edit: string): OutcomeView {
    const sent = this.#take(edit);
    if (sent.environment.protection !== "none") throw confirmationNeeded(sent.environment);
    this.#sent.delete(edit);
    this.#apply(sent.flag, { enabled: sent.before.enabled, value: sent.before.value });
    return { outcome: "confirmed", edit: `${edit}-undone`, sentence: this.#sentence(sent) };
  }

  conflict(edit: string, choices: ChoiceView[]): ConflictView {
    const sent = this.#take(edit);
    return conflictView(edit, sent, choices);
  }

  resolve(edit: string, choices: ChoiceView[], confirmed: string | null): OutcomeView {
    const sent = this.#take(edit);
    if (sent.environment.protection !== "none" && confirmed !== sent.environment.name) {
      throw confirmationNeeded(sent.environment);
    }
    const { contested } = conflictView(edit, sent, choices);
    if (contested > 0) throw failure("input", "Something is not decided yet.");
    this.#close(edit, sent);
    const chosen = choices.find(({ field }) => field === "value")?.side;
    const theirs = chosen?.side === "theirs";
    const wish: Wish = theirs ? { ...sent.wish, value: null } : sent.wish;
    if (this.maya) return this.#meetMaya(sent, wish);
    const again = this.#remember(sent, wish);
    this.#apply(sent.flag, wish);
    return { outcome: "confirmed", edit: again, sentence: this.#sentence(sent) };
  }

  keepTheirs(edit: string): OutcomeView {
    const sent = this.#take(edit);
    this.#close(edit, sent);
    return {
      outcome: "already_there",
      sentence: `${sent.flag.seed.key} stays as it is in ${sent.environment.name}. Your edit was given up.`,
    };
  }

  /** The answer had been lost, and the service holds the edit. */
  settle(edit: string): OutcomeView {
    const sent = this.#take(edit);
    if (this.#world.scenario === "offline") throw unreachable(sent.connection.address);
    this.#close(edit, sent);
    this.#apply(sent.flag, sent.wish);
    return { outcome: "confirmed", edit, sentence: this.#sentence(sent) };
  }

  #refuse({ connection, environment, flag }: Place, request: EditRequest, wish: Wish): void {
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
    if (wish.value?.kind === "number" && !Number.isFinite(Number(wish.value.text))) {
      throw failure("input", "This is not a number.", { field: "value" });
    }
  }

  #meetMaya(place: Place, wish: Wish): OutcomeView {
    this.maya = false;
    const { environment, flag } = place;
    const edit = this.#remember(place, wish);
    this.#apply(flag, { enabled: null, value: mayas(flag) });
    flag.edit = "conflict";
    this.#open(edit, place, `Your edit of ${flag.seed.key} in ${environment.name} met a newer change.`, true);
    return { outcome: "conflict", conflict: this.conflict(edit, []) };
  }

  #cutOff(edit: string, place: Place, wish: Wish): OutcomeView {
    this.cut = false;
    place.flag.edit = "unknown";
    const asked = wish.enabled === null ? "was changed" : wish.enabled ? "was turned on" : "was turned off";
    const sentence = `Whether ${place.flag.seed.key} ${asked} in ${place.environment.name} is not known: the connection was cut before the answer.`;
    this.#open(edit, place, sentence, false);
    return { outcome: "unknown", edit, sentence };
  }

  #open(edit: string, { connection, environment, flag }: Place, sentence: string, conflict: boolean): void {
    this.#world.openEdits.push({
      connection: connection.id,
      edit,
      environment: environment.key,
      environment_name: environment.name,
      subject: { kind: "flag_state", flag: flag.seed.key },
      name: flag.seed.key,
      change_set: null,
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

function wishOf(changes: FieldEdit[]): Wish {
  const wish: Wish = { enabled: null, value: null };
  for (const { field, to } of changes) {
    if (field === "enabled" && to.kind === "toggle") wish.enabled = to.on;
    if (field === "value" && to.kind === "value") wish.value = to.value;
  }
  return wish;
}

function conflictView(edit: string, sent: Sent, choices: ChoiceView[]): ConflictView {
  const fields = conflictFields(sent, choices);
  return {
    edit,
    connection: sent.connection.id,
    environment: sent.environment.key,
    environment_name: sent.environment.name,
    subject: { kind: "flag_state", flag: sent.flag.seed.key },
    name: sent.flag.seed.key,
    change_set: null,
    sentence: "Maya Lindqvist changed this flag after your edit began. Nothing of yours has been sent.",
    already_sent: false,
    live: "theirs",
    base_label: "Where you began",
    theirs_label: "What the service holds now",
    mine_label: "What your edit asks for",
    merged_label: "What is written",
    fields,
    unchanged: ["Weights", "Segment overrides"],
    contested: fields.filter(({ how }) => how === "contested").length,
    precondition: "Written only if nobody changes the flag again. Otherwise you come back here.",
    rounds: 0,
  };
}

function conflictFields({ before, flag, wish }: Sent, choices: ChoiceView[]): ConflictFieldView[] {
  const all: ConflictFieldView[] = [];
  const named = { note: null, why: null, editable: true };
  if (wish.enabled !== null && wish.enabled !== before.enabled) {
    const mine = toggle(wish.enabled);
    const base = toggle(before.enabled);
    all.push({
      ...named,
      field: "enabled",
      label: "State",
      base,
      theirs: base,
      mine,
      merged: mine,
      how: "mine",
    });
  }
  const [base, theirs, mine] = [before.value, flag.value, wish.value ?? before.value].map(typed);
  if (base && theirs && mine) {
    const side = choices.find(({ field }) => field === "value")?.side.side;
    const how = wish.value === null ? "theirs" : side === undefined ? "contested" : "decided";
    const merged = side === "mine" ? mine : theirs;
    all.push({ ...named, field: "value", label: "Value", base, theirs, mine, merged, how });
  }
  return all.sort((one, other) => Number(other.how === "contested") - Number(one.how === "contested"));
}

function toggle(on: boolean): FieldValueView {
  return { kind: "toggle", on, text: on ? "On" : "Off" };
}

function typed(value: ValueView): FieldValueView {
  return value.kind === "none" ? { kind: "absent", text: "No value" } : { kind: "value", value };
}
