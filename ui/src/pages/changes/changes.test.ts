import { screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import type { Scenario } from "../../ipc/fake";
import { callsOf, openWindow } from "../../testing/open-window";

async function openChanges(scenario: Scenario = "changes", environment = "production") {
  const host = await openWindow(scenario, environment);
  const rail = await screen.findByRole("navigation");
  await userEvent.click(within(rail).getByRole("button", { name: "Changes" }));
  return host;
}
async function openSet(name: RegExp) {
  await userEvent.click(await screen.findByRole("tab", { name }));
}
const grid = (name: RegExp) => screen.findByRole("grid", { name });

describe("the Changes page", () => {
  it("shows what is being published, how far it is, and why it stands still", async () => {
    await openChanges();
    expect(await screen.findByText(/^Publishing paused by the rate limit, goes on in/)).toBeVisible();
    expect(screen.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "3");
    const rows = within(await grid(/Black Friday/)).getAllByRole("row");
    expect(rows[1]).toHaveTextContent("Sent");
    expect(rows[1]).toHaveTextContent("free_shipping_threshold");
    expect(rows[1]).toHaveTextContent("49");
    expect(rows[1]).toHaveTextContent("39");
  });

  it("holds and goes on, and ends with the rest staged again", async () => {
    const host = await openChanges();
    await userEvent.click(await screen.findByRole("button", { name: "Hold" }));
    await userEvent.click(await screen.findByRole("button", { name: "Go on" }));
    expect(callsOf(host, "holdPublishing")).toEqual([["friday"]]);
    expect(callsOf(host, "resumePublishing")).toEqual([["friday"]]);
    await userEvent.click(await screen.findByRole("button", { name: "Cancel the rest" }));
    expect(callsOf(host, "cancelPublishing")).toEqual([["friday"]]);
  });

  it("leaves out what is unticked, and counts what is published", async () => {
    const host = await openChanges();
    await openSet(/^Draft/);
    expect(await screen.findByRole("button", { name: /^Publish 3 edits/ })).toBeEnabled();
    await userEvent.click(screen.getByRole("checkbox", { name: "Publish homepage_hero" }));
    expect(callsOf(host, "tickEdit")).toEqual([["draft-1", false]]);
    expect(await screen.findByRole("button", { name: /^Publish 2 edits/ })).toBeEnabled();
  });

  it("moves an edit with the arrow keys and says where it is", async () => {
    const host = await openChanges();
    await openSet(/^Draft/);
    const grip = await screen.findByRole("button", { name: "Move homepage_hero" });
    grip.focus();
    await userEvent.keyboard("{ArrowDown}");
    expect(callsOf(host, "moveEdit")).toEqual([["draft-1", 1]]);
    expect(await screen.findByText("homepage_hero is now 2 of 3")).toBeInTheDocument();
  });

  it("discards an edit and takes that back", async () => {
    const host = await openChanges();
    await openSet(/^Draft/);
    await userEvent.click(await screen.findByRole("button", { name: "More for homepage_hero" }));
    await userEvent.click(screen.getByRole("button", { name: "Discard" }));
    expect(callsOf(host, "discardEdit")).toEqual([["draft-1"]]);
    await userEvent.click(await screen.findByRole("button", { name: "Restore" }));
    expect(callsOf(host, "restoreEdit")).toEqual([["draft-1"]]);
  });

  it("asks before a protected environment, with the total", async () => {
    const host = await openChanges();
    await openSet(/^Draft/);
    await userEvent.click(await screen.findByRole("button", { name: /^Publish 3 edits/ }));
    const sheet = await screen.findByRole("dialog", { name: "Publish Draft?" });
    expect(sheet).toHaveTextContent("3 edits to 3 flags");
    expect(callsOf(host, "publish")).toEqual([]);
    await userEvent.click(within(sheet).getByRole("button", { name: "Publish 3 edits" }));
    const confirmed = [{ environment: "production", name: "Production" }];
    await vi.waitFor(() => expect(callsOf(host, "publish")).toEqual([["draft", confirmed]]));
  });

  it("counts who sees a change, flag by flag", async () => {
    await openChanges();
    expect(await screen.findByText("sampled identities see at least one change")).toBeVisible();
  });

  it("says what to do where nothing is staged", async () => {
    await openChanges("fresh");
    expect(await screen.findByText("Nothing is staged")).toBeVisible();
  });

  it("begins a change set under a name", async () => {
    const host = await openChanges();
    await userEvent.click(await screen.findByRole("button", { name: "New change set" }));
    await userEvent.type(screen.getByLabelText("Name"), "Cyber Monday{Enter}");
    expect(callsOf(host, "newChangeSet")).toEqual([["acme", "Cyber Monday"]]);
    expect(await screen.findByRole("tab", { name: /Cyber Monday/, selected: true })).toBeVisible();
  });
});

describe("the conflict resolver", () => {
  async function openConflict() {
    const host = await openChanges("changes", "eu-production");
    await openSet(/^EU launch/);
    await userEvent.click(await screen.findByRole("button", { name: "Resolve" }));
    return { host, table: await grid(/^Resolve conflict in new_checkout/) };
  }

  it("shows base, theirs, mine and the result, contested fields first", async () => {
    const { table } = await openConflict();
    expect(screen.getByText("1 field needs you")).toBeVisible();
    expect(screen.getByText("4 merged")).toBeVisible();
    const first = within(table).getAllByRole("rowheader")[0];
    expect(first).toHaveTextContent("Weights");
    expect(first).toHaveTextContent("One field, because it must add up to 100%.");
  });

  it("publishes nothing before everything is decided", async () => {
    const { host } = await openConflict();
    expect(screen.getByRole("button", { name: /^Publish merged result/ })).toBeDisabled();
    await userEvent.keyboard("{Control>}{Enter}{/Control}");
    expect(callsOf(host, "resolveConflict")).toEqual([]);
  });

  it("takes a side by key, shows what comes out, and what it does", async () => {
    const { host } = await openConflict();
    await userEvent.keyboard("2");
    expect(screen.getByRole("radio", { name: /^Keep mine/ })).toBeChecked();
    await vi.waitFor(() =>
      expect(callsOf(host, "conflict").at(-1)).toEqual([
        "eu-2",
        [{ field: "weights", side: { side: "mine" } }],
      ]),
    );
    expect(await screen.findByText("Merged")).toBeVisible();
  });

  it("takes a third value, keeps the sum in sight, and wants it to add up", async () => {
    await openConflict();
    await userEvent.keyboard("3");
    const weight = await screen.findByRole("textbox", { name: "Weight of one_page" });
    await userEvent.clear(weight);
    await userEvent.type(weight, "90");
    expect(screen.getByText(/120/)).toBeVisible();
    await userEvent.clear(weight);
    await userEvent.type(weight, "40");
    expect(screen.getByText("Adds up to 100%")).toBeVisible();
  });

  it("wants the name typed where the environment is strict, then sends it", async () => {
    const { host } = await openConflict();
    await userEvent.keyboard("1");
    const publish = screen.getByRole("button", { name: /^Publish merged result/ });
    const field = screen.queryByLabelText("Type EU Production to confirm");
    if (field !== null) {
      expect(publish).toBeDisabled();
      await userEvent.type(field, "EU Production");
    }
    await userEvent.click(publish);
    await vi.waitFor(() => expect(callsOf(host, "resolveConflict")).toHaveLength(1));
    expect(callsOf(host, "resolveConflict")[0]?.[2]).toBe("EU Production");
  });

  it("goes on waiting when it is left", async () => {
    const { host } = await openConflict();
    await userEvent.click(screen.getByRole("button", { name: "Keep for later" }));
    expect(callsOf(host, "keepTheirs")).toEqual([]);
    expect(await screen.findByRole("tab", { name: /^EU launch/ })).toBeVisible();
  });

  it("gives my edit up", async () => {
    const { host } = await openConflict();
    await userEvent.click(screen.getByRole("button", { name: "Discard my edits" }));
    expect(callsOf(host, "keepTheirs")).toEqual([["eu-2"]]);
  });
});
