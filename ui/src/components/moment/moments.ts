import type { MomentView } from "../../ipc/bindings";
import { whenWords } from "../../strings/time";

/** When a moment was, and its name where it has one. */
export function momentWords({ at, name }: MomentView, now: number): string {
  const when = whenWords(at, now);
  return name === null ? when : `${when}, ${name}`;
}
