/** Segments, traits and configs as fields. */
import type { FieldValueView, FieldView } from "../../bindings";
import { gone } from "../errors";
import type { Person } from "../people";
import type { FakeSegment } from "../segments";
import type { FakeConfig, FakeConnection } from "../world";
import { absent, rulesValue, typed } from "./values";

export function segmentFields(segment: FakeSegment | undefined): FieldView[] {
  if (!segment) return [];
  const { name, description, rules } = segment;
  return [
    { field: "name", label: "Name", note: null, value: { kind: "text", text: name } },
    ...(description === null
      ? []
      : [
          {
            field: "description",
            label: "Description",
            note: null,
            value: { kind: "text" as const, text: description },
          },
        ]),
    { field: "rules", label: "Rules", note: null, value: rulesValue(rules) },
  ];
}

export function writeSegment(
  connection: FakeConnection,
  id: string,
  field: string,
  to: FieldValueView,
): void {
  const { segments } = connection;
  if (field === "existence" && to.kind === "absent") {
    segments.delete(id);
    return;
  }
  const begun: FakeSegment = {
    id: idFor(connection, id),
    name: id.replace(/^new:/, ""),
    description: null,
    rules: [],
  };
  const made = segments.get(id) ?? [...segments.values()].find(({ name }) => `new:${name}` === id) ?? begun;
  segments.set(made.id, made);
  if (field === "name" && to.kind === "text") made.name = to.text;
  if (field === "description") made.description = to.kind === "text" ? to.text : null;
  if (field === "rules" && to.kind === "rules") made.rules = to.rules;
}

function idFor({ segments, service }: FakeConnection, id: string): string {
  if (!id.startsWith("new:")) return id;
  return service === "flagsmith" ? String(100 + segments.size) : id.slice(4);
}

export function traitFields(person: Person | undefined): FieldView[] {
  return (person?.traits ?? []).map(({ name, kind, text }) => ({
    field: `trait:${name}`,
    label: name,
    note: "Trait",
    value: typed({ kind, text }),
  }));
}

export function writeTrait(
  connection: FakeConnection,
  identity: string,
  field: string,
  to: FieldValueView,
): void {
  const known = connection.people.find((each) => each.identifier === identity);
  const person = known ?? { id: `new-${identity}`, identifier: identity, alias: null, traits: [] };
  if (!known) connection.people.push(person);
  const name = field.replace(/^trait:/, "");
  const at = person.traits.findIndex((trait) => trait.name === name);
  if (to.kind !== "value") {
    person.traits = person.traits.filter((trait) => trait.name !== name);
    return;
  }
  const { kind, text } = to.value;
  const trait = { name, kind: kind === "number" || kind === "boolean" ? kind : ("text" as const), text };
  person.traits = at < 0 ? [...person.traits, trait] : person.traits.with(at, trait);
}

export function configFields(connection: FakeConnection, config: FakeConfig | undefined): FieldView[] {
  if (!config) return [];
  const own = [...config.environments].map(([key, value]) => ({
    field: `environment_value:${key}`,
    label: connection.environments.find((each) => each.key === key)?.name ?? key,
    note: "This environment alone",
    value: typed(value),
  }));
  return [{ field: "value", label: "Value", note: "Everywhere else", value: typed(config.value) }, ...own];
}

export function writeConfig(
  connection: FakeConnection,
  key: string,
  field: string,
  to: FieldValueView,
): void {
  if (field === "existence" && to.kind === "absent") {
    connection.configs.delete(key);
    return;
  }
  const config = connection.configs.get(key) ?? {
    value: { kind: "none", text: "" },
    environments: new Map(),
  };
  connection.configs.set(key, config);
  const value = to.kind === "value" ? to.value : null;
  if (field === "value") {
    if (value === null) throw gone("The value");
    config.value = value;
  }
  const environment = /^environment_value:(.*)$/.exec(field)?.[1];
  if (environment === undefined) return;
  if (value === null) config.environments.delete(environment);
  else config.environments.set(environment, value);
}

/** What a segment that is not there begins with. */
export function segmentToBegin(name: string, nested: boolean): FieldView[] {
  const below = { kind: "any" as const, conditions: [], rules: [] };
  const rules = [{ kind: "all" as const, conditions: [], rules: nested ? [below] : [] }];
  return [
    { field: "name", label: "Name", note: null, value: { kind: "text", text: name } },
    { field: "description", label: "Description", note: null, value: absent("No description") },
    { field: "rules", label: "Rules", note: null, value: rulesValue(rules) },
  ];
}
