import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";

import { failure } from "../ipc/fake";
import type { EditRequest } from "../ipc/bindings";
import { turn } from "../state/fields";
import { callsOf, openWindow } from "../testing/open-window";

afterEach(() => vi.restoreAllMocks());

const flagSwitch = (flag: string) => screen.findByRole("switch", { name: `${flag} state` });

async function filterTo(text: string) {
  const filter = screen.getByRole("textbox", { name: "Filter flags" });
  await userEvent.clear(filter);
  await userEvent.type(filter, text);
}

describe("the flags table", () => {
  it("is one tab stop that arrow keys move in", async () => {
    await openWindow();
    await flagSwitch("new_checkout");
    const grid = screen.getByRole("grid", { name: "Flags" });
    grid.focus();
    const activeRow = () => document.getElementById(grid.getAttribute("aria-activedescendant") ?? "");
    expect(activeRow()).toHaveAccessibleName("new_checkout");
    await userEvent.keyboard("{ArrowDown}j");
    expect(activeRow()).toHaveAccessibleName("search_ranking_v2");
    await userEvent.keyboard("k{Enter}");
    expect(await screen.findByRole("complementary", { name: /free_shipping_threshold/ })).toBeVisible();
    await userEvent.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("complementary")).toBeNull());
    expect(grid).toHaveFocus();
  });

  it("draws only the rows in view of ten thousand", async () => {
    await openWindow("many");
    const grid = await screen.findByRole("grid", { name: "Flags" });
    await waitFor(() => expect(grid).toHaveAttribute("aria-rowcount", "10001"));
    expect(grid.querySelectorAll('[role="row"]').length).toBeLessThan(60);
  });

  it("finds scattered letters, and offers to clear a filter that nothing passes", async () => {
    await openWindow();
    await flagSwitch("new_checkout");
    await filterTo("gstchk");
    expect(await flagSwitch("guest_checkout")).toBeVisible();
    expect(screen.queryByRole("switch", { name: "free_shipping_threshold state" })).toBeNull();
    await filterTo("zzz");
    expect(await screen.findByText("No flag matches “zzz”")).toBeVisible();
    const buttons = screen.getAllByRole("button", { name: "Clear filters" });
    await userEvent.click(buttons[buttons.length - 1] as HTMLElement);
    expect(await flagSwitch("new_checkout")).toBeVisible();
  });

  it("filters by state through a chip, and says how many pass without it", async () => {
    await openWindow();
    await flagSwitch("new_checkout");
    await userEvent.click(screen.getByRole("button", { name: "State: any" }));
    await userEvent.click(screen.getByRole("menuitemradio", { name: "Off" }));
    expect(screen.queryByRole("switch", { name: "new_checkout state" })).toBeNull();
    await filterTo("new_checkout");
    expect(await screen.findByText("1 flag matches without the other filters.")).toBeVisible();
    screen.getByRole("button", { name: "State: Off" }).focus();
    await userEvent.keyboard("{Backspace}");
    expect(await flagSwitch("new_checkout")).toBeVisible();
  });

  it("opens on the last flag that changed, and keeps it in place while it is worked on", async () => {
    await openWindow();
    const keys = () => screen.getAllByRole("row").map((row) => row.getAttribute("aria-label"));
    const toggle = await flagSwitch("guest_checkout");
    const before = keys();
    await userEvent.click(toggle);
    await screen.findByText("guest_checkout is off in Staging");
    expect(keys()).toEqual(before);
  });

  it("says that nothing has been read, or that there is nothing", async () => {
    await openWindow("empty");
    expect(await screen.findByText(/No flags in Staging|has not been read yet/)).toBeVisible();
  });

  it("compares anew when the other environment changes", async () => {
    // jsdom lays nothing out, and a table without a width shows the narrowest columns.
    vi.spyOn(Element.prototype, "clientWidth", "get").mockReturnValue(1280);
    const host = await openWindow();
    await flagSwitch("guest_checkout");
    expect(screen.getByRole("columnheader", { name: "In Production" })).toBeVisible();
    const drift = () => screen.getByRole("row", { name: "guest_checkout" }).querySelector(".reference");
    expect(drift()).toHaveTextContent("Same");
    const production = await host.flags("acme", "production", null);
    await host.edit({
      connection: "acme",
      environment: "production",
      subject: { kind: "flag_state", flag: "guest_checkout" },
      revision: production.flags.find(({ key }) => key === "guest_checkout")?.revision ?? "",
      changes: [turn(false)],
      confirmed: "Production",
    });
    await waitFor(() => expect(drift()).toHaveTextContent("Off"));
  });

  it("keeps the rows on screen while they are read again", async () => {
    const host = await openWindow();
    await flagSwitch("new_checkout");
    const release = host.hold();
    host.changeAll();
    expect(await flagSwitch("new_checkout")).toBeVisible();
    release();
  });
});

describe("a toggle in an unprotected environment", () => {
  it("shows that it is being sent, then the outcome, and leads it back", async () => {
    const host = await openWindow();
    const toggle = await flagSwitch("guest_checkout");
    expect(toggle).toHaveAttribute("aria-checked", "true");
    const release = host.hold();
    await userEvent.click(toggle);
    expect(toggle).toHaveAttribute("aria-busy", "true");
    expect(screen.getByText("Sending")).toBeVisible();
    expect(screen.queryByText("guest_checkout is off in Staging")).toBeNull();
    release();
    expect(await screen.findByText("guest_checkout is off in Staging")).toBeVisible();
    await waitFor(() => expect(toggle).not.toHaveAttribute("aria-busy"));
    expect(toggle).toHaveAttribute("aria-checked", "false");
    await userEvent.click(screen.getByRole("button", { name: "Undo" }));
    expect(await screen.findByText("guest_checkout is on in Staging")).toBeVisible();
    await waitFor(() => expect(toggle).toHaveAttribute("aria-checked", "true"));
    expect(callsOf(host, "undoEdit")).toHaveLength(1);
  });

  it("rests on the state that was on screen", async () => {
    const host = await openWindow();
    const shown = await host.flags("acme", "staging", null);
    await userEvent.click(await flagSwitch("guest_checkout"));
    await screen.findByText("guest_checkout is off in Staging");
    const request = callsOf(host, "edit")[0]?.[0] as EditRequest;
    const row = shown.flags.find(({ key }) => key === "guest_checkout");
    expect(request).toMatchObject({ changes: [turn(false)], confirmed: null, revision: row?.revision });
  });

  it("goes back to what it was when it fails, says why, and stays until closed", async () => {
    const host = await openWindow();
    host.failNext(
      "edit",
      failure("service", "Flagsmith failed.", {
        cause: "It answered 500.",
        next_step: "Try again in a minute.",
      }),
    );
    const toggle = await flagSwitch("guest_checkout");
    await userEvent.click(toggle);
    const alert = await screen.findByRole("alert");
    expect(alert).toHaveTextContent("Flagsmith failed.");
    expect(alert).toHaveTextContent("It answered 500.");
    expect(within(alert).getByRole("button", { name: "Copy details" })).toBeVisible();
    await waitFor(() => expect(toggle).toHaveAttribute("aria-checked", "true"));
    await userEvent.click(within(alert).getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("guest_checkout is off in Staging")).toBeVisible();
  });

  it("is tried again where it was asked for, whatever is on screen by then", async () => {
    const host = await openWindow();
    host.failNext("edit", failure("service", "Flagsmith failed."));
    await userEvent.click(await flagSwitch("guest_checkout"));
    const alert = await screen.findByRole("alert");
    await userEvent.click(screen.getByRole("button", { name: "Development" }));
    await screen.findByRole("heading", { level: 1, name: "Development" });
    await userEvent.click(within(alert).getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("guest_checkout is off in Staging")).toBeVisible();
    expect(screen.getByRole("heading", { level: 1, name: "Staging" })).toBeVisible();
    const asked = callsOf(host, "edit").map(([request]) => (request as EditRequest).environment);
    expect(asked).toEqual(["staging", "staging"]);
  });

  it("can be led back once more when leading it back failed", async () => {
    const host = await openWindow();
    await userEvent.click(await flagSwitch("guest_checkout"));
    await screen.findByText("guest_checkout is off in Staging");
    host.failNext("undoEdit", failure("unreachable", "Nothing answers."));
    await userEvent.click(screen.getByRole("button", { name: "Undo" }));
    const alert = await screen.findByRole("alert");
    await userEvent.click(within(alert).getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("guest_checkout is on in Staging")).toBeVisible();
  });

  it("is taken back by Ctrl Z", async () => {
    const host = await openWindow();
    await userEvent.click(await flagSwitch("guest_checkout"));
    await screen.findByText("guest_checkout is off in Staging");
    await userEvent.keyboard("{Control>}z{/Control}");
    await waitFor(() => expect(callsOf(host, "undoEdit")).toHaveLength(1));
    await screen.findByText("guest_checkout is on in Staging");
    expect(screen.queryByRole("button", { name: "Undo" })).toBeNull();
  });

  it("offers to read again when nobody knows the outcome", async () => {
    const host = await openWindow("unknown-outcome");
    await userEvent.click(await flagSwitch("guest_checkout"));
    const alert = await screen.findByRole("alert");
    await userEvent.click(within(alert).getByRole("button", { name: "Read again" }));
    await waitFor(() => expect(callsOf(host, "settleEdit")).toHaveLength(1));
  });

  it("opens the resolver when it meets a newer change", async () => {
    await openWindow("conflict");
    await userEvent.click(await flagSwitch("guest_checkout"));
    expect(await screen.findByRole("region", { name: /^Resolve conflict in guest_checkout/ })).toBeVisible();
  });
});

describe("a toggle in a protected environment", () => {
  it("asks first and does not move before", async () => {
    const host = await openWindow("fresh", "production");
    const toggle = await flagSwitch("express_checkout_wallets");
    await userEvent.click(toggle);
    const sheet = await screen.findByRole("dialog", { name: "Turn on express_checkout_wallets?" });
    expect(toggle).toHaveAttribute("aria-checked", "false");
    expect(callsOf(host, "edit")).toHaveLength(0);
    expect(within(sheet).getByRole("row", { name: /Segment overrides/ })).toBeVisible();
    expect(within(sheet).getByRole("button", { name: "Cancel" })).toHaveFocus();
    await userEvent.click(within(sheet).getByRole("button", { name: "Turn on in Production" }));
    expect(await screen.findByText("express_checkout_wallets is on in Production")).toBeVisible();
    const request = callsOf(host, "edit")[0]?.[0] as EditRequest;
    expect(request.confirmed).toBe("Production");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    // The way back is asked about, too: neither the toast nor a key goes it at once.
    expect(screen.queryByRole("button", { name: "Undo" })).toBeNull();
    await userEvent.keyboard("{Control>}z{/Control}");
    expect(callsOf(host, "undoEdit")).toHaveLength(0);
  });

  it("wants the name under the strict setting, and keeps it through an error", async () => {
    const host = await openWindow("fresh", "production");
    await host.setProtection("acme", "production", "type_name");
    host.changeAll();
    await userEvent.click(await flagSwitch("guest_checkout"));
    const field = await screen.findByRole("textbox", { name: "Type Production to confirm" });
    expect(field).toHaveFocus();
    const button = screen.getByRole("button", { name: "Turn off in Production" });
    expect(button).toBeDisabled();
    await userEvent.keyboard("{Control>}{Enter}{/Control}");
    expect(callsOf(host, "edit")).toHaveLength(0);
    await userEvent.type(field, "Production");
    expect(button).toBeEnabled();
    host.failNext("edit", failure("unreachable", "Nothing answers."));
    await userEvent.keyboard("{Control>}{Enter}{/Control}");
    expect(await screen.findByRole("alert")).toHaveTextContent("Nothing answers.");
    expect(field).toHaveValue("Production");
    await userEvent.keyboard("{Control>}{Enter}{/Control}");
    expect(await screen.findByText("guest_checkout is off in Production")).toBeVisible();
  });

  it("is cancelled by Esc", async () => {
    const host = await openWindow("fresh", "production");
    await userEvent.click(await flagSwitch("guest_checkout"));
    await screen.findByRole("dialog");
    await userEvent.keyboard("{Escape}");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(callsOf(host, "edit")).toHaveLength(0);
  });
});
