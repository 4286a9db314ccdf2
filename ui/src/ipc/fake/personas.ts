/** Identities kept by name, each connection its own. */
import type { PersonaView } from "../bindings";
import { failure, gone } from "./errors";
import { people } from "./people";
import type { FakeConnection } from "./world";

/** The personas of a fake host. */
export class FakePersonas {
  readonly #kept = new Map<string, PersonaView[]>();
  #count = 0;

  /** Those of a connection, in the order they were kept. */
  of(connection: FakeConnection): PersonaView[] {
    const kept = this.#kept.get(connection.id) ?? first(connection);
    this.#kept.set(connection.id, kept);
    return kept;
  }

  /** Keeps one; a name is kept once. */
  save(connection: FakeConnection, persona: PersonaView): PersonaView {
    const kept = this.of(connection);
    const name = persona.name.trim();
    if (name === "") throw failure("input", "A persona needs a name.", { field: "name" });
    const twin = kept.find((other) => other.id !== persona.id && other.name === name);
    if (twin) throw failure("input", `There is a persona called ${name}.`, { field: "name" });
    if (persona.id === "") {
      this.#count += 1;
      const made = { ...structuredClone(persona), name, id: `persona-new-${this.#count}` };
      this.#kept.set(connection.id, [...kept, made]);
      return made;
    }
    if (!kept.some((other) => other.id === persona.id)) throw gone("The persona");
    const changed = { ...structuredClone(persona), name };
    this.#kept.set(
      connection.id,
      kept.map((other) => (other.id === persona.id ? changed : other)),
    );
    return changed;
  }

  delete(connection: FakeConnection, id: string): void {
    this.#kept.set(
      connection.id,
      this.of(connection).filter((other) => other.id !== id),
    );
  }
}

/** The ones that are there from the start: those identities that have a name. */
function first(connection: FakeConnection): PersonaView[] {
  if (connection.service !== "flagsmith") return [];
  return ["Lena, Berlin", "New visitor", "VIP, Paris"].flatMap((name) => {
    const person = people.find((each) => each.alias === name);
    if (!person) return [];
    return [
      {
        id: `persona-${person.id}`,
        name,
        identifier: person.identifier,
        traits: structuredClone(person.traits),
      },
    ];
  });
}
