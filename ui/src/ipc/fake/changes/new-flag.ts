/** A flag that is made. */
import type { FlagSeed } from "../acme-flags";
import { failure } from "../errors";
import type { FakeConnection } from "../world";

/** Makes a flag in every environment: off, without a value. */
export function newFlag(connection: FakeConnection, key: string): void {
  if (connection.environments.some(({ flags }) => flags.has(key))) {
    const words =
      "Feature with that name already exists for this project. Note that feature names are case insensitive.";
    throw failure("input", "The service did not accept this.", {
      cause: words,
      next_step: "Choose another name. What you typed is still here.",
      field: "existence",
      said: [{ field: "name", label: "Name", words }],
    });
  }
  const seed: FlagSeed = {
    key,
    kind: "none",
    on: [false, false, false, false],
    tags: [],
    owner: "You",
    age: 0,
  };
  for (const { flags } of connection.environments) {
    flags.set(key, {
      seed,
      enabled: false,
      value: { kind: "none", text: "" },
      options: [],
      overrides: [],
      identities: new Map(),
      targeting: null,
      revision: 1,
      changedAt: Math.floor(Date.now() / 1000),
    });
  }
}
