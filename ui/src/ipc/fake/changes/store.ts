/** Change sets of the fake host: what is staged, and how it is published. */
import type {
  ChangeSetView,
  Confirmed,
  FieldEdit,
  RefusalView,
  StagedView,
  StageRequest,
} from "../../bindings";
import { confirmationNeeded, type FakeEdits, mayaChanges, placeOf, staleView } from "../edits";
import { failure, gone } from "../errors";
import type { FakeConnection, World } from "../world";
import { type FakeChangeSet, type FakeEdit, isOpen, newEdit } from "./edit";
import { meet, wishOf } from "./merge";
import { sameSubject } from "./same";
import { fieldsOf, revisionOf } from "./subjects";
import { changeSetView, editView, spotOf, statusOf } from "./views";

/** What befalls a write that is sent from a change set. */
export type Fate =
  | { kind: "sent" }
  /** The service asks for patience; the same write is tried again. */
  | { kind: "limited"; seconds: number }
  /** Maya was faster. */
  | { kind: "conflict" }
  | { kind: "refused"; refusal: RefusalView }
  | { kind: "unknown" };

const WORDS = "Multivariate feature state values percentage exceed 100.";

/** A refusal as Flagsmith words one. */
export const refusal: RefusalView = {
  sentence: "Flagsmith did not accept this.",
  cause: "The options take more than 100 percent.",
  next_step: "Change the weights and send it again. Nothing was changed.",
  said: [{ field: "weights", label: "Weights", words: WORDS }],
};

/** The change sets of a session. */
export class FakeChanges {
  readonly #world: World;
  readonly #edits: FakeEdits;
  readonly #now: () => number;
  readonly #fates: Fate[] = [];
  #count = 0;

  constructor(world: World, edits: FakeEdits, now: () => number) {
    this.#world = world;
    this.#edits = edits;
    this.#now = now;
  }

  /** What befalls the next write that is sent from a change set, and those after it, one each. */
  next(...fates: Fate[]): void {
    this.#fates.push(...fates);
  }

  /** Somebody else changes what an edit is about. */
  maya(edit: string): void {
    const { spot, edit: found } = this.#edits.find(edit);
    mayaChanges(spot, found.subject, this.#now());
  }

  find(id: string): { connection: FakeConnection; set: FakeChangeSet } {
    for (const connection of this.#world.connections) {
      const set = connection.changeSets.find((each) => each.id === id);
      if (set) return { connection, set };
    }
    throw gone("The change set");
  }

  view(id: string): ChangeSetView {
    const { connection, set } = this.find(id);
    return changeSetView(connection, set, this.#now());
  }

  begin(connection: FakeConnection, name: string | null): FakeChangeSet {
    this.#count += 1;
    const set: FakeChangeSet = {
      id: `set-${this.#count}`,
      name: name?.trim() || "Draft",
      state: "open",
      edits: [],
      createdAt: this.#now(),
      endedAt: null,
      rollsBack: null,
      publishing: null,
    };
    connection.changeSets.push(set);
    return set;
  }

  discardSet(id: string): void {
    const { set } = this.find(id);
    set.state = "discarded";
    set.endedAt = this.#now();
  }

  restoreSet(id: string): void {
    const { set } = this.find(id);
    set.state = set.edits.some(({ status }) => status.status === "sent") ? "paused" : "open";
    set.endedAt = null;
  }

  /** Stages an edit, or amends the one of the same subject in the same change set. */
  stage(request: StageRequest): StagedView {
    const spot = placeOf(this.#world, request.connection, request.environment);
    const { connection } = spot;
    if (request.revision !== revisionOf(spot, request.subject)) throw staleView("It");
    const set = request.change_set === null ? this.#newest(connection) : this.find(request.change_set).set;
    const known = set.edits.find(
      (edit) =>
        edit.environment === request.environment &&
        sameSubject(edit.subject, request.subject) &&
        isOpen(edit),
    );
    this.#count += 1;
    const edit =
      known ??
      newEdit(
        `staged-${this.#count}`,
        request.environment,
        request.subject,
        fieldsOf(spot, request.subject),
        this.#now(),
      );
    const amended = { ...edit, changes: laidOn(edit.changes, request.changes) };
    wishOf(spot, amended);
    edit.changes = amended.changes;
    if (!known) set.edits.push(edit);
    const others = set.edits.filter((each) => isOpen(each)).length - 1;
    const rest = others === 0 ? "" : `, with ${others} ${others === 1 ? "other" : "others"}`;
    return { edit: edit.id, change_set: set.id, sentence: `Staged in ${set.name}${rest}.` };
  }

  stageAll(requests: StageRequest[]): StagedView[] {
    const before = new Map(
      this.#world.connections.map((each) => [each.id, structuredClone(each.changeSets)]),
    );
    try {
      let into: string | null = null;
      return requests.map((request) => {
        const staged = this.stage({ ...request, change_set: request.change_set ?? into });
        into = staged.change_set;
        return staged;
      });
    } catch (thrown) {
      for (const connection of this.#world.connections)
        connection.changeSets = before.get(connection.id) ?? [];
      throw thrown;
    }
  }

  #newest(connection: FakeConnection): FakeChangeSet {
    return connection.changeSets.findLast(({ state }) => state === "open") ?? this.begin(connection, null);
  }

  amend(id: string, changes: FieldEdit[]): void {
    const { edit, spot } = this.#edits.find(id);
    const amended = { ...edit, changes };
    wishOf(spot, amended);
    edit.changes = changes;
    if (edit.status.status === "refused") edit.status = { status: "staged" };
  }

  tick(id: string, ticked: boolean): void {
    this.#edits.find(id).edit.ticked = ticked;
  }

  move(id: string, to: number): void {
    const { edit, set } = this.#edits.find(id);
    if (set === null) return;
    const rest = set.edits.filter((each) => each !== edit);
    set.edits = rest.toSpliced(to, 0, edit);
  }

  discard(id: string): void {
    this.#edits.find(id).edit.status = { status: "discarded" };
  }

  restore(id: string): void {
    const { edit, set } = this.#edits.find(id);
    edit.status = { status: set?.state === "publishing" ? "queued" : "staged" };
  }

  publish(id: string, confirmed: Confirmed[]): void {
    const { connection, set } = this.find(id);
    const view = changeSetView(connection, set, this.#now());
    if (view.blocked !== null) throw failure("input", view.blocked);
    for (const { environment, name } of view.confirmations) {
      const given = confirmed.find((each) => each.environment === environment);
      if (given?.name !== name) throw confirmationNeeded(spotOf(connection, environment).environment);
    }
    set.state = "publishing";
    set.publishing = {
      begunAt: this.#now(),
      pausedUntil: null,
      pauseSeconds: null,
      limitedAt: null,
      held: false,
    };
    for (const edit of set.edits) if (edit.ticked && isOpen(edit)) edit.status = { status: "queued" };
  }

  hold(id: string): void {
    const { set } = this.find(id);
    if (set.publishing) set.publishing.held = true;
    set.state = "paused";
  }

  resume(id: string): void {
    const { set } = this.find(id);
    if (set.publishing) set.publishing.held = false;
    set.state = "publishing";
  }

  cancel(id: string): void {
    const { set } = this.find(id);
    for (const edit of set.edits) {
      if (edit.status.status === "queued" || edit.status.status === "waiting")
        edit.status = { status: "staged" };
    }
    set.publishing = null;
    set.state = "open";
  }

  retry(id: string): void {
    const { edit, set } = this.#edits.find(id);
    edit.status = { status: set?.publishing ? "queued" : "staged" };
    if (set?.publishing) set.state = "publishing";
  }

  /** Stages the inverse of what was sent. */
  rollBack(id: string): ChangeSetView {
    const { connection, set } = this.find(id);
    const back = this.begin(connection, `Roll back ${set.name}`);
    back.rollsBack = set.name;
    for (const edit of set.edits.filter(({ status }) => status.status === "sent").reverse()) {
      const spot = spotOf(connection, edit.environment);
      this.#count += 1;
      back.edits.push({
        ...newEdit(
          `staged-${this.#count}`,
          edit.environment,
          edit.subject,
          fieldsOf(spot, edit.subject),
          this.#now(),
        ),
        changes: editView(connection, edit).fields.flatMap(({ field }) => inverse(edit, field)),
      });
    }
    return changeSetView(connection, back, this.#now());
  }

  removeLeftover(id: string, handle: string): void {
    const { edit } = this.#edits.find(id);
    edit.leftovers = edit.leftovers.filter((each) => each.handle !== handle);
  }

  /** Publishes one step further in the first change set that is being published; says whether it did. */
  step(): boolean {
    for (const connection of this.#world.connections) {
      const set = connection.changeSets.find(({ state }) => state === "publishing");
      if (set && this.#send(connection, set)) return true;
    }
    return false;
  }

  #send(connection: FakeConnection, set: FakeChangeSet): boolean {
    const { publishing } = set;
    if (!publishing || publishing.held) return false;
    const now = this.#now();
    if (publishing.pausedUntil !== null && publishing.pausedUntil > now) return false;
    const edit = set.edits.find(
      ({ status, ticked }) => ticked && (status.status === "waiting" || status.status === "queued"),
    );
    if (!edit) return this.#end(set);
    const spot = spotOf(connection, edit.environment);
    edit.tries += 1;
    const fate = this.#fates.shift() ?? { kind: "sent" };
    if (fate.kind === "conflict") mayaChanges(spot, edit.subject, now);
    const met = statusOf(spot, edit);
    if (fate.kind === "limited") {
      edit.status = {
        status: "waiting",
        sentence: `429, try ${edit.tries + 1} of 5`,
        until: now + fate.seconds,
      };
      set.publishing = {
        ...publishing,
        limitedAt: now,
        pausedUntil: now + fate.seconds,
        pauseSeconds: fate.seconds,
      };
    } else if (fate.kind === "refused") edit.status = { status: "refused", refusal: fate.refusal };
    else if (fate.kind === "unknown") {
      edit.status = {
        status: "unknown",
        sentence: "The connection was cut before the answer. It is read again.",
      };
    } else if (met.status === "behind") {
      const contested = meet(spot, edit, []).filter(({ how }) => how === "contested").length;
      edit.status = { status: "conflict", contested, already_sent: false };
    } else this.#edits.apply(spot, edit);
    return true;
  }

  #end(set: FakeChangeSet): boolean {
    const left = set.edits.some((edit) => edit.ticked && isOpen(edit));
    if (left && set.state === "publishing") {
      set.state = "paused";
      return true;
    }
    set.state = "published";
    set.publishing = null;
    set.endedAt = this.#now();
    return true;
  }
}

/** What was staged with what is staged now laid on it. */
function laidOn(before: FieldEdit[], more: FieldEdit[]): FieldEdit[] {
  const rest = before.filter(({ field }) => !more.some((change) => change.field === field));
  return [...rest, ...more];
}

/** What leads a field back. */
function inverse(edit: FakeEdit, field: string): FieldEdit[] {
  const was = edit.base.get(field)?.value;
  if (was === undefined) return [{ field, to: { kind: "unset" } }];
  switch (was.kind) {
    case "toggle":
      return [{ field, to: { kind: "toggle", on: was.on } }];
    case "value":
      return [{ field, to: { kind: "value", value: was.value } }];
    case "weights":
      return [
        {
          field,
          to: {
            kind: "weights",
            rows: was.rows.flatMap(({ id, weight }) => (id === null ? [] : [{ id, weight }])),
          },
        },
      ];
    case "order":
      return [{ field, to: { kind: "order", ids: was.ids } }];
    case "rules":
      return [{ field, to: { kind: "rules", rules: was.rules } }];
    case "text":
      return [{ field, to: { kind: "text", text: was.text } }];
    case "json":
      return [{ field, to: { kind: "json", text: was.text } }];
    case "absent":
      return [{ field, to: { kind: "value", value: { kind: "none", text: "" } } }];
    default:
      return [];
  }
}
