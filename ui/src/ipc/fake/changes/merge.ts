/** Edits field by field: what they change, and how they meet somebody else's changes. */
import type {
  ChoiceView,
  ConflictFieldView,
  ConflictView,
  FieldChangeView,
  FieldEdit,
  FieldValueView,
  FieldView,
  MergedHowView,
} from "../../bindings";
import type { FakeEdit } from "./edit";
import { type Fields, fieldsOf, nameOf, overrideOf, pathsOf, type Spot, valueIn, wishes } from "./subjects";
import { absent, become, sameField } from "./values";

/** What an edit makes of its base, by path. */
export function wishOf(spot: Spot, edit: FakeEdit): Map<string, FieldValueView> {
  return wishes(spot, edit.subject, edit.base, edit.changes);
}

/** What an edit changes, one row each. */
export function changesOf(spot: Spot, edit: FakeEdit): FieldChangeView[] {
  const wish = wishOf(spot, edit);
  return pathsOf(wish).flatMap((field) => {
    const before = valueIn(edit.base, field);
    const after = wish.get(field) ?? absent();
    const whole = overrideOf(field);
    if (whole !== null && wish.get(`override:${whole}`)?.kind === "absent") return [];
    if (sameField(before, after)) return [];
    return [narrowed({ ...named(spot, edit.base, field), before, after })];
  });
}

/** Where one key of a JSON object changes, only that is shown. */
function narrowed(change: FieldChangeView): FieldChangeView {
  const [before, after] = [objectIn(change.before), objectIn(change.after)];
  if (before === null || after === null) return change;
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const other = keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  const [key] = other;
  if (key === undefined || other.length > 1) return change;
  const json = (value: unknown): FieldValueView =>
    value === undefined ? absent() : { kind: "json", text: JSON.stringify(value) };
  return {
    ...change,
    label: `${change.label}, key ${key}`,
    before: json(before[key]),
    after: json(after[key]),
  };
}

function objectIn(value: FieldValueView): Record<string, unknown> | null {
  if (value.kind !== "value" || value.value.kind !== "json") return null;
  try {
    const parsed: unknown = JSON.parse(value.value.text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** A field's names for people. */
export function named(
  { connection }: Spot,
  known: Fields,
  field: string,
): Pick<FieldView, "field" | "label" | "note"> {
  const found = known.get(field);
  if (found) return { field, label: found.label, note: found.note };
  const [word = "", ...rest] = field.split(":");
  const key = rest.join(":");
  const segment = connection.segments.get(key)?.name ?? key;
  if (word === "override") return { field, label: segment, note: "Segment override" };
  if (word.startsWith("override_")) {
    return { field, label: words[word.slice(9)] ?? word, note: `Override for ${segment}` };
  }
  if (word === "tag") return { field, label: `Tag ${key}`, note: "All environments" };
  if (word === "trait") return { field, label: key, note: "Trait" };
  if (word === "environment_value") {
    const environment = connection.environments.find((each) => each.key === key)?.name ?? key;
    return { field, label: environment, note: "This environment alone" };
  }
  return { field, label: words[word] ?? word, note: null };
}

const words: Record<string, string> = {
  existence: "Exists",
  name: "Name",
  description: "Description",
  enabled: "State",
  value: "Value",
  weights: "Weights",
  options: "Options",
  order: "Order of overrides",
  archived: "Archived",
  server_only: "Server-side only",
  rules: "Rules",
  rollout: "Rollout",
};

/** How an edit meets what is there now. */
export function meet(spot: Spot, edit: FakeEdit, choices: ChoiceView[]): ConflictFieldView[] {
  const wish = wishOf(spot, edit);
  const theirs = fieldsOf(spot, edit.subject);
  const rows = pathsOf(edit.base, theirs, wish).flatMap((field) => {
    const whole = overrideOf(field);
    if (whole !== null && added(edit, theirs, wish, `override:${whole}`)) return [];
    if (field.startsWith("override:") && !added(edit, theirs, wish, field)) return [];
    if (field === "override_order" && !sameOverrides(edit.base, theirs)) return [];
    const row = rowOf(spot, edit, field, theirs, wish, choices);
    return row === null ? [] : [row];
  });
  const beside = edit.beside.filter(({ field }) => !rows.some((row) => row.field === field));
  return [...rows, ...beside].sort((one, other) => contestedFirst(one) - contestedFirst(other));
}

function contestedFirst({ how }: ConflictFieldView): number {
  return how === "contested" || how === "decided" ? 0 : 1;
}

/** An override that is not there on each side is one field, not three. */
function added(edit: FakeEdit, theirs: Fields, wish: Map<string, FieldValueView>, field: string): boolean {
  const mine = wish.get(field);
  const there = [
    edit.base.has(field),
    theirs.has(field),
    mine === undefined ? edit.base.has(field) : mine.kind !== "absent",
  ];
  return new Set(there).size > 1;
}

function sameOverrides(base: Fields, theirs: Fields): boolean {
  const ids = (fields: Fields) =>
    [...fields.keys()]
      .filter((path) => path.startsWith("override:"))
      .sort()
      .join();
  return ids(base) === ids(theirs);
}

function rowOf(
  spot: Spot,
  edit: FakeEdit,
  field: string,
  theirsFields: Fields,
  wish: Map<string, FieldValueView>,
  choices: ChoiceView[],
): ConflictFieldView | null {
  const base = valueIn(edit.base, field);
  const theirs = valueIn(theirsFields, field);
  const mine = wish.get(field) ?? base;
  const moved = { theirs: !sameField(theirs, base), mine: !sameField(mine, base) };
  if (!moved.theirs && !moved.mine) return null;
  const row = {
    ...named(spot, theirsFields.has(field) ? theirsFields : edit.base, field),
    why: field.endsWith("weights") ? "One field, because it must add up to 100%." : null,
    base,
    theirs,
    mine,
    editable: mine.kind !== "override" && theirs.kind !== "override",
  };
  const settled = (how: MergedHowView, merged: FieldValueView): ConflictFieldView => ({
    ...row,
    how,
    merged,
  });
  if (!moved.mine) return settled("theirs", theirs);
  if (!moved.theirs) return settled("mine", mine);
  if (sameField(mine, theirs)) return settled("both", mine);
  const choice = choices.find((each) => each.field === field)?.side;
  if (choice === undefined) return settled("contested", theirs);
  const known = theirsFields.get(field) ?? edit.base.get(field) ?? null;
  if (choice.side === "edited") return settled("decided", become(known, field, choice.to));
  return settled("decided", choice.side === "mine" ? mine : theirs);
}

/** What is written: mine laid over theirs, as it was decided. */
export function mergedChanges(rows: ConflictFieldView[], edit: FakeEdit, choices: ChoiceView[]): FieldEdit[] {
  return rows.flatMap(({ field, how, theirs, merged }) => {
    if (how === "theirs" || sameField(merged, theirs)) return [];
    const choice = choices.find((each) => each.field === field)?.side;
    if (choice?.side === "edited") return [{ field, to: choice.to }];
    const mine = edit.changes.find((change) => change.field === field);
    return mine === undefined ? [] : [mine];
  });
}

/** A conflict as the resolver shows it. */
export function conflictOf(
  spot: Spot,
  edit: FakeEdit,
  changeSet: string | null,
  choices: ChoiceView[],
): ConflictView {
  const fields = meet(spot, edit, choices);
  const { connection, environment } = spot;
  const sent = edit.status.status === "conflict" && edit.status.already_sent;
  const name = nameOf(spot, edit.subject);
  const touched = new Set(fields.map(({ field }) => field));
  const counts = environment.versioned || connection.service === "edge_flags";
  return {
    edit: edit.id,
    connection: connection.id,
    environment: environment.key,
    environment_name: environment.name,
    subject: edit.subject,
    name,
    change_set: changeSet,
    sentence: `Maya Lindqvist changed this ${thing(edit)} after your edit began. ${sent ? "Yours had been sent before that was seen." : "Nothing of yours has been sent."}`,
    already_sent: sent,
    live: "theirs",
    base_label: counts ? `Version 40, {${edit.at}}, where you began` : `Read {${edit.at}}, where you began`,
    theirs_label: counts ? `Version 41, {${edit.at + 60}}, Maya Lindqvist` : "What the service holds now",
    mine_label: changeSet === null ? "What your edit asks for" : `Staged {${edit.at}} in ${changeSet}`,
    merged_label: counts ? "Will be version 42" : "What is written",
    fields,
    unchanged: [...edit.base.values()]
      .filter(({ field }) => !touched.has(field) && overrideOf(field) === null)
      .map(({ label }) => label.toLowerCase()),
    contested: fields.filter(({ how }) => how === "contested").length,
    precondition: counts
      ? "Written only if version 41 is still the latest. Otherwise you come back here."
      : "Read again just before it is written. If somebody changed it again, you come back here.",
    rounds: edit.rounds,
  };
}

function thing({ subject }: FakeEdit): string {
  if (subject.kind === "segment" || subject.kind === "config") return subject.kind;
  return subject.kind === "traits" ? "identity" : "flag";
}
