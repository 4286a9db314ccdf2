import { render, screen } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";

import type { PreviewRequest } from "../../../ipc/bindings";
import { fakeHost, type Scenario } from "../../../ipc/fake";
import { Session } from "../../../state/session.svelte";
import InSession from "./InSession.svelte";

/** Draws the page over a fake host, for tests. */
export async function open(
  scenario: Scenario = "fresh",
  place = { connection: "acme", environment: "production" },
) {
  const host = fakeHost(scenario);
  host.world.lastPlace = place;
  const session = new Session(host);
  const drawn = render(InSession, { session });
  const field = await screen.findByRole("combobox", { name: "Identity" });
  const asked = () =>
    host.calls
      .filter((call) => call.command === "preview")
      .map((call) => call.arguments[0] as PreviewRequest);
  const times = (command: string) => host.calls.filter((call) => call.command === command).length;
  return { host, session, field, asked, times, ...drawn };
}

/** Types an identity and waits for its result. */
export async function typeIdentity(field: HTMLElement, identifier = "u_48213") {
  await userEvent.type(field, identifier);
  return screen.findByRole("grid", { name: "What this identity gets" });
}

/** Picks the one identity that the drawings show, with what is stored for it. */
export async function pickLena(field: HTMLElement) {
  await userEvent.type(field, "lena");
  await screen.findByRole("option", { name: /u_48213/ });
  await userEvent.keyboard("{ArrowDown}{Enter}");
  // What was typed is an identity as well, so a result may be there before the traits are.
  await screen.findByText("9 decided by an override");
  return screen.getByRole("grid", { name: "What this identity gets" });
}

/** Filters the results, and answers the row of a flag. */
export async function filterTo(flag: string) {
  const filter = screen.getByRole("textbox", { name: "Filter results" });
  await userEvent.clear(filter);
  await userEvent.type(filter, flag);
  const key = await screen.findByText(flag);
  return key.closest<HTMLElement>("[role=row]") ?? key;
}
