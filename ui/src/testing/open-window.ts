import { render, screen } from "@testing-library/svelte";

import App from "../App.svelte";
import { type FakeHost, fakeHost, type Scenario } from "../ipc/fake";
import { setHost } from "../ipc/host";

/** Draws the whole window over a fake host and waits for its first answer. */
export async function openWindow(scenario: Scenario = "fresh", environment = "staging"): Promise<FakeHost> {
  const host = fakeHost(scenario);
  if (host.world.connections.length > 0) host.world.lastPlace = { connection: "acme", environment };
  setHost(host);
  render(App);
  if (scenario === "first-run") await screen.findByText("Welcome to Halyard");
  else if (scenario === "locked") await screen.findByText("The local copy is locked");
  else await screen.findByRole("navigation");
  return host;
}

/** The arguments of every call of a command, in order. */
export function callsOf(host: FakeHost, command: FakeHost["calls"][number]["command"]): unknown[][] {
  return host.calls.filter((call) => call.command === command).map((call) => call.arguments);
}
