import type { EnvironmentView } from "../ipc/bindings";
import { text } from "../strings";

/** Why nothing can be written to an environment, in a sentence; null where it can. */
export function whyReadOnly(environment: EnvironmentView): string | null {
  const chosen = environment.protection === "read_only" ? text.edits.readOnly(environment.name) : null;
  return environment.read_only ?? chosen;
}
