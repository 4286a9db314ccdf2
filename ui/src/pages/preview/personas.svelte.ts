import type { PersonaView, TraitView } from "../../ipc/bindings";
import { asHostError, type Host, type HostError } from "../../ipc/host";
import { outliving } from "../../state/outliving.svelte";

const USES = "halyard.persona-uses";
/** How many are offered without opening the list. */
const OFFERED = 3;

/** Identities kept by name, of the connection on screen. */
export class Personas {
  all = $state.raw<PersonaView[]>([]);
  error = $state.raw<HostError | null>(null);
  #uses = $state.raw<Record<string, number>>(readUses());
  #connection: string | null = null;

  /** The most used ones, in the order they were kept where they are used alike. */
  readonly offered: PersonaView[] = $derived(
    this.all.toSorted((one, other) => this.#used(other) - this.#used(one)).slice(0, OFFERED),
  );

  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  async read(connection: string): Promise<void> {
    if (this.#connection !== connection) this.all = [];
    this.#connection = connection;
    try {
      const all = await this.#host.personas(connection);
      if (this.#connection !== connection) return;
      this.all = all;
      this.error = null;
    } catch (thrown) {
      if (this.#connection === connection) this.error = asHostError(thrown);
    }
  }

  /** Keeps a new one under a name, or an old one under another. Answers why it could not. */
  async keep(persona: PersonaView): Promise<HostError | null> {
    return this.#change((connection) => this.#host.savePersona(connection, persona));
  }

  async delete(id: string): Promise<HostError | null> {
    return this.#change((connection) => this.#host.deletePersona(connection, id));
  }

  /** One was picked: it comes nearer to the front. */
  used(persona: PersonaView): void {
    this.#uses = { ...this.#uses, [persona.id]: this.#used(persona) + 1 };
    try {
      localStorage.setItem(USES, JSON.stringify(this.#uses));
    } catch {
      // Without storage the order holds until the window closes.
    }
  }

  #used(persona: PersonaView): number {
    return this.#uses[persona.id] ?? 0;
  }

  async #change(act: (connection: string) => Promise<unknown>): Promise<HostError | null> {
    const connection = this.#connection;
    if (connection === null) return null;
    try {
      await act(connection);
    } catch (thrown) {
      return asHostError(thrown);
    }
    await this.read(connection);
    return null;
  }
}

/** Whether a persona is what is on screen. */
export function isShown(persona: PersonaView, identifier: string, traits: TraitView[]): boolean {
  if (persona.identifier !== identifier || persona.traits.length !== traits.length) return false;
  return persona.traits.every((kept) =>
    traits.some((trait) => trait.name === kept.name && trait.kind === kept.kind && trait.text === kept.text),
  );
}

function readUses(): Record<string, number> {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(USES) ?? "{}");
    if (typeof read !== "object" || read === null) return {};
    return Object.fromEntries(
      Object.entries(read).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
    );
  } catch {
    return {};
  }
}

/** The personas of a session. */
export const personasOf = outliving((session) => new Personas(session.host));
