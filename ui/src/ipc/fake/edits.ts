/** Edits on the fake service that are sent at once: what they change, what they meet, and how they are led back. */
import type {
  ChoiceView,
  ConflictView,
  EditBadgeView,
  EditRequest,
  ImpactView,
  OutcomeView,
  SubjectView,
  ValueView,
} from "../bindings";
import { type FakeChangeSet, type FakeEdit, newEdit } from "./changes/edit";
import { conflictOf, meet, mergedChanges, wishOf } from "./changes/merge";
import { bump, fieldsOf, nameOf, revisionOf, type Spot, valueIn, write } from "./changes/subjects";
import { absent, sameField } from "./changes/values";
import { openEditOf, spotOf } from "./changes/views";
import { failure, gone, keyMissing, rateLimited, unreachable } from "./errors";
import { impactOf } from "./impact";
import type { FakeEnvironment, FakeFlag, World } from "./world";

/** Where something in a world is. */
export function placeOf(world: World, connection: string, environment: string): Spot {
  const found = world.connections.find((each) => each.id === connection);
  if (!found) throw gone("The environment");
  return spotOf(found, environment);
}

/** Flag within an environment. */
export function flagIn(environment: FakeEnvironment, key: string): FakeFlag {
  const flag = environment.flags.get(key);
  if (!flag) throw gone(`The flag ${key}`);
  return flag;
}

/** Where an edit is kept. */
export interface Kept {
  edit: FakeEdit;
  spot: Spot;
  /** The change set it is in; null where it was sent at once. */
  set: FakeChangeSet | null;
}

/** The edits of a session and the traps laid for the next one. */
export class FakeEdits {
  readonly #world: World;
  readonly #now: () => number;
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
  }

  /** Writes at once. */
  edit(request: EditRequest): OutcomeView {
    const spot = placeOf(this.#world, request.connection, request.environment);
    const { subject } = request;
    this.#refuse(spot, request);
    this.#count += 1;
    const base = fieldsOf(spot, subject);
    const edit: FakeEdit = {
      ...newEdit(`edit-${this.#count}`, spot.environment.key, subject, base, this.#now()),
      changes: request.changes,
    };
    // What cannot be understood is refused before anything happens.
    const wish = wishOf(spot, edit);
    spot.connection.edits.push(edit);
    if (this.maya) return this.#meetMaya(spot, edit);
    const name = nameOf(spot, subject);
    // Whether a subject exists is not among its fields.
    const same = [...wish].every(([field, to]) => sameField(valueIn(base, field), to));
    if (same && base.size > 0 && !wish.has("existence")) {
      edit.status = { status: "discarded" };
      return {
        outcome: "already_there",
        sentence: `${this.#sentence(spot, edit)} already. Nothing was sent.`,
      };
    }
    if (this.cut) return this.#cutOff(spot, edit, name);
    this.apply(spot, edit);
    return { outcome: "confirmed", edit: edit.id, sentence: this.#sentence(spot, edit) };
  }

  /** Leads an edit back, whether it was sent at once or from a change set. */
  undo(id: string): OutcomeView {
    const { edit, spot } = this.find(id);
    if (spot.environment.protection !== "none") throw confirmationNeeded(spot.environment);
    this.leadBack(spot, edit);
    return { outcome: "confirmed", edit: `${id}-undone`, sentence: this.#sentence(spot, edit) };
  }

  conflict(id: string, choices: ChoiceView[]): ConflictView {
    const { edit, spot, set } = this.find(id);
    return conflictOf(spot, edit, set?.name ?? null, choices);
  }

  /** What the merged result does against what is live. */
  conflictImpact(id: string, choices: ChoiceView[]): ImpactView {
    const { edit, spot } = this.find(id);
    const rows = meet(spot, edit, choices);
    if (rows.some(({ how }) => how === "contested")) throw failure("input", "Something is not decided yet.");
    const changes = mergedChanges(rows, edit, choices);
    const flag = "flag" in edit.subject ? edit.subject.flag : "";
    const { connection, environment } = spot;
    return impactOf(spot, {
      connection: connection.id,
      environment: environment.key,
      flag,
      edits: changes.length === 0 ? [] : [{ subject: edit.subject, changes }],
      moment: null,
      change_set: null,
    });
  }

  resolve(id: string, choices: ChoiceView[], confirmed: string | null): OutcomeView {
    const { edit, spot, set } = this.find(id);
    const { environment } = spot;
    if (set === null && environment.protection !== "none" && confirmed !== environment.name) {
      throw confirmationNeeded(environment);
    }
    const rows = meet(spot, edit, choices);
    if (rows.some(({ how }) => how === "contested")) throw failure("input", "Something is not decided yet.");
    edit.changes = mergedChanges(rows, edit, choices);
    edit.base = fieldsOf(spot, edit.subject);
    edit.beside = [];
    edit.rounds += 1;
    edit.sentence = null;
    if (set !== null) {
      edit.status = { status: set.state === "open" ? "staged" : "queued" };
      return { outcome: "queued", sentence: `Decided. It is sent with ${set.name}.` };
    }
    if (this.maya) return this.#meetMaya(spot, edit);
    this.apply(spot, edit);
    return { outcome: "confirmed", edit: id, sentence: this.#sentence(spot, edit) };
  }

  keepTheirs(id: string): OutcomeView {
    const { edit, spot } = this.find(id);
    edit.status = { status: "discarded" };
    const name = nameOf(spot, edit.subject);
    return {
      outcome: "already_there",
      sentence: `${name} stays as it is in ${spot.environment.name}. Your edit was given up.`,
    };
  }

  /** The answer had been lost, and the service holds the edit. */
  settle(id: string): OutcomeView {
    const { edit, spot } = this.find(id);
    if (this.#world.scenario === "offline") throw unreachable(spot.connection.address);
    this.apply(spot, edit);
    return { outcome: "confirmed", edit: id, sentence: this.#sentence(spot, edit) };
  }

  /** Writes an edit to the service. */
  apply(spot: Spot, edit: FakeEdit): void {
    const now = this.#now();
    const wish = wishOf(spot, edit);
    const existence = wish.get("existence");
    if (existence) write(spot, edit.subject, "existence", existence);
    if (existence?.kind !== "absent") {
      for (const [field, to] of wish) if (field !== "existence") write(spot, edit.subject, field, to);
      bump(spot, edit.subject, now);
    }
    edit.status = { status: "sent", at: now, millis: 180 + ((edit.id.length * 37 + edit.tries * 53) % 90) };
    edit.sentence = null;
  }

  /** Writes what an edit replaced. */
  leadBack(spot: Spot, edit: FakeEdit): void {
    for (const field of wishOf(spot, edit).keys()) {
      const before = edit.base.get(field)?.value ?? absent();
      write(
        spot,
        edit.subject,
        field,
        field === "existence" && edit.base.size > 0 ? valueIn(edit.base, field) : before,
      );
    }
    bump(spot, edit.subject, this.#now());
    edit.status = { status: "discarded" };
  }

  find(id: string): Kept {
    for (const connection of this.#world.connections) {
      const loose = connection.edits.find((each) => each.id === id);
      if (loose) return { edit: loose, spot: spotOf(connection, loose.environment), set: null };
      for (const set of connection.changeSets) {
        const edit = set.edits.find((each) => each.id === id);
        if (edit) return { edit, spot: spotOf(connection, edit.environment), set };
      }
    }
    throw gone("The edit");
  }

  #refuse({ connection, environment }: Spot, request: EditRequest): void {
    const { scenario } = this.#world;
    if (environment.readOnly) throw failure("forbidden", environment.readOnly);
    if (environment.protection === "read_only") {
      throw failure("forbidden", `${environment.name} is read only here.`);
    }
    if (connection.key === "missing") throw keyMissing();
    if (scenario === "offline") throw unreachable(connection.address);
    if (scenario === "rate-limited") throw rateLimited(this.#now() + 18);
    if (environment.protection !== "none" && request.confirmed !== environment.name) {
      throw confirmationNeeded(environment);
    }
    if (request.revision !== revisionOf({ connection, environment }, request.subject)) {
      throw staleView(nameOf({ connection, environment }, request.subject));
    }
  }

  #meetMaya(spot: Spot, edit: FakeEdit): OutcomeView {
    this.maya = false;
    mayaChanges(spot, edit.subject, this.#now());
    const contested = meet(spot, edit, []).filter(({ how }) => how === "contested").length;
    edit.status = { status: "conflict", contested, already_sent: false };
    return { outcome: "conflict", conflict: this.conflict(edit.id, []) };
  }

  #cutOff({ environment }: Spot, edit: FakeEdit, name: string): OutcomeView {
    this.cut = false;
    const to = edit.changes.find(({ field }) => field === "enabled")?.to;
    const asked = to?.kind !== "toggle" ? "was changed" : to.on ? "was turned on" : "was turned off";
    const sentence = `Whether ${name} ${asked} in ${environment.name} is not known: the connection was cut before the answer.`;
    edit.status = { status: "unknown", sentence };
    edit.sentence = sentence;
    return { outcome: "unknown", edit: edit.id, sentence };
  }

  #sentence(spot: Spot, { subject, changes }: FakeEdit): string {
    const name = nameOf(spot, subject);
    const { environment } = spot;
    if (subject.kind !== "flag_state") return `${name} is changed`;
    const flag = environment.flags.get(subject.flag);
    const only = changes.length === 1 ? changes[0] : undefined;
    if (only && only.field !== "enabled" && only.field !== "value")
      return `${name} is changed in ${environment.name}`;
    if (only?.field === "value")
      return `${name} is ${flag?.value.text.slice(0, 60) ?? ""} in ${environment.name}`;
    return `${name} is ${flag?.enabled ? "on" : "off"} in ${environment.name}`;
  }
}

export function confirmationNeeded(environment: FakeEnvironment) {
  return failure("confirmation_needed", `${environment.name} is protected.`, {
    next_step: "Confirm the change.",
  });
}

export function staleView(name: string) {
  return failure("stale_view", `${name} changed after it was shown.`, {
    next_step: "Look at the new state and decide again. Nothing was sent.",
  });
}

/** What Maya makes of a subject behind everybody's back: a flag's value, and a segment's and a config's text. */
export function mayaChanges(spot: Spot, subject: SubjectView, now: number): void {
  const fields = fieldsOf(spot, subject);
  const value = fields.get("value")?.value;
  const text = fields.get("description") ?? fields.get("name");
  if (subject.kind === "flag_state" || value) {
    const theirs = mayas(value?.kind === "value" ? value.value : { kind: "none", text: "" });
    write(spot, subject, "value", { kind: "value", value: theirs });
  } else if (text) {
    write(spot, subject, text.field, { kind: "text", text: "Maya's words" });
  }
  bump(spot, subject, now);
}

function mayas({ kind, text }: ValueView): ValueView {
  if (kind === "number") return { kind, text: String(Number(text) + 10) };
  if (kind === "json") return { kind, text: '{"slot":"spring","cta":"Shop dresses"}' };
  return { kind: "text", text: "mayas-choice" };
}

/** What a row says of the edit that is open for it. */
export function badgeOf(spot: Spot, subject: SubjectView): EditBadgeView | null {
  const open = openEditOf(spot, subject);
  if (open === null) return null;
  const { status } = open.edit.status;
  if (status === "conflict") return "conflict";
  if (status === "unknown") return "unknown";
  if (status === "sending") return "sending";
  return open.staged ? "staged" : null;
}
