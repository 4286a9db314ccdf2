/** Flags as fields: their state in an environment, what identities get, and what they are everywhere. */
import type { FieldValueView, FieldView, ValueView, WeightView } from "../../bindings";
import type { FlagSeed, OverrideSeed } from "../acme-flags";
import { failure } from "../errors";
import { idOfSegment, overrideView, weightViews } from "../weights";
import type { FakeConnection, FakeFlag } from "../world";
import { newFlag } from "./new-flag";
import { absent, orderValue, overrideValue, toggle, typed, weightsValue } from "./values";

function part(field: string, label: string, value: FieldValueView, note: string | null = null): FieldView {
  return { field, label, note, value };
}

/** A flag's state in an environment. */
export function stateFields(connection: FakeConnection, flag: FakeFlag | undefined): FieldView[] {
  if (!flag) return [];
  const all = [part("enabled", "State", toggle(flag.enabled)), part("value", "Value", typed(flag.value))];
  if (flag.options.length > 0) {
    all.push(
      part("weights", "Weights", weightsValue(weightViews(flag, flag.options)), "Environment default"),
    );
  }
  if (flag.targeting) {
    const { rules, rollout } = flag.targeting;
    all.push(part("has_targeting", "Own targeting", toggle(true, ["Yes", "No"]), "Targeting"));
    if (rules !== "") all.push(part("rules", "Rules", { kind: "json", text: rules }, "Targeting"));
    if (rollout !== "") all.push(part("rollout", "Rollout", { kind: "json", text: rollout }, "Targeting"));
  }
  all.push(...flag.overrides.flatMap((override, at) => partsOf(connection, flag, override, at)));
  if (connection.service === "flagsmith" && flag.overrides.length > 0) {
    const ids = flag.overrides.map(({ segment }) => idOfSegment(connection, segment));
    const order = orderValue(
      ids,
      flag.overrides.map(({ segment }) => segment),
    );
    all.push(part("override_order", "Order of overrides", order, "First match wins"));
  }
  return all;
}

function partsOf(
  connection: FakeConnection,
  flag: FakeFlag,
  override: OverrideSeed,
  at: number,
): FieldView[] {
  const view = overrideView(connection, flag, override);
  const id = view.segment_id;
  const note = `Override for ${view.segment}`;
  const whole = overrideValue(view.enabled, view.own_value, view.weights, at);
  return [
    part(`override:${id}`, view.segment, whole, "Segment override"),
    part(`override_enabled:${id}`, "State", toggle(view.enabled), note),
    part(`override_value:${id}`, "Value", typed(view.own_value), note),
    ...(view.weights.length === 0
      ? []
      : [part(`override_weights:${id}`, "Weights", weightsValue(view.weights), note)]),
  ];
}

export function writeState(
  connection: FakeConnection,
  flag: FakeFlag,
  field: string,
  to: FieldValueView,
): void {
  const id = field.split(":").slice(1).join(":");
  const own = flag.overrides.find(({ segment }) => idOfSegment(connection, segment) === id);
  if (field === "enabled") flag.enabled = to.kind === "toggle" && to.on;
  else if (field === "value") flag.value = valueOf(to);
  else if (field === "weights" && to.kind === "weights") flag.options = sharesOf(to.rows);
  else if (field === "has_targeting")
    flag.targeting = to.kind === "absent" ? null : { rules: "", rollout: "" };
  else if (field === "rules" && flag.targeting) flag.targeting.rules = textOf(to);
  else if (field === "rollout" && flag.targeting) flag.targeting.rollout = textOf(to);
  else if (field === "override_order" && to.kind === "order") reorder(connection, flag, to.ids);
  else if (field.startsWith("override:")) putOverride(connection, flag, id, to);
  else if (own && field.startsWith("override_enabled:")) own.enabled = to.kind === "toggle" && to.on;
  else if (own && field.startsWith("override_value:")) own.value = valueOf(to).text;
  else if (own && to.kind === "weights") own.weights = sharesOf(to.rows);
}

function putOverride(connection: FakeConnection, flag: FakeFlag, id: string, to: FieldValueView): void {
  const segment = connection.segments.get(id)?.name ?? id;
  const rest = flag.overrides.filter((each) => each.segment !== segment);
  if (to.kind !== "override") {
    flag.overrides = rest;
    return;
  }
  const weights = to.weights.length === 0 ? undefined : sharesOf(to.weights);
  const override: OverrideSeed = { segment, enabled: to.enabled, value: to.value.text, weights };
  flag.overrides = to.text.endsWith(", first") ? [override, ...rest] : [...rest, override];
}

function reorder(connection: FakeConnection, flag: FakeFlag, ids: string[]): void {
  const place = ({ segment }: OverrideSeed) => {
    const at = ids.indexOf(idOfSegment(connection, segment));
    return at < 0 ? ids.length : at;
  };
  flag.overrides = flag.overrides.toSorted((one, other) => place(one) - place(other));
}

/** What an identity gets of a flag. */
export function overrideFields(flag: FakeFlag | undefined, identity: string): FieldView[] {
  const own = flag?.identities.get(identity);
  if (!flag || !own) return [];
  const fields = [
    part("enabled", "State", toggle(own.enabled)),
    part("value", "Value", typed({ kind: flag.value.kind, text: own.value })),
  ];
  if (flag.options.length === 0) return fields;
  return [...fields, part("weights", "Weights", weightsValue(pinned(flag, own.value)))];
}

/** Shares for an identity that is pinned to one option. */
export function pinned(flag: FakeFlag, option: string): WeightView[] {
  return weightViews(
    flag,
    flag.options.map(({ label }) => ({ label, weight: label === option ? 100 : 0 })),
  );
}

export function writeOverride(flag: FakeFlag, identity: string, field: string, to: FieldValueView): void {
  if (field === "existence" && to.kind === "absent") {
    flag.identities.delete(identity);
    return;
  }
  const own = flag.identities.get(identity) ?? { enabled: flag.enabled, value: flag.value.text };
  if (field === "enabled") own.enabled = to.kind === "toggle" && to.on;
  if (field === "value") own.value = valueOf(to).text;
  if (to.kind === "weights") {
    own.value = to.rows.find(({ weight_basis_points }) => weight_basis_points > 5_000)?.label ?? own.value;
  }
  flag.identities.set(identity, own);
}

/** The seed of a flag, which all environments share. */
export function seedOf(connection: FakeConnection, flag: string): FlagSeed | null {
  return connection.environments[0]?.flags.get(flag)?.seed ?? null;
}

/** What a flag is in every environment. */
export function definitionFields(connection: FakeConnection, key: string): FieldView[] {
  const seed = seedOf(connection, key);
  const flag = connection.environments[0]?.flags.get(key);
  if (!seed || !flag) return [];
  const note = "All environments";
  const yes: [string, string] = ["Yes", "No"];
  const description = seed.description
    ? [part("description", "Description", { kind: "text", text: seed.description }, note)]
    : [];
  const tags = seed.tags.map((tag) => part(`tag:${tag}`, `Tag ${tag}`, { kind: "text", text: tag }, note));
  const options =
    flag.options.length === 0
      ? []
      : [part("options", "Options", weightsValue(weightViews(flag, flag.options).slice(1)), note)];
  return [
    ...description,
    ...tags,
    ...options,
    part("archived", "Archived", toggle(seed.archived ?? false, yes), note),
    part("server_only", "Server-side only", toggle(seed.serverOnly ?? false, yes), note),
  ];
}

export function writeDefinition(
  connection: FakeConnection,
  key: string,
  field: string,
  to: FieldValueView,
): void {
  if (field === "existence") {
    if (to.kind === "absent") for (const { flags } of connection.environments) flags.delete(key);
    else newFlag(connection, key);
    return;
  }
  const seed = seedOf(connection, key);
  if (!seed) throw failure("gone", `The flag ${key} is not there any more.`);
  const on = to.kind === "toggle" && to.on;
  if (field === "description") seed.description = textOf(to);
  if (field === "archived") seed.archived = on;
  if (field === "server_only") seed.serverOnly = on;
  if (field.startsWith("tag:")) {
    const tag = field.slice(4);
    const rest = seed.tags.filter((each) => each !== tag);
    seed.tags = to.kind === "absent" ? rest : [...rest, tag].sort();
  }
  for (const { flags } of connection.environments) {
    const flag = flags.get(key);
    if (!flag) continue;
    if (field === "enabled") flag.enabled = on;
    if (field === "value") {
      flag.value = valueOf(to);
      if (seed.kind !== "multivariate") seed.kind = flag.value.kind;
    }
    if (field === "options" && to.kind === "weights") {
      flag.options = sharesOf(to.rows);
      if (to.rows.length > 0) seed.kind = "multivariate";
    }
  }
}

function sharesOf(rows: WeightView[]): FakeFlag["options"] {
  return rows.flatMap(({ id, label, weight_basis_points }) =>
    id === null ? [] : [{ label, weight: weight_basis_points / 100 }],
  );
}

export function valueOf(to: FieldValueView): ValueView {
  return to.kind === "value" ? to.value : { kind: "none", text: "" };
}

export function textOf(to: FieldValueView): string {
  return to.kind === "text" || to.kind === "json" ? to.text : "";
}

/** What a flag that is not there begins with. */
export function flagToBegin(): FieldView[] {
  return [
    part("description", "Description", absent("No description"), "All environments"),
    part("enabled", "State", toggle(false), "In every environment, to begin with"),
    part("value", "Value", absent("No value"), "In every environment, to begin with"),
    part("options", "Options", absent("None"), "All environments"),
    part("server_only", "Server-side only", toggle(false, ["Yes", "No"]), "All environments"),
  ];
}
