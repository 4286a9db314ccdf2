import type { FieldEdit, FieldInput, FieldValueView, SubjectView, ValueView } from "../ipc/bindings";
import { text } from "../strings";
import { sameValue, whyInvalid } from "./values";

/** A subject as a key: two with the same one are the same subject. */
export function subjectKey(subject: SubjectView): string {
  switch (subject.kind) {
    case "flag_state":
    case "flag":
      return `${subject.kind}\u0000${subject.flag}`;
    case "identity_override":
      return `${subject.kind}\u0000${subject.flag}\u0000${subject.identity}`;
    case "segment":
      return `${subject.kind}\u0000${subject.segment}`;
    case "traits":
      return `${subject.kind}\u0000${subject.identity}`;
    case "config":
      return `${subject.kind}\u0000${subject.key}`;
  }
}

export function sameSubject(one: SubjectView, other: SubjectView): boolean {
  return subjectKey(one) === subjectKey(other);
}

/** The flag that a subject is about; null where it is about none. */
export function flagOf(subject: SubjectView): string | null {
  return "flag" in subject ? subject.flag : null;
}

/** A subject in a word or two, where its name for people is not at hand. */
export function subjectWords(subject: SubjectView): string {
  switch (subject.kind) {
    case "flag_state":
    case "flag":
      return subject.flag;
    case "identity_override":
      return text.fields.overrideFor(subject.flag, subject.identity);
    case "segment":
      return subject.segment.replace(/^new:/, "");
    case "traits":
      return subject.identity;
    case "config":
      return subject.key;
  }
}

export function flagState(flag: string): SubjectView {
  return { kind: "flag_state", flag };
}

/** Turns a flag on or off. */
export function turn(on: boolean): FieldEdit {
  return { field: "enabled", to: { kind: "toggle", on } };
}

/** Replaces a flag's value. */
export function replace(value: ValueView): FieldEdit {
  return { field: "value", to: { kind: "value", value } };
}

/** What changes make of the state; null where they leave it. */
export function turnedIn(changes: FieldEdit[]): boolean | null {
  const to = changes.find(({ field }) => field === "enabled")?.to;
  return to?.kind === "toggle" ? to.on : null;
}

/** What changes make of the value; null where they leave it. */
export function replacedIn(changes: FieldEdit[]): ValueView | null {
  const to = changes.find(({ field }) => field === "value")?.to;
  return to?.kind === "value" ? to.value : null;
}

/** Whether two inputs ask for the same. */
export function sameInput(one: FieldInput, other: FieldInput): boolean {
  if (one.kind === "value" && other.kind === "value") return sameValue(one.value, other.value);
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What an input would have to be to leave a field as it is; null where only an edit can say. */
export function inputOf(value: FieldValueView): FieldInput | null {
  switch (value.kind) {
    case "absent":
      return { kind: "unset" };
    case "toggle":
      return { kind: "toggle", on: value.on };
    case "value":
      return { kind: "value", value: value.value };
    case "weights":
      return {
        kind: "weights",
        rows: value.rows.flatMap(({ id, weight }) => (id === null ? [] : [{ id, weight }])),
      };
    case "order":
      return { kind: "order", ids: value.ids };
    case "rules":
      return { kind: "rules", rules: value.rules };
    case "text":
      return { kind: "text", text: value.text };
    case "json":
      return { kind: "json", text: value.text };
    case "override":
    case "tags":
      return null;
  }
}

const PERCENT = /^\d{1,3}([.,]\d{1,4})?$/;

/** A typed share in percent; null when it is none. */
export function percentOf(typed: string): number | null {
  const text = typed.trim().replace(/\s*%$/, "");
  if (!PERCENT.test(text)) return null;
  const number = Number(text.replace(",", "."));
  return number <= 100 ? number : null;
}

/** Why an input cannot be sent, in a sentence; null when it can. */
export function whyNot(to: FieldInput): string | null {
  switch (to.kind) {
    case "value":
      return whyInvalid(to.value);
    case "json":
      return whyInvalid({ kind: "json", text: to.text });
    case "weights":
    case "options": {
      const shares = to.rows.map(({ weight }) => percentOf(weight));
      if (shares.includes(null)) return text.fields.notPercent;
      const sum = shares.reduce<number>((all, share) => all + (share ?? 0), 0);
      // A hundredth of a percent is the finest share there is.
      return sum > 100.005 ? text.fields.tooMuch(Math.round(sum * 100) / 100) : null;
    }
    default:
      return null;
  }
}

/** An input in a few words. */
export function inWords(to: FieldInput): string {
  const words = text.fields;
  switch (to.kind) {
    case "unset":
      return words.unset;
    case "set":
      return words.set;
    case "toggle":
      return to.on ? text.shared.on : text.shared.off;
    case "value":
      return valueInWords(to.value);
    case "weights":
    case "options":
      return to.rows.map(({ weight }) => weight).join(" / ");
    case "order":
      return words.order(to.ids.length);
    case "rules":
      return words.rules(to.rules.length);
    case "text":
    case "json":
      return to.text === "" ? text.shared.emptyText : to.text;
  }
}

function valueInWords(value: ValueView): string {
  if (value.kind === "none") return text.shared.noValue;
  return value.text === "" ? text.shared.emptyText : value.text;
}

/** A field's value in a few words. */
export function valueWords(value: FieldValueView): string {
  switch (value.kind) {
    case "value":
      return valueInWords(value.value);
    case "order":
      return value.names.join(", ");
    case "tags":
      return value.labels.length === 0 ? text.shared.noValue : value.labels.join(", ");
    case "rules":
      return value.lines.join("\n");
    case "text":
    case "json":
      return value.text === "" ? text.shared.emptyText : value.text;
    default:
      return value.text;
  }
}
