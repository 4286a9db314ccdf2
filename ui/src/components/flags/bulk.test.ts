import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { StageRequest } from "../../ipc/bindings";
import { failure } from "../../ipc/fake";
import { turn } from "../../state/fields";
import { Selection } from "../../state/selection.svelte";
import { callsOf, openWindow } from "../../testing/open-window";

// jsdom lays nothing out, and a table without a width shows the narrowest columns.
beforeEach(() => void vi.spyOn(Element.prototype, "clientWidth", "get").mockReturnValue(1280));
afterEach(() => vi.restoreAllMocks());

const box = (flag: string) => screen.findByRole("checkbox", { name: `Select ${flag}` });
const bar = () => screen.findByRole("region", { name: "Selected flags" });
const chosen = () =>
  screen
    .getAllByRole("checkbox", { checked: true })
    .map((each) => each.getAttribute("aria-label"))
    .filter((label) => label?.startsWith("Select ") === true && !label.includes("all flags"));

describe("a selection", () => {
  const rows = ["a", "b", "c", "d", "e"];

  it("reaches from the row chosen last, in the order on screen, and keeps what was chosen before", () => {
    const selection = new Selection();
    selection.toggle("e");
    selection.toggle("c");
    selection.extend("a", rows);
    expect([...selection.keys].sort()).toEqual(["a", "b", "c", "e"]);
    selection.extend("d", rows);
    expect(selection.size).toBe(5);
  });

  it("of everything on screen leaves what the filter hides", () => {
    const selection = new Selection();
    selection.toggle("z");
    selection.all(rows);
    expect(selection.size).toBe(6);
    selection.all(rows);
    expect([...selection.keys]).toEqual(["z"]);
  });

  it("begins a range where the last row is not on screen", () => {
    const selection = new Selection();
    selection.toggle("z");
    selection.extend("b", rows);
    expect([...selection.keys]).toEqual(["z", "b"]);
  });
});

describe("flags chosen together", () => {
  it("are chosen one by one and in ranges, and let go by Esc", async () => {
    await openWindow();
    await userEvent.click(await box("free_shipping_threshold"));
    const user = userEvent.setup();
    await user.keyboard("{Shift>}");
    await user.click(await box("guest_checkout"));
    await user.keyboard("{/Shift}");
    expect(chosen()).toEqual([
      "Select free_shipping_threshold",
      "Select search_ranking_v2",
      "Select express_checkout_wallets",
      "Select guest_checkout",
    ]);
    expect(within(await bar()).getByText("4 selected")).toBeVisible();
    expect(screen.queryByRole("complementary")).toBeNull();
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("region", { name: "Selected flags" })).toBeNull();
  });

  it("are chosen by keyboard: X, Shift with an arrow, Ctrl A", async () => {
    await openWindow();
    await box("new_checkout");
    screen.getByRole("grid", { name: "Flags" }).focus();
    await userEvent.keyboard("x{Shift>}{ArrowDown}{ArrowDown}{/Shift}");
    expect(await within(await bar()).findByText("3 selected")).toBeVisible();
    await userEvent.keyboard("{Control>}a{/Control}");
    expect(await within(await bar()).findByText("128 selected")).toBeVisible();
  });

  it("stay chosen behind a filter, which is told", async () => {
    await openWindow();
    await userEvent.click(await box("guest_checkout"));
    await userEvent.type(screen.getByRole("textbox", { name: "Filter flags" }), "stock_low");
    expect(await within(await bar()).findByText("1 of them not on screen")).toBeVisible();
  });

  it("are not chosen in another environment", async () => {
    await openWindow();
    await userEvent.click(await box("guest_checkout"));
    await userEvent.click(screen.getByRole("button", { name: "Development" }));
    await waitFor(() => expect(screen.queryByRole("region", { name: "Selected flags" })).toBeNull());
  });
});

describe("an act on many flags", () => {
  async function choose(...flags: string[]) {
    for (const flag of flags) await userEvent.click(await box(flag));
    return bar();
  }

  it("is staged for those it changes, against what was on screen, and sends nothing", async () => {
    const host = await openWindow("fresh", "production");
    const region = await choose("new_checkout", "guest_checkout", "express_checkout_wallets");
    expect(region).toHaveTextContent("Production is protected: publishing asks once for all 3");
    expect(within(region).getByRole("button", { name: "Turn on 1" })).toBeEnabled();
    await userEvent.click(within(region).getByRole("button", { name: "Turn off 2" }));
    expect(await screen.findByText(/^2 edits staged\. Staged in/)).toBeVisible();
    const requests = callsOf(host, "stageEdits")[0]?.[0] as StageRequest[];
    expect(requests.map(({ subject, changes, revision }) => [subject, changes, revision])).toEqual([
      [{ kind: "flag_state", flag: "guest_checkout" }, [turn(false)], "guest_checkout@1"],
      [{ kind: "flag_state", flag: "new_checkout" }, [turn(false)], "new_checkout@1"],
    ]);
    expect(callsOf(host, "edit")).toEqual([]);
    const row = screen.getByRole("row", { name: "guest_checkout" });
    expect(await within(row).findByRole("img", { name: "Staged" })).toBeInTheDocument();
  });

  it("tags the flags that have not got the tag, in every environment", async () => {
    const host = await openWindow();
    const region = await choose("guest_checkout", "stock_low_badge");
    await userEvent.click(within(region).getByRole("button", { name: "Add tag" }));
    const choice = screen.getByRole("dialog", { name: "Add tag" });
    await userEvent.type(within(choice).getByRole("textbox"), "checkout{Enter}");
    expect(await screen.findByText(/^Staged in/)).toBeVisible();
    expect(callsOf(host, "stageEdit")[0]?.[0]).toMatchObject({
      subject: { kind: "flag", flag: "stock_low_badge" },
      changes: [{ field: "tag:checkout", to: { kind: "set" } }],
    });
  });

  it("takes tags away that some of them have, and archives", async () => {
    const host = await openWindow();
    const region = await choose("guest_checkout", "stock_low_badge");
    await userEvent.click(within(region).getByRole("button", { name: "Remove tag" }));
    await userEvent.click(screen.getByRole("button", { name: "catalogue, on 1 flag" }));
    await waitFor(() => expect(callsOf(host, "stageEdit")).toHaveLength(1));
    const archive = within(region).getByRole("button", { name: "Archive 2" });
    await waitFor(() => expect(archive).toBeEnabled());
    await userEvent.click(archive);
    await waitFor(() => expect(callsOf(host, "stageEdits")).toHaveLength(1));
  });

  it("keeps the selection when it fails, and says why", async () => {
    const host = await openWindow();
    const region = await choose("guest_checkout", "gift_wrapping");
    host.failNext("stageEdits", failure("stale_view", "guest_checkout changed after it was shown."));
    await userEvent.click(within(region).getByRole("button", { name: "Turn off 2" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("changed after it was shown");
    expect(within(region).getByText("2 selected")).toBeVisible();
  });

  it("is not offered where nothing may be written", async () => {
    const host = await openWindow();
    await host.setProtection("acme", "staging", "read_only");
    const region = await choose("guest_checkout");
    await waitFor(() => expect(within(region).getByRole("button", { name: "Turn off 1" })).toBeDisabled());
    expect(region).toHaveTextContent("Staging is read only");
  });
});
