import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import type { ActivityRequest } from "../../ipc/bindings";
import { failure, type FakeHost } from "../../ipc/fake";
import { callsOf, openWindow } from "../../testing/open-window";

async function openActivity(): Promise<{ host: FakeHost; grid: HTMLElement }> {
  const host = await openWindow();
  await userEvent.click(screen.getByRole("button", { name: "Activity" }));
  return { host, grid: await screen.findByRole("grid", { name: "Requests" }) };
}
/** What the window asked for last. */
function asked(host: FakeHost): ActivityRequest {
  return callsOf(host, "activity").at(-1)?.[0] as ActivityRequest;
}
function names(grid: HTMLElement): string[] {
  const rows = within(grid).getAllByRole("row").slice(1);
  return rows.map((row) => row.getAttribute("aria-label") ?? "");
}
function scrollTo(grid: HTMLElement, top: number) {
  grid.scrollTop = top;
  return fireEvent.scroll(grid);
}
function firstTime(grid: HTMLElement): string | null | undefined {
  return grid.querySelector("time")?.textContent;
}

describe("activity", () => {
  it("lists the newest requests of this connection, and draws only those in view", async () => {
    const { host, grid } = await openActivity();
    expect(asked(host)).toMatchObject({ connection: "acme", search: "", outcomes: [], before: null });
    expect(screen.getByText("992 requests")).toBeVisible();
    expect(names(grid).length).toBeLessThan(60);
    expect(names(grid)[0]).toMatch(/^(GET|PUT) \/api\/.*, .*, \d+ ms$/);
    expect(firstTime(grid)).toMatch(/^\d\d:\d\d:\d\d\.\d{3}$/);
  });

  it("filters by word, outcome, surface and connection, and takes the filter back", async () => {
    const { host, grid } = await openActivity();
    await userEvent.type(screen.getByRole("textbox", { name: "Filter requests" }), "segments");
    await waitFor(() => expect(names(grid).every((name) => name.includes("segments"))).toBe(true));
    await userEvent.keyboard("{Escape}");
    await userEvent.click(screen.getByRole("button", { name: "Outcome: any" }));
    await userEvent.click(screen.getByRole("menuitemradio", { name: "Failed" }));
    await waitFor(() =>
      expect(names(grid).every((name) => /Paused|Refused|Server fault|No answer/.test(name))).toBe(true),
    );
    await userEvent.click(screen.getByRole("button", { name: "Of: this connection" }));
    await userEvent.click(screen.getByRole("menuitemradio", { name: "all connections" }));
    await userEvent.click(screen.getByRole("button", { name: "Surface: any" }));
    await userEvent.click(screen.getByRole("menuitemradio", { name: "Edge Proxy" }));
    await waitFor(() =>
      expect(asked(host)).toMatchObject({
        connection: null,
        search: "",
        outcomes: ["throttled", "refused", "server_fault", "broken"],
        surface: "edge_proxy",
      }),
    );
  });

  it("offers to clear a filter that nothing passes", async () => {
    await openActivity();
    await userEvent.type(screen.getByRole("textbox", { name: "Filter requests" }), "nowhere");
    await screen.findByText("No request matches the filter");
    const main = within(screen.getByRole("main"));
    await userEvent.click(main.getAllByRole("button", { name: "Clear the filter" }).at(-1) as HTMLElement);
    expect(await screen.findByText("992 requests")).toBeVisible();
  });

  it("lets new requests in at the top, and waits with them while somebody reads further down", async () => {
    const { host, grid } = await openActivity();
    host.ask(5);
    await screen.findByText("996 requests");
    await scrollTo(grid, 3600);
    const before = names(grid);
    host.ask(10);
    const pill = await screen.findByRole("button", { name: "Show 8 new requests" });
    expect(names(grid)).toEqual(before);
    await userEvent.click(pill);
    expect(grid.scrollTop).toBe(0);
    expect(await screen.findByText("1,004 requests")).toBeVisible();
    expect(screen.queryByRole("button", { name: /new request/ })).toBeNull();
  });

  it("reads older ones as the end comes near, each once", async () => {
    const { host, grid } = await openActivity();
    await scrollTo(grid, 36 * 190);
    await waitFor(() => expect(callsOf(host, "activity").length).toBeGreaterThan(1));
    const { before } = asked(host);
    expect(before).toBe(host.requests.rows.filter(({ connection }) => connection === "Acme Store")[199]?.id);
    await scrollTo(grid, 36 * 195);
    const asks = callsOf(host, "activity").map(([request]) => (request as ActivityRequest).before);
    expect(new Set(asks).size).toBe(asks.length);
  });

  it("tells a request in full, with cause, next step and remedy, and goes by keyboard", async () => {
    const { host, grid } = await openActivity();
    await userEvent.click(screen.getByRole("button", { name: "Outcome: any" }));
    await userEvent.click(screen.getByRole("menuitemradio", { name: "Failed" }));
    await waitFor(() => expect(names(grid)[0]).not.toContain("Done"));
    const wanted = names(grid).findIndex((name) => name.includes("503"));
    expect(wanted).toBeGreaterThanOrEqual(0);
    grid.focus();
    await userEvent.keyboard(`${"{ArrowDown}".repeat(wanted)}{Enter}`);
    const panel = await screen.findByRole("complementary", { name: "GET /api/v1/environment-document/" });
    expect(await within(panel).findByText("Flagsmith answered 503.")).toBeVisible();
    expect(panel).toHaveTextContent("latency in the EU since 14:21");
    expect(panel).toHaveTextContent("https://api.flagsmith.com/api/v1/environment-document/");
    expect(panel).toHaveTextContent("As here, within a second");
    await userEvent.click(within(panel).getByRole("button", { name: "Show such requests" }));
    await waitFor(() => expect(asked(host).search).toBe("503"));
    expect(screen.getByRole("textbox", { name: "Filter requests" })).toHaveValue("503");
    grid.focus();
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("complementary")).toBeNull();
  });

  it("says why nothing is listed, and asks again", async () => {
    const host = await openWindow();
    host.failNext("activity", failure("mirror", "The local copy cannot be read."));
    await userEvent.click(screen.getByRole("button", { name: "Activity" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("The local copy cannot be read.");
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("grid", { name: "Requests" })).toBeVisible();
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("copies what is listed as CSV", async () => {
    const { host } = await openActivity();
    const write = vi.fn().mockResolvedValue(undefined);
    Object.defineProperty(navigator, "clipboard", { value: { writeText: write }, configurable: true });
    await userEvent.click(screen.getByRole("button", { name: "Export" }));
    await userEvent.click(screen.getByRole("button", { name: "Copy as CSV" }));
    expect(await screen.findByText("992 requests copied")).toBeVisible();
    expect(String(write.mock.calls[0]?.[0]).split("\n")).toHaveLength(993);
    expect(callsOf(host, "exportActivity")[0]?.[1]).toBe("csv");
  });

  it("forgets requests only after asking", async () => {
    const { host } = await openActivity();
    await userEvent.click(screen.getByRole("button", { name: "Forget requests" }));
    const dialog = await screen.findByRole("dialog", { name: "Forget the requests of Acme Store?" });
    expect(within(dialog).getByRole("button", { name: "Keep" })).toHaveFocus();
    expect(callsOf(host, "clearActivity")).toEqual([]);
    await userEvent.click(within(dialog).getByRole("button", { name: "Forget requests" }));
    expect(await screen.findByText("No requests yet")).toBeVisible();
    expect(callsOf(host, "clearActivity")).toEqual([["acme"]]);
  });

  it("gives every control a name", async () => {
    const { grid } = await openActivity();
    await userEvent.click(within(grid).getAllByRole("row")[1] as HTMLElement);
    await screen.findByRole("complementary");
    const controls = document.querySelectorAll("button, input, [role=grid], [role=row]:not(.head)");
    expect(controls.length).toBeGreaterThan(20);
    for (const control of controls) expect(control, control.outerHTML.slice(0, 200)).toHaveAccessibleName();
  });
});
