/** Stands in for the shell in a plain browser (`?scenario=stale`) and in tests; never part of the built app. */
import type { Host } from "../host";
import { situations } from "./health-views";
import { type FakeHost, type FakeOptions, makeFakeHost } from "./host";
import { scenarioNamed, type Scenario, scenarios } from "./scenarios";

export { type Fate, refusal } from "./changes/store";
export { failure } from "./errors";
export { type FakeHost, type FakeOptions, type Scenario, scenarios };

/** A fake host in a named scenario. */
export function fakeHost(
  scenario: Scenario = "fresh",
  options: Omit<FakeOptions, "scenario"> = {},
): FakeHost {
  return makeFakeHost({ ...options, scenario });
}

/** The fake host that the page's address asks for, with answers that take a moment (`?latency=0`: none;
 * `?health=incident`: what Health shows). */
export function fakeHostForBrowser(search: string): Host {
  const asked = new URLSearchParams(search);
  const scenario = scenarioNamed(asked.get("scenario"));
  const health = situations.find((each) => each === asked.get("health"));
  const host = fakeHost(scenario, { latency: Number(asked.get("latency") ?? 60), health });
  // Stands in for the publishing in the background.
  setInterval(() => host.step(), 900);
  // Stands in for the background refresh, in the scenarios where the service answers.
  const still: Scenario[] = ["ageing", "stale", "offline", "rate-limited", "missing-key"];
  if (!still.includes(scenario)) {
    setInterval(() => host.ask(1 + (Date.now() % 3)), 4000);
    setInterval(() => {
      for (const connection of host.world.connections) {
        for (const environment of connection.environments) {
          void host.refresh(connection.id, environment.key).catch(() => null);
        }
      }
    }, 30_000);
  }
  return host;
}
