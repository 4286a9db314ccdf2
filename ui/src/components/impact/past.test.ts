import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import type { ImpactRequest } from "../../ipc/bindings";
import { type FakeHost, failure } from "../../ipc/fake";
import { callsOf, openWindow } from "../../testing/open-window";

const CAUTION = /^Nothing is sent to the past: what is published changes Production as it is now\.$/;

function clipboard() {
  const writeText = vi.fn((_: string) => Promise.resolve());
  Object.defineProperty(navigator, "clipboard", { value: { writeText }, configurable: true });
  return writeText;
}
async function openFlag(flag: string) {
  await userEvent.click(await screen.findByText(flag, { selector: ".key" }));
  const panel = await screen.findByRole("complementary", { name: `Details of ${flag}` });
  return within(panel).findByRole("region", { name: "Who gets what" });
}
async function typeValue(value: string) {
  const field = screen.getByRole("textbox", { name: "Value" });
  await userEvent.clear(field);
  await userEvent.type(field, value);
}
/** Chooses one of the moments that are offered, by its title. */
async function choose(region: HTMLElement, title: RegExp) {
  await userEvent.click(await within(region).findByRole("button", { name: /Against a moment/ }));
  const dialog = await screen.findByRole("dialog", { name: "Evaluate at a moment" });
  await userEvent.click((await within(dialog).findAllByRole("button", { name: title }))[0] as HTMLElement);
}
const asked = (host: FakeHost) => callsOf(host, "impact").at(-1)?.[0] as ImpactRequest;
async function momentOf(host: FakeHost, environment: string, title: string) {
  const { moments } = await host.timeline({
    connection: "acme",
    environments: [environment],
    pinned_only: false,
    before: null,
    limit: 500,
  });
  return moments.find((moment) => moment.title === title);
}

describe("the impact of a draft at a moment", () => {
  it("is of what was there then, says which moment and how old, until now is wanted again", async () => {
    const host = await openWindow("fresh", "production");
    const region = await openFlag("free_shipping_threshold");
    await within(region).findByRole("img", { name: /^Now: 49 / });
    await typeValue("45");
    await within(region).findByRole("img", { name: /^Draft: 45 / });
    await choose(region, /Before search rollout/);
    expect(await within(region).findByRole("img", { name: /^Then: 59 / })).toBeVisible();
    expect(within(region).getByRole("img", { name: /^Draft: 45 / })).toBeVisible();
    expect(within(region).getByText(/^Against Production as of .*, Before search rollout$/)).toBeVisible();
    expect(within(region).getByText(/, \d+ days ago, plus 1 edit\.$/)).toBeVisible();
    expect(within(region).getByText(CAUTION)).toBeVisible();
    const moment = await momentOf(host, "production", "Before search rollout");
    expect(asked(host)).toMatchObject({ moment: moment?.id, edits: [{ changes: [{ field: "value" }] }] });
    await userEvent.click(within(region).getByRole("button", { name: "Back to now" }));
    expect(await within(region).findByRole("img", { name: /^Now: 49 / })).toBeVisible();
    expect(within(region).queryByText(CAUTION)).toBeNull();
    expect(asked(host).moment).toBeNull();
  });

  it("says that the flag was not there then", async () => {
    const host = await openWindow("fresh", "production");
    const acme = host.world.connections.find(({ id }) => id === "acme");
    const newest = acme && host.history.of(acme).find(({ environment }) => environment === "production");
    newest?.back.push({ flag: "guest_checkout", missing: true });
    const region = await openFlag("guest_checkout");
    await within(region).findByRole("img", { name: /^Now: / });
    await choose(region, /Before search rollout/);
    expect(
      await within(region).findByText(
        "guest_checkout was not in Production then, so it gave nobody anything.",
      ),
    ).toBeVisible();
    expect(within(region).queryByRole("img")).toBeNull();
  });

  it("warns of a damaged moment, and leads back to now", async () => {
    const host = await openWindow("fresh", "production");
    const region = await openFlag("free_shipping_threshold");
    await within(region).findByRole("img", { name: /^Now: / });
    const damaged = "Parts of this snapshot are damaged: flag free_shipping_threshold.";
    host.failNext("impact", failure("mirror", damaged));
    await choose(region, /Before search rollout/);
    expect(await within(region).findByText(damaged)).toBeVisible();
    expect(within(region).queryByRole("img")).toBeNull();
    await userEvent.click(within(region).getByRole("button", { name: "Back to now" }));
    expect(await within(region).findByRole("img", { name: /^Now: / })).toBeVisible();
  });

  it("is copied with the moment and its age, and with the mirror's age where there is none", async () => {
    const host = await openWindow("fresh", "production");
    const write = clipboard();
    const region = await openFlag("free_shipping_threshold");
    await within(region).findByRole("img", { name: /^Now: / });
    await userEvent.click(within(region).getByRole("button", { name: "Copy" }));
    await waitFor(() => expect(write).toHaveBeenCalledOnce());
    expect(write.mock.calls[0]?.[0]).toMatch(/^Weighed against: the mirror of Production\. Synced .*\.$/m);
    await typeValue("45");
    await choose(region, /Before search rollout/);
    await within(region).findByRole("img", { name: /^Then: 59 / });
    await userEvent.click(within(region).getByRole("button", { name: "Copy" }));
    await waitFor(() => expect(write).toHaveBeenCalledTimes(2));
    const lines = write.mock.calls[1]?.[0].split("\n") ?? [];
    expect(lines[0]).toBe("Impact on free_shipping_threshold in Production");
    expect(lines[1]).toMatch(/^Weighed against: Production as it was .*, \d+ days ago, plus 1 edit\.$/);
    expect(lines[2]).toMatch(CAUTION);
    expect(lines).toContainEqual(expect.stringMatching(/^Then: 59 /));
    expect(lines).toContainEqual(expect.stringMatching(/^With the edit: 45 /));
    expect(asked(host).edits).toHaveLength(1);
  });

  it("leads to Preview of somebody at that moment", async () => {
    const host = await openWindow("fresh", "production");
    const region = await openFlag("free_shipping_threshold");
    await typeValue("45");
    await choose(region, /Before search rollout/);
    await userEvent.click(await within(region).findByRole("button", { name: "Show them" }));
    await userEvent.click(within(region).getAllByRole("button", { name: /^Preview / })[0] as HTMLElement);
    const moment = await momentOf(host, "production", "Before search rollout");
    await waitFor(() => expect(callsOf(host, "preview").at(-1)?.[0]).toMatchObject({ moment: moment?.id }));
  });
});

describe("the impact of a change set at a moment", () => {
  const total = () => screen.findByText(/ see at least one change$/);

  it("is of what was there then, and leaves the rows and what is published to now", async () => {
    const host = await openWindow("staged", "production");
    const write = clipboard();
    await userEvent.click(await screen.findByRole("button", { name: /^Changes/ }));
    await total();
    const region = screen.getByRole("heading", { name: /^Total impact/ }).closest("section") as HTMLElement;
    await choose(region, /Before search rollout/);
    expect(await within(region).findByText(/, \d+ days ago, plus 3 edits\.$/)).toBeVisible();
    expect(within(region).getByText(CAUTION)).toBeVisible();
    const moment = await momentOf(host, "production", "Before search rollout");
    expect(callsOf(host, "changeSetImpact").at(-1)).toEqual(["draft", "production", moment?.id]);
    await userEvent.click(within(region).getByRole("button", { name: "Copy" }));
    await waitFor(() => expect(write).toHaveBeenCalledOnce());
    expect(write.mock.calls[0]?.[0]).toMatch(
      /^Weighed against: Production as it was .* days ago, plus 3 edits\.$/m,
    );
    await userEvent.click(within(region).getByRole("button", { name: "Back to now" }));
    await waitFor(() => expect(within(region).queryByText(CAUTION)).toBeNull());
  });

  it("warns of a damaged moment, and leads back to now", async () => {
    const host = await openWindow("staged", "production");
    await userEvent.click(await screen.findByRole("button", { name: /^Changes/ }));
    await total();
    const region = screen.getByRole("heading", { name: /^Total impact/ }).closest("section") as HTMLElement;
    host.failNext("changeSetImpact", failure("mirror", "Parts of this snapshot are damaged: flag a."));
    await choose(region, /Before search rollout/);
    expect(await within(region).findByText("Parts of this snapshot are damaged: flag a.")).toBeVisible();
    await userEvent.click(within(region).getByRole("button", { name: "Back to now" }));
    expect(await total()).toBeVisible();
  });
});
