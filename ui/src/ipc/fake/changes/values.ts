/** Values of fields: how they are made, compared, and what typing makes of them. */
import type {
  FieldInput,
  FieldValueView,
  FieldView,
  RuleView,
  ValueView,
  WeightInput,
  WeightView,
} from "../../bindings";
import { failure } from "../errors";
import { linesOf } from "../segments";

export type Value<Kind extends FieldValueView["kind"]> = Extract<FieldValueView, { kind: Kind }>;

export function absent(text = "Not set"): Value<"absent"> {
  return { kind: "absent", text };
}

export function toggle(on: boolean, words: [string, string] = ["On", "Off"]): Value<"toggle"> {
  return { kind: "toggle", on, text: on ? words[0] : words[1] };
}

export function typed(value: ValueView): FieldValueView {
  return value.kind === "none" ? absent("No value") : { kind: "value", value };
}

export function weightsValue(rows: WeightView[]): Value<"weights"> {
  return { kind: "weights", rows, text: rows.map(({ weight }) => weight).join(" / ") };
}

export function orderValue(ids: string[], names: string[]): Value<"order"> {
  return { kind: "order", ids, names };
}

export function rulesValue(rules: RuleView[]): Value<"rules"> {
  return { kind: "rules", rules, lines: linesOf(rules) };
}

export function overrideValue(
  enabled: boolean,
  value: ValueView,
  weights: WeightView[],
  place: number,
): Value<"override"> {
  const most = weights.find(({ weight_basis_points }) => weight_basis_points === 10_000);
  const gives = most?.label ?? value.text;
  const parts = [enabled ? "on" : "off", gives, place === 0 ? "first" : ""];
  return { kind: "override", enabled, value, weights, text: parts.filter((part) => part !== "").join(", ") };
}

export function sameField(one: FieldValueView, other: FieldValueView): boolean {
  return JSON.stringify(plain(one)) === JSON.stringify(plain(other));
}

/** What counts of a value. */
function plain(value: FieldValueView): unknown {
  switch (value.kind) {
    case "absent":
      return null;
    case "toggle":
      return value.on;
    case "weights":
      return value.rows.map(({ id, weight_basis_points }) => [id, weight_basis_points]);
    case "override":
      return [value.enabled, value.value.text, value.weights.map(({ weight }) => weight)];
    case "order":
      return value.ids;
    case "rules":
      return value.rules;
    case "tags":
      return value.labels;
    default:
      return value;
  }
}

/** Weights as typed; control takes the rest. */
export function weighed(known: WeightView[], rows: WeightInput[]): WeightView[] {
  const changed = known.map((row) => {
    const given = rows.find(({ id }) => id === row.id);
    return given === undefined ? row : share(row, percent(given.weight));
  });
  const sum = changed.reduce((all, row) => all + (row.id === null ? 0 : row.weight_basis_points), 0);
  if (sum > 10_000) throw refused("weights", "Multivariate feature state values percentage exceed 100.");
  return changed.map((row) => (row.id === null ? share(row, (10_000 - sum) / 100) : row));
}

function share(row: WeightView, weight: number): WeightView {
  return { ...row, weight: String(weight), weight_basis_points: Math.round(weight * 100) };
}

function percent(text: string): number {
  const number = Number(text.replace("%", "").replace(",", ".").trim());
  if (!Number.isFinite(number) || number < 0 || number > 100) {
    throw failure("input", "A weight is a number from 0 to 100.", { field: "weights" });
  }
  return number;
}

/** A refusal in the service's own words. */
export function refused(field: string, words: string) {
  return failure("input", "The service did not accept this.", {
    cause: words,
    next_step: "Change what it names and try again. What you typed is still here.",
    field,
    said: [{ field, label: null, words }],
  });
}

/** What a field becomes by what was typed. */
export function become(known: FieldView | null, field: string, to: FieldInput): FieldValueView {
  switch (to.kind) {
    case "unset":
      return absent(field.startsWith("override:") ? "No override" : "Not set");
    case "set":
      return field.startsWith("tag:") ? { kind: "text", text: field.slice(4) } : toggle(true, ["Yes", "No"]);
    case "toggle":
      return toggle(to.on, known?.value.kind === "toggle" ? wordsOf(known.value) : undefined);
    case "value":
      if (to.value.kind === "number" && !Number.isFinite(Number(to.value.text))) {
        throw failure("input", "This is not a number.", { field });
      }
      if (to.value.text.length > 20_000)
        throw refused(field, "Value exceeds the maximum size of 20000 bytes.");
      return typed(to.value);
    case "weights":
      return weightsValue(weighed(known?.value.kind === "weights" ? known.value.rows : [], to.rows));
    case "options": {
      const rows = to.rows.map((row, at): WeightView => {
        const label = row.key === "" ? row.value.text : row.key;
        const view = { id: row.id ?? `option-${label}-${at}`, label, value: row.value };
        return share({ ...view, weight: "", weight_basis_points: 0 }, percent(row.weight));
      });
      return weightsValue(rows);
    }
    case "order":
      return orderValue(to.ids, namesFor(known, to.ids));
    case "rules":
      return rulesValue(to.rules);
    case "text":
      return to.text === "" ? absent() : { kind: "text", text: to.text };
    case "json":
      return { kind: "json", text: to.text };
  }
}

function wordsOf(value: Value<"toggle">): [string, string] {
  return value.text === "Yes" || value.text === "No" ? ["Yes", "No"] : ["On", "Off"];
}

function namesFor(known: FieldView | null, ids: string[]): string[] {
  if (known?.value.kind !== "order") return ids;
  const { ids: were, names } = known.value;
  return ids.map((id) => names[were.indexOf(id)] ?? id);
}
