/** The named situations the fake host can start in. */
export const scenarios = [
  "first-run",
  "fresh",
  "ageing",
  "stale",
  "offline",
  "rate-limited",
  "conflict",
  "unknown-outcome",
  "staged",
  "changes",
  "no-keychain",
  "missing-key",
  "locked",
  "file",
  "empty",
  "many",
  "long-text",
  "wrong-key",
  "opened-file",
] as const;

/** One of the named situations. */
export type Scenario = (typeof scenarios)[number];

/** The scenario with a name, such as one from the page's address; `fresh` for none. */
export function scenarioNamed(name: string | null): Scenario {
  if (name === null || name === "") return "fresh";
  const found = scenarios.find((scenario) => scenario === name);
  if (!found) throw new Error(`There is no scenario ${name}. There are: ${scenarios.join(", ")}.`);
  return found;
}
