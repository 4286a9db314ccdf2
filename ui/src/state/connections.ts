import type { ConnectionView } from "../ipc/bindings";
import { text } from "../strings";

/**
 * A connection's name, with what tells it apart where another has the same one: its service, or its address
 * where that is the same, too.
 */
export function distinctName(connection: ConnectionView, all: ConnectionView[]): string {
  const namesakes = all.filter((other) => other.id !== connection.id && other.name === connection.name);
  if (namesakes.length === 0) return connection.name;
  const sameService = namesakes.some((other) => other.service === connection.service);
  const apart = sameService ? connection.address : text.frame.services[connection.service];
  return `${connection.name} (${apart})`;
}
