import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { failure, type Scenario } from "../../ipc/fake";
import { callsOf, openWindow } from "../../testing/open-window";

describe("the frame", () => {
  it.each<[Scenario, RegExp]>([
    ["fresh", /^Synced \d+ s ago$/],
    ["stale", /^Stale: document \d+ min old$/],
    ["offline", /^Offline: showing snapshot of /],
  ])("says how fresh the environment is: %s", async (scenario, sentence) => {
    await openWindow(scenario);
    expect(await screen.findByRole("button", { name: sentence })).toBeVisible();
  });

  it.each<[Scenario, string]>([
    ["stale", "Staging is stale."],
    ["offline", "Flagsmith cannot be reached."],
    ["rate-limited", "Paused by the rate limit."],
    ["missing-key", "The key for Acme Store is missing."],
  ])("shows one banner, the gravest: %s", async (scenario, cause) => {
    await openWindow(scenario);
    expect(await screen.findByText(cause)).toBeVisible();
    expect(document.querySelectorAll(".banner")).toHaveLength(1);
  });

  it("marks a protected environment, and only that", async () => {
    await openWindow("fresh", "production");
    const main = screen.getByRole("main");
    expect(within(main).getByText("Protected")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Staging" }));
    await waitFor(() => expect(within(main).queryByText("Protected")).toBeNull());
    expect(screen.getByRole("heading", { level: 1, name: "Staging" })).toBeVisible();
  });

  it("goes by keyboard", async () => {
    const host = await openWindow();
    await screen.findByRole("grid");
    await userEvent.keyboard("gp");
    expect(screen.getByRole("button", { name: "Preview" })).toHaveAttribute("aria-current", "page");
    await userEvent.keyboard("gf{Control>}1{/Control}");
    expect(screen.getByRole("button", { name: "Development" })).toHaveAttribute("aria-current", "page");
    await userEvent.keyboard("{Control>}r{/Control}");
    await waitFor(() => expect(callsOf(host, "refresh")).toContainEqual(["acme", "development"]));
    await screen.findByRole("grid");
    await userEvent.keyboard("/");
    expect(screen.getByRole("textbox", { name: "Filter flags" })).toHaveFocus();
    // Letters are text there.
    await userEvent.keyboard("gp?");
    expect(screen.getByRole("textbox", { name: "Filter flags" })).toHaveValue("gp?");
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("tells a failed sync once", async () => {
    await openWindow("offline");
    await screen.findByText("Flagsmith cannot be reached.");
    await userEvent.click(screen.getByRole("button", { name: "Try now" }));
    await waitFor(() => expect(screen.getByRole("button", { name: "Sync" })).toBeEnabled());
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("tells a failed sync that no banner tells", async () => {
    const host = await openWindow();
    host.failNext("refresh", failure("mirror", "The local copy cannot be written."));
    await userEvent.click(screen.getByRole("button", { name: "Sync" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("The local copy cannot be written.");
  });

  it("turns single letters off", async () => {
    await openWindow();
    await userEvent.click(screen.getByRole("button", { name: "Settings" }));
    const letters = await screen.findByRole("switch", { name: "Single-letter shortcuts" });
    await userEvent.click(letters);
    letters.blur();
    await userEvent.keyboard("?");
    expect(screen.queryByRole("dialog")).toBeNull();
    await userEvent.click(letters);
    letters.blur();
    await userEvent.keyboard("?");
    expect(await screen.findByRole("dialog", { name: "Shortcuts" })).toBeVisible();
  });

  it("switches notices off with the host", async () => {
    const host = await openWindow();
    await userEvent.click(screen.getByRole("button", { name: "Settings" }));
    const notices = await screen.findByRole("switch", { name: "Tell of trouble on the desktop" });
    expect(notices).toBeChecked();
    await userEvent.click(notices);
    expect(callsOf(host, "setNotices")).toEqual([[false]]);
    await waitFor(() => expect(notices).not.toBeChecked());
  });

  it("remembers theme and protection with the host", async () => {
    const host = await openWindow();
    await userEvent.click(screen.getByRole("button", { name: "Settings" }));
    await userEvent.click(await screen.findByRole("radio", { name: "Dark" }));
    expect(document.documentElement).toHaveAttribute("data-theme", "dark");
    expect(callsOf(host, "setTheme")).toEqual([["dark"]]);
    await userEvent.selectOptions(
      screen.getByRole("combobox", { name: "Protection of Staging, Acme Store" }),
      "Ask first",
    );
    await waitFor(() => expect(callsOf(host, "setProtection")).toEqual([["acme", "staging", "confirm"]]));
  });

  it("forgets a connection only after asking", async () => {
    const host = await openWindow();
    await userEvent.click(screen.getByRole("button", { name: /^Connection/ }));
    await userEvent.click(screen.getByRole("button", { name: "Forget Acme Store" }));
    const dialog = await screen.findByRole("dialog", { name: "Forget Acme Store?" });
    expect(within(dialog).getByRole("button", { name: "Keep" })).toHaveFocus();
    await userEvent.click(within(dialog).getByRole("button", { name: "Forget connection" }));
    await waitFor(() => expect(callsOf(host, "forgetConnection")).toEqual([["acme"]]));
    expect(await screen.findByRole("button", { name: "Connection Acme Edge" })).toBeVisible();
  });

  it("does not claim to take a key out of a keychain that does not answer", async () => {
    const host = await openWindow("no-keychain");
    for (const connection of host.world.connections) connection.key = "missing";
    host.changeAll();
    await userEvent.click(screen.getByRole("button", { name: "Settings" }));
    await userEvent.click(await screen.findByRole("button", { name: "Forget Acme Store" }));
    const dialog = await screen.findByRole("dialog");
    expect(dialog).toHaveTextContent("a key that it holds under Halyard stays there");
  });

  it("names two connections of one name apart", async () => {
    const host = await openWindow();
    for (const connection of host.world.connections) connection.name = "Acme";
    host.changeAll();
    await userEvent.click(screen.getByRole("button", { name: "Settings" }));
    expect(await screen.findByRole("button", { name: "Forget Acme (Flagsmith)" })).toBeVisible();
    expect(screen.getByRole("button", { name: "Forget Acme (EdgeFlags)" })).toBeVisible();
  });

  it("tells once that keys cannot be kept", async () => {
    await openWindow("no-keychain");
    expect(await screen.findByText("No keychain answers on this computer.")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Close" }));
    expect(screen.queryByText("No keychain answers on this computer.")).toBeNull();
    await userEvent.keyboard("gp");
    await userEvent.click(screen.getByRole("button", { name: "Settings" }));
    await userEvent.click(screen.getByRole("button", { name: "Flags" }));
    await screen.findByRole("grid");
    expect(screen.queryByText("No keychain answers on this computer.")).toBeNull();
  });

  it("counts down to the next try where a write met the rate limit", async () => {
    await openWindow("rate-limited");
    await userEvent.click(await screen.findByRole("switch", { name: /guest_checkout/ }));
    expect(await screen.findByText(/^Possible again in 1\d s\.$/)).toBeVisible();
  });

  it("claims nothing about requests once their window is over", async () => {
    const host = await openWindow("rate-limited");
    expect(
      await screen.findByRole("button", { name: /^Admin 0 of 500 left, resets in 1\d s$/ }),
    ).toBeVisible();
    const status = await host.status("acme");
    vi.spyOn(host, "status").mockResolvedValue({
      ...status,
      budgets: status.budgets.map((budget) => ({
        ...budget,
        resets_at: Date.now() / 1000 - 1,
        paused_until: null,
      })),
    });
    host.changeAll();
    expect(await screen.findByRole("button", { name: "Admin: limit 500, use not known" })).toBeVisible();
    expect(screen.queryByText(/of 500 left/)).toBeNull();
  });

  it("gives every control a name", async () => {
    await openWindow("conflict", "production");
    await userEvent.click(await screen.findByText("new_checkout", { selector: ".key" }));
    await screen.findByRole("region", { name: "Segment overrides" });
    const controls = document.querySelectorAll(
      "button, input, select, textarea, [role=switch], [tabindex='0']",
    );
    expect(controls.length).toBeGreaterThan(20);
    for (const control of controls) expect(control, control.outerHTML.slice(0, 200)).toHaveAccessibleName();
  });
});
