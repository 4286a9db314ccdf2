import type { FieldEdit, FieldInput, PlaceView, SubjectView } from "../ipc/bindings";
import type { Host } from "../ipc/host";
import { coalesced } from "./coalesced";
import { flagOf, flagState, sameInput, subjectKey } from "./fields";
import { placeKey } from "./place";

/** Fields typed in a panel and not sent. */
export interface Draft {
  subject: SubjectView;
  /** The subject's name for people. */
  name: string;
  /** The state it began from. */
  revision: string;
  changes: FieldEdit[];
  /** What each changed field was where it began, by path; a field without an entry was not there. */
  was: Record<string, FieldInput>;
}

/** The state on which a typed field rests. */
export interface Rest {
  revision: string;
  /** What the field is; null where it is not there. */
  was: FieldInput | null;
  /** The subject's name for people; a flag's key where it is not given. */
  name?: string;
}

/** Where earlier versions kept drafts, in the window's own storage. */
const BEFORE = "halyard.drafts";

/** One string for a subject in a place; a flag's name stands for its state. */
export function draftKey(place: PlaceView, subject: SubjectView | string): string {
  return `${placeKey(place)}\u0000${subjectKey(typeof subject === "string" ? flagState(subject) : subject)}`;
}

/**
 * What is typed and not sent, in every place. The host keeps it across restarts, so that nothing typed is lost, and
 * keeps it encrypted where the local copy is.
 */
export class Drafts {
  #all = $state.raw<Record<string, Draft>>({});
  #recalled: Promise<void> | null = null;
  /** What the host does not know yet, by key. */
  readonly #unkept = new Set<string>();
  readonly #host: Host;
  readonly #keep = coalesced(() => this.#keepAll());

  constructor(host: Host) {
    this.#host = host;
  }

  /** Reads what was typed in earlier runs, once; what is typed already stays. */
  recall(): Promise<void> {
    this.#recalled ??= this.#read().catch(() => {
      // It is asked for again when the window is next told that something changed.
      this.#recalled = null;
    });
    return this.#recalled;
  }

  async #read(): Promise<void> {
    const kept = await this.#host.unsent();
    const all: Record<string, Draft> = {};
    for (const { connection, subject, record } of kept) {
      const draft = parsed(record);
      if (draft !== null) all[`${connection}\u0000${subject}`] = draft;
    }
    const before = ofEarlierVersions();
    for (const key of Object.keys(before)) if (!(key in all)) this.#unkept.add(key);
    this.#all = { ...before, ...all, ...this.#all };
    await this.#keep();
    // Only once the host has it all.
    if (this.#unkept.size === 0) forgetEarlierVersions();
  }

  of(place: PlaceView, subject: SubjectView | string): Draft | null {
    return this.#all[draftKey(place, subject)] ?? null;
  }

  /** Everything typed in a place. */
  in(place: PlaceView): Draft[] {
    const begin = `${placeKey(place)}\u0000`;
    return Object.entries(this.#all)
      .filter(([key]) => key.startsWith(begin))
      .map(([, draft]) => draft);
  }

  /** Types into a field. What the field is anyway, or null, takes the field out of the draft. */
  set(place: PlaceView, subject: SubjectView, field: string, to: FieldInput | null, rest: Rest): void {
    const key = draftKey(place, subject);
    const began = this.#all[key] ?? {
      subject,
      name: rest.name ?? flagOf(subject) ?? "",
      revision: rest.revision,
      changes: [],
      was: {},
    };
    const others = began.changes.filter((change) => change.field !== field);
    if (to === null || (rest.was !== null && sameInput(to, rest.was))) {
      this.#put(key, { ...began, changes: others, was: without(began.was, field) });
      return;
    }
    const at = began.changes.findIndex((change) => change.field === field);
    const changes = at < 0 ? [...others, { field, to }] : began.changes.with(at, { field, to });
    const was = rest.was === null ? without(began.was, field) : { [field]: rest.was, ...began.was };
    this.#put(key, { ...began, changes, was });
  }

  /** Rests what is typed on a newer state: each field's as it is now, by path. */
  restOn(place: PlaceView, subject: SubjectView, revision: string, now: Record<string, FieldInput>): void {
    const draft = this.of(place, subject);
    if (draft === null) return;
    const changes = draft.changes.filter(({ field, to }) => {
      const is = now[field];
      return is === undefined || !sameInput(is, to);
    });
    const was: Record<string, FieldInput> = {};
    for (const { field } of changes) if (now[field] !== undefined) was[field] = now[field];
    this.#put(draftKey(place, subject), { ...draft, revision, changes, was });
  }

  drop(place: PlaceView, subject: SubjectView): void {
    this.#put(draftKey(place, subject), null);
  }

  /** What was sent or staged is no longer typed; what was typed meanwhile stays. */
  settle(place: PlaceView, subject: SubjectView, sent: FieldEdit[]): void {
    const draft = this.of(place, subject);
    if (draft === null) return;
    const rest = draft.changes.filter(
      ({ field, to }) => !sent.some((other) => other.field === field && sameInput(other.to, to)),
    );
    this.#put(draftKey(place, subject), { ...draft, changes: rest });
  }

  /** Forgets what was typed for a connection, which the host does with the connection. */
  forget(connection: string): void {
    const rest = Object.entries(this.#all).filter(([key]) => !key.startsWith(`${connection}\u0000`));
    this.#all = Object.fromEntries(rest);
  }

  #put(key: string, draft: Draft | null): void {
    const all = without(this.#all, key);
    if (draft !== null && draft.changes.length > 0) all[key] = draft;
    this.#all = all;
    this.#unkept.add(key);
    void this.#keep();
  }

  async #keepAll(): Promise<void> {
    for (const key of [...this.#unkept]) {
      this.#unkept.delete(key);
      const draft = this.#all[key];
      const [connection = "", ...subject] = key.split("\u0000");
      try {
        await this.#host.keepUnsent(
          connection,
          subject.join("\u0000"),
          draft === undefined ? null : JSON.stringify(draft),
        );
      } catch {
        // It holds until the window closes, and is tried again with what is typed next.
        if (key in this.#all) this.#unkept.add(key);
      }
    }
  }
}

function parsed(record: string): Draft | null {
  try {
    const kept: unknown = JSON.parse(record);
    return isDraft(kept) ? kept : null;
  } catch {
    return null;
  }
}

function ofEarlierVersions(): Record<string, Draft> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(BEFORE) ?? "{}");
    if (typeof kept !== "object" || kept === null) return {};
    return Object.fromEntries(
      Object.entries(kept).filter((entry): entry is [string, Draft] => isDraft(entry[1])),
    );
  } catch {
    return {};
  }
}

function forgetEarlierVersions(): void {
  try {
    localStorage.removeItem(BEFORE);
  } catch {
    // Then there is nothing kept either.
  }
}

/** Whether something kept is a draft: another version of Halyard may have written it. */
function isDraft(kept: unknown): kept is Draft {
  if (typeof kept !== "object" || kept === null) return false;
  const { subject, name, revision, changes, was } = kept as Partial<Draft>;
  return (
    typeof subject === "object" &&
    typeof subject.kind === "string" &&
    typeof name === "string" &&
    typeof revision === "string" &&
    typeof was === "object" &&
    Array.isArray(changes) &&
    changes.every((change) => typeof change?.field === "string" && typeof change.to?.kind === "string")
  );
}

function without<T>(record: Record<string, T>, key: string): Record<string, T> {
  const { [key]: _, ...rest } = record;
  return rest;
}
