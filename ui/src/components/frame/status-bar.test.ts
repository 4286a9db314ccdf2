import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import type { BudgetView, StatusView } from "../../ipc/bindings";
import { type FakeHost } from "../../ipc/fake";
import { callsOf, openWindow } from "../../testing/open-window";
import { pausedBudget, readBudget, readBudgets, waitingFor } from "./budget";

const NOW = 1_800_000_000;

function budget(more: Partial<BudgetView> = {}): BudgetView {
  return {
    name: "Admin",
    remaining: 412,
    limit: 500,
    resets_at: NOW + 23,
    paused_until: null,
    known: "Counted here.",
    waiting: 0,
    waiting_seconds: null,
    ...more,
  };
}
function status(...budgets: BudgetView[]): StatusView {
  return {
    connected: true,
    sentence: "Connected, Flagsmith",
    tried: true,
    budgets,
    writes: 0,
    incidents: [],
    warnings: 0,
  };
}
/** Shows another status from now on. */
async function tell(host: FakeHost, change: (status: StatusView) => void) {
  const view = await host.status("acme");
  change(view);
  vi.spyOn(host, "status").mockResolvedValue(view);
  host.changeAll();
}

describe("a budget", () => {
  it.each<[string, Partial<BudgetView>, string, number | null, number | null]>([
    ["enough", {}, "enough", 412, NOW + 23],
    ["under a fifth", { remaining: 99 }, "low", 99, NOW + 23],
    ["a fifth", { remaining: 100 }, "enough", 100, NOW + 23],
    ["none left", { remaining: 0 }, "empty", 0, NOW + 23],
    ["paused, whatever the count says", { paused_until: NOW + 18 }, "empty", 0, NOW + 18],
    ["a pause that is over", { paused_until: NOW }, "enough", 412, NOW + 23],
    ["a window that is over", { resets_at: NOW }, "unknown", null, null],
    ["never counted", { remaining: null, limit: null, resets_at: null }, "unknown", null, null],
    ["no limit known", { limit: null, remaining: 3 }, "enough", 3, NOW + 23],
  ])("%s", (_, more, standing, remaining, until) => {
    expect(readBudget(budget(more), NOW)).toMatchObject({ standing, remaining, until });
  });

  it("that takes nothing comes before the scarcest", () => {
    const told = status(
      budget({ name: "Scarce", remaining: 3 }),
      budget({ name: "Paused", paused_until: NOW + 5 }),
    );
    expect(readBudgets(told, NOW).map((reading) => reading.budget.name)).toEqual(["Paused", "Scarce"]);
  });

  it("that opens last holds everything up", () => {
    const told = status(budget({ paused_until: NOW + 5 }), budget({ remaining: 0 }), budget());
    expect(pausedBudget(told, NOW)?.until).toBe(NOW + 23);
    expect(pausedBudget(status(budget()), NOW)).toBeNull();
  });

  it("queues add up, and take as long as the slowest; one of unknown length makes all unknown", () => {
    const known = [budget({ waiting: 60, waiting_seconds: 15 }), budget({ waiting: 2, waiting_seconds: 3 })];
    expect(waitingFor(status(...known, budget()))).toEqual({ requests: 62, seconds: 15 });
    const unknown = budget({ waiting: 1, waiting_seconds: null });
    expect(waitingFor(status(...known, unknown))).toEqual({ requests: 63, seconds: null });
    expect(waitingFor(null)).toEqual({ requests: 0, seconds: null });
  });
});

describe("the status bar", () => {
  it("claims nothing before anything was asked", async () => {
    const host = await openWindow();
    await tell(host, (view) => Object.assign(view, { tried: false, connected: false, budgets: [] }));
    expect(await screen.findByText("Nothing asked yet")).toBeVisible();
    expect(screen.queryByText(/Connected|left/)).toBeNull();
  });

  it("says that no limit is known", async () => {
    const host = await openWindow();
    await tell(host, (view) =>
      Object.assign(view, { budgets: [budget({ remaining: null, limit: null, resets_at: null })] }),
    );
    expect(await screen.findByRole("button", { name: "Admin: no limit known" })).toBeVisible();
  });

  it("shows the scarcest budget, and all of them with how they are known on a click", async () => {
    await openWindow();
    await userEvent.click(screen.getByRole("button", { name: /^Connection/ }));
    await userEvent.click(screen.getByRole("button", { name: /^Acme Edge/ }));
    const item = await screen.findByRole("button", {
      name: /^Management 812 of 1,000 left, resets in 2\d s and 1 other$/,
    });
    await userEvent.click(item);
    const popover = screen.getByRole("dialog", { name: "Requests left" });
    expect(popover).toHaveTextContent(/Evaluation 9,204 of 10,000 left/);
    expect(popover).toHaveTextContent("Told by the service with each answer.");
    await userEvent.click(within(popover).getByRole("button", { name: "Limits in Health" }));
    expect(screen.getByRole("button", { name: "Health" })).toHaveAttribute("aria-current", "page");
  });

  it("says what waits and how long, and gives it up", async () => {
    const host = await openWindow("rate-limited");
    await userEvent.click(await screen.findByRole("button", { name: "62 waiting, about 15 s" }));
    const popover = screen.getByRole("dialog", { name: "Queue" });
    await userEvent.click(within(popover).getByRole("button", { name: "Give up what waits" }));
    expect(await screen.findByText("62 requests given up. Nothing of them was sent.")).toBeVisible();
    expect(callsOf(host, "giveUpWaiting")).toEqual([["acme"]]);
    expect(await screen.findByRole("button", { name: "Nothing queued" })).toBeVisible();
  });

  it("says that background reading stands back while writes are held up", async () => {
    const host = await openWindow("rate-limited");
    expect(await screen.findByText("Background sync gives way to writes")).toBeVisible();
    await tell(host, (view) => Object.assign(view, { writes: 0 }));
    await waitFor(() => expect(screen.queryByText("Background sync gives way to writes")).toBeNull());
  });

  it("names the gravest incident of the provider and leads to Health", async () => {
    const host = await openWindow();
    expect(screen.queryByRole("button", { name: /incident/ })).toBeNull();
    await tell(host, (view) => Object.assign(view, { incidents: ["Edge API latency", "Dashboard"] }));
    const item = await screen.findByRole("button", { name: "2 provider incidents: Edge API latency" });
    await userEvent.click(item);
    expect(screen.getByRole("button", { name: "Health" })).toHaveAttribute("aria-current", "page");
  });
});

describe("the pause", () => {
  it("counts down, says what was asked, and gives up what waits", async () => {
    const host = await openWindow("rate-limited");
    expect(await screen.findByText(/^Paused by the rate limit, goes on in 1\d s$/)).toBeVisible();
    const banner = screen.getByText("Paused by the rate limit.").closest<HTMLElement>(".banner");
    if (!banner) throw new Error("no banner");
    expect(banner).toHaveTextContent(
      "Flagsmith answered 429 and asked for a pause of 18 s. 62 requests wait;",
    );
    await userEvent.click(within(banner).getByRole("button", { name: "Give up what waits" }));
    await waitFor(() => expect(banner).toHaveTextContent("Nothing waits."));
    expect(within(banner).queryByRole("button")).toBeNull();
    expect(callsOf(host, "giveUpWaiting")).toEqual([["acme"]]);
  });

  it("is over when its moment has come", async () => {
    const host = await openWindow("rate-limited");
    await screen.findByText(/goes on in 1\d s$/);
    const until = Date.now() / 1000 + 1;
    await tell(host, (view) => {
      for (const each of view.budgets) Object.assign(each, { paused_until: until, resets_at: until });
    });
    await waitFor(() => expect(screen.queryByText(/goes on in/)).toBeNull());
  });
});

describe("a surface's warning", () => {
  it("is the banner of the environment it serves, colours its pill and its row in the rail", async () => {
    const host = await openWindow();
    host.healthOf.situation = "stale-proxy";
    host.changeAll();
    expect(await screen.findByText("Edge Proxy fra-2 serves an old document of Staging.")).toBeVisible();
    expect(screen.getByRole("button", { name: /^Synced \d+ s ago, with a warning$/ })).toBeVisible();
    expect(screen.getByRole("button", { name: "Staging" })).toHaveAccessibleDescription(
      /Edge Proxy fra-2 serves an old document of Staging\./,
    );
    await userEvent.click(screen.getByRole("button", { name: "Development" }));
    expect(await screen.findByRole("button", { name: /^Synced \d+ s ago$/ })).toBeVisible();
    expect(screen.queryByText("Edge Proxy fra-2 serves an old document of Staging.")).toBeNull();
  });

  it("is counted beside Health in the rail", async () => {
    const host = await openWindow();
    const health = screen.getByRole("button", { name: "Health" });
    expect(health).not.toHaveAccessibleDescription(/warning/);
    host.healthOf.situation = "stale-proxy";
    host.changeAll();
    await waitFor(() => expect(health).toHaveAccessibleDescription("1 warning"));
    expect(health).toHaveTextContent("1");
  });
});

it("goes to Activity and Health by keyboard", async () => {
  await openWindow();
  await screen.findByRole("grid");
  await userEvent.keyboard("ga");
  expect(screen.getByRole("button", { name: "Activity" })).toHaveAttribute("aria-current", "page");
  expect(screen.getByRole("heading", { level: 1, name: "Activity" })).toBeVisible();
  await userEvent.keyboard("gh");
  expect(screen.getByRole("button", { name: "Health" })).toHaveAttribute("aria-current", "page");
});
