import { previewOf } from "../../pages/preview/preview.svelte";
import type { Session } from "../../state/session.svelte";
import { text } from "../../strings";

/**
 * Opens Preview for an identity with what is known about it: the traits of a persona, else those that the service
 * stores. Where nobody knows any, that is said, because its flags depend on them.
 */
export async function showIdentity(session: Session, identifier: string): Promise<void> {
  const { place, connection } = session;
  if (place === null || connection === null) return;
  const preview = previewOf(session);
  preview.clear();
  preview.traits = [];
  preview.identifier = identifier;
  preview.batch = false;
  session.go({ name: "preview" });
  const stillAsked = () => session.place === place && preview.identifier === identifier;
  const personas = await session.host.personas(place.connection).catch(() => []);
  const persona = personas.find((each) => each.identifier === identifier);
  if (!stillAsked()) return;
  if (persona !== undefined) return preview.pickPersona(place, connection.service, persona);
  const found = await session.host
    .findIdentities(place.connection, place.environment, identifier)
    .catch(() => []);
  const stored = found.find((each) => each.identifier === identifier);
  if (!stillAsked()) return;
  if (stored !== undefined) return preview.pick(place, stored);
  session.toasts.say(text.impact.unknownTraits(identifier), { kind: "note" });
}
