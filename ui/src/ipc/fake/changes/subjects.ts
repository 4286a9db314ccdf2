/** What an edit can be about: its fields as the fake service holds them, and how they are written. */
import type { FieldEdit, FieldValueView, FieldView, SubjectIconView, SubjectView } from "../../bindings";
import { gone } from "../errors";
import type { FakeConnection, FakeEnvironment, FakeFlag } from "../world";
import {
  definitionFields,
  overrideFields,
  stateFields,
  writeDefinition,
  writeOverride,
  writeState,
} from "./flag-fields";
import {
  configFields,
  segmentFields,
  traitFields,
  writeConfig,
  writeSegment,
  writeTrait,
} from "./other-fields";
import { absent, become, overrideValue, sameField } from "./values";

/** A subject's fields by their paths; empty where it does not exist. */
export type Fields = Map<string, FieldView>;

/** Where a subject is. */
export interface Spot {
  connection: FakeConnection;
  environment: FakeEnvironment;
}

/** The fields of a subject as they are now. */
export function fieldsOf(spot: Spot, subject: SubjectView): Fields {
  return new Map(listOf(spot, subject).map((field) => [field.field, field]));
}

function listOf({ connection, environment }: Spot, subject: SubjectView): FieldView[] {
  switch (subject.kind) {
    case "flag_state":
      return stateFields(connection, environment.flags.get(subject.flag));
    case "identity_override":
      return overrideFields(environment.flags.get(subject.flag), subject.identity);
    case "flag":
      return definitionFields(connection, subject.flag);
    case "segment":
      return segmentFields(connection.segments.get(subject.segment));
    case "traits":
      return traitFields(connection.people.find((each) => each.identifier === subject.identity));
    case "config":
      return configFields(connection, connection.configs.get(subject.key));
  }
}

/** Writes one field; `null` is what is left of a subject that is deleted. */
export function write(spot: Spot, subject: SubjectView, field: string, to: FieldValueView): void {
  const { connection, environment } = spot;
  switch (subject.kind) {
    case "flag_state":
      return writeState(connection, flagOf(environment, subject.flag), field, to);
    case "identity_override":
      return writeOverride(flagOf(environment, subject.flag), subject.identity, field, to);
    case "flag":
      return writeDefinition(connection, subject.flag, field, to);
    case "segment":
      return writeSegment(connection, subject.segment, field, to);
    case "traits":
      return writeTrait(connection, subject.identity, field, to);
    case "config":
      return writeConfig(connection, subject.key, field, to);
  }
}

function flagOf(environment: FakeEnvironment, key: string): FakeFlag {
  const flag = environment.flags.get(key);
  if (!flag) throw gone(`The flag ${key}`);
  return flag;
}

/** What changes make of a subject's fields, by path. */
export function wishes(
  spot: Spot,
  subject: SubjectView,
  base: Fields,
  changes: FieldEdit[],
): Map<string, FieldValueView> {
  const wish = new Map<string, FieldValueView>();
  for (const { field, to } of changes) {
    const known = base.get(field) ?? inherited(base, field);
    wish.set(field, added(spot, base, field, to) ?? become(known, field, to));
  }
  return wish;
}

/** An override's weights begin as the flag's. */
function inherited(base: Fields, field: string): FieldView | null {
  return field.startsWith("override_weights:") ? (base.get("weights") ?? null) : null;
}

/** An override begins as the flag's own state. */
function added(spot: Spot, base: Fields, field: string, to: FieldEdit["to"]): FieldValueView | null {
  if (!field.startsWith("override:") || to.kind !== "text") return null;
  const enabled = base.get("enabled")?.value;
  const value = base.get("value")?.value;
  const weights = base.get("weights")?.value;
  const order = base.get("override_order")?.value;
  return overrideValue(
    enabled?.kind === "toggle" && enabled.on,
    value?.kind === "value" ? value.value : { kind: "none", text: "" },
    weights?.kind === "weights" ? weights.rows : [],
    order?.kind === "order" ? order.ids.length : 0,
  );
}

/** The fields in which two states differ: wholes without their parts, and parts without their whole. */
export function pathsOf(...states: ReadonlyMap<string, unknown>[]): string[] {
  const all = [...new Set(states.flatMap((state) => [...state.keys()]))];
  return all.sort((one, other) => rank(one) - rank(other));
}

function rank(field: string): number {
  const words = [
    "name",
    "enabled",
    "value",
    "weights",
    "options",
    "rules",
    "rollout",
    "description",
    "tag",
    "override",
  ];
  const at = words.indexOf(field.split(/[:_]/)[0] ?? "");
  return at < 0 ? words.length : at;
}

/** The segment whose override a part belongs to. */
export function overrideOf(field: string): string | null {
  return /^override_(?:enabled|value|weights):(.*)$/.exec(field)?.[1] ?? null;
}

/** A field's value, or what stands for one that is not there. */
export function valueIn(fields: ReadonlyMap<string, FieldView>, field: string): FieldValueView {
  return fields.get(field)?.value ?? absent(field.startsWith("override:") ? "No override" : "Not set");
}

/** Whether a subject is as it was. */
export function sameFields(one: Fields, other: Fields): boolean {
  return pathsOf(one, other).every((path) => sameField(valueIn(one, path), valueIn(other, path)));
}

/** Counts up what names a subject's state. */
export function bump(spot: Spot, subject: SubjectView, now: number): void {
  if (subject.kind === "flag_state") {
    const flag = flagOf(spot.environment, subject.flag);
    flag.revision += 1;
    flag.changedAt = now;
    return;
  }
  const { revisions } = spot.connection;
  const key = revisionKey(spot, subject);
  revisions.set(key, (revisions.get(key) ?? 1) + 1);
}

/** Names a subject's state. */
export function revisionOf(spot: Spot, subject: SubjectView): string {
  if (subject.kind === "flag_state") {
    return `${subject.flag}@${spot.environment.flags.get(subject.flag)?.revision ?? 0}`;
  }
  const key = revisionKey(spot, subject);
  return `${key}@${spot.connection.revisions.get(key) ?? 1}`;
}

function revisionKey({ environment }: Spot, subject: SubjectView): string {
  const { kind, ...rest } = subject;
  const inside = kind === "identity_override" ? [environment.key] : [];
  return [kind, ...inside, ...Object.values(rest)].join(" ");
}

/** It holds in every environment. */
export function isEverywhere(subject: SubjectView): boolean {
  return subject.kind !== "flag_state" && subject.kind !== "identity_override";
}

/** A subject's name for people. */
export function nameOf({ connection }: Spot, subject: SubjectView): string {
  switch (subject.kind) {
    case "flag_state":
    case "flag":
      return subject.flag;
    case "identity_override":
      return `${subject.flag} for ${subject.identity}`;
    case "segment":
      return connection.segments.get(subject.segment)?.name ?? subject.segment.replace(/^new:/, "");
    case "traits":
      return subject.identity;
    case "config":
      return subject.key;
  }
}

export function iconOf({ environment }: Spot, subject: SubjectView): SubjectIconView {
  if (subject.kind === "segment") return "segment";
  if (subject.kind === "traits" || subject.kind === "identity_override") return "identity";
  if (subject.kind === "config") return "config";
  const kind = environment.flags.get(subject.flag)?.seed.kind ?? "boolean";
  return kind === "none" ? "boolean" : kind;
}
