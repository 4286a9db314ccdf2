import { configure, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import type { CompareRequest } from "../../ipc/bindings";
import { failure } from "../../ipc/fake";
import { filterTo, open, pickLena } from "./testing/open-preview";

// A busy machine is slow and not broken.
configure({ asyncUtilTimeout: 8000 });
vi.setConfig({ testTimeout: 30_000 });

async function compared() {
  const opened = await open();
  const grid = await pickLena(opened.field);
  await userEvent.click(await screen.findByRole("button", { name: "Compare" }));
  await screen.findByText("3 of 128 flags differ. Traits typed here are not stored on the server.");
  return { ...opened, grid };
}

/** What is said below the row of a flag. */
function bandOf(row: HTMLElement) {
  return row.nextElementSibling as HTMLElement;
}

describe("a comparison", () => {
  it("asks the chosen server for what is on screen", async () => {
    const { field, host } = await open();
    await pickLena(field);
    await userEvent.selectOptions(
      await screen.findByRole("combobox", { name: "Server to ask" }),
      "Edge Proxy, flags.acme.example",
    );
    await userEvent.click(screen.getByRole("button", { name: "Compare" }));
    const row = await filterTo("stock_low_badge");
    await waitFor(() => expect(bandOf(row)).toHaveTextContent("Server says"));
    const asked = host.calls.find((call) => call.command === "compare")?.arguments[0] as CompareRequest;
    expect(asked.surface).toEqual({ surface: "edge_proxy", address: "https://flags.acme.example" });
    expect(asked.preview.identifier).toBe("u_48213");
    expect(asked.preview.traits).toHaveLength(6);
  });

  it.each([
    [
      "loyalty_points_multiplier",
      "Server says 1 because the server has order_count 3 stored for u_48213.",
      "Use stored traits",
    ],
    [
      "fraud_score_cutoff",
      "Server says Nothing because the flag is server-side only and this key is client-side.",
      null,
    ],
  ])("says of %s: %s", async (flag, said, remedy) => {
    await compared();
    expect(screen.getByText(/^\d\d:\d\d:\d\d, 84 ms$/)).toBeVisible();
    const band = bandOf(await filterTo(flag));
    expect(band.textContent?.replace(/\s+/g, " ").trim().startsWith(said)).toBe(true);
    const buttons = within(band)
      .queryAllByRole("button")
      .map((button) => button.textContent?.trim());
    expect(buttons).toEqual(remedy === null ? [] : [remedy]);
  });

  it("calls a cause that was not verified probable, and offers to sync", async () => {
    const { field, times } = await open();
    await pickLena(field);
    await userEvent.selectOptions(await screen.findByRole("combobox", { name: "Server to ask" }), "1");
    await userEvent.click(screen.getByRole("button", { name: "Compare" }));
    const row = await filterTo("stock_low_badge");
    await waitFor(() =>
      expect(bandOf(row)).toHaveTextContent("4 probably because its document is 4 min older"),
    );
    await userEvent.click(within(bandOf(row)).getByRole("button", { name: "Sync now" }));
    expect(times("refresh")).toBe(1);
  });

  it("counts what differs, and N walks from one to the next", async () => {
    const { grid } = await compared();
    const choice = screen.getByRole("radio", { name: "Differs 3" });
    grid.focus();
    const active = () =>
      document.getElementById(grid.getAttribute("aria-activedescendant") ?? "")?.textContent ?? "";
    await userEvent.keyboard("n");
    expect(active()).toContain("fraud_score_cutoff");
    await userEvent.keyboard("n");
    expect(active()).toContain("loyalty_points_multiplier");
    await userEvent.keyboard("{Shift>}N{/Shift}");
    expect(active()).toContain("fraud_score_cutoff");
    await userEvent.click(choice);
    expect(grid).toHaveAttribute("aria-rowcount", "4");
  });

  it("is not offered as a filter before there is one", async () => {
    const { field } = await open();
    await pickLena(field);
    expect(screen.queryByRole("radio", { name: /^Differs/ })).toBeNull();
  });

  it("fades when what it asked for is typed over, and is whole again when that is led back", async () => {
    await compared();
    const row = await filterTo("loyalty_points_multiplier");
    await userEvent.type(screen.getByRole("textbox", { name: "Value of city" }), "2");
    expect(await screen.findByText(/^Asked before your last change. 3 of 128 flags differ/)).toBeVisible();
    expect(bandOf(row)).toHaveTextContent("Server said");
    expect(bandOf(row)).toHaveTextContent("Asked before your last change.");
    expect(within(bandOf(row)).queryByRole("button")).toBeNull();
    await userEvent.type(screen.getByRole("textbox", { name: "Value of city" }), "{Backspace}");
    await waitFor(() => expect(bandOf(row)).toHaveTextContent("Server says"));
    expect(screen.queryByText(/Asked before/)).toBeNull();
  });

  it("fades when the mirror has changed since", async () => {
    const { host } = await compared();
    const production = host.world.connections[0]?.environments[2];
    if (production) production.changedAt = (production.changedAt ?? 0) + 50;
    host.changeAll();
    expect(await screen.findByText(/^Asked before the last sync. 3 of 128/)).toBeVisible();
  });

  it("leads to the stored traits, and marks what is typed over them", async () => {
    await compared();
    const row = await filterTo("loyalty_points_multiplier");
    await userEvent.click(within(bandOf(row)).getByRole("button", { name: "Use stored traits" }));
    expect(await screen.findByRole("textbox", { name: "Value of order_count" })).toHaveValue("3");
    await userEvent.type(screen.getByRole("textbox", { name: "Value of order_count" }), "0");
    expect(await screen.findByText("order_count edited, stored 3")).toBeVisible();
  });

  it("is gone in another environment", async () => {
    const { session } = await compared();
    session.open({ connection: "acme", environment: "staging" });
    await waitFor(() => expect(screen.queryByText(/flags differ/)).toBeNull());
  });

  it("tells why it failed, and the last one is not shown as this one", async () => {
    const { host } = await compared();
    host.failNext("compare", failure("unreachable", "Nothing answers at edge.api.flagsmith.com."));
    await userEvent.click(screen.getByRole("button", { name: "Compare" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("Nothing answers at edge.api.flagsmith.com.");
    expect(screen.queryByText(/flags differ/)).toBeNull();
  });

  it("with a server that answers where the evaluation fails says why it can", async () => {
    const { field, host } = await open();
    await pickLena(field);
    const view = await host.compare({
      preview: {
        connection: "acme",
        environment: "production",
        identifier: "u_48213",
        traits: [],
        edits: [],
        moment: null,
        change_set: null,
      },
      surface: { surface: "flags_api" },
    });
    const because = "because evaluating the document fails on the segment Old apps";
    const differences = view.differences.map((each) => ({ ...each, because, verified: false }));
    vi.spyOn(host, "compare").mockResolvedValue({ ...view, differences });
    await userEvent.click(screen.getByRole("button", { name: "Add trait" }));
    await userEvent.keyboard("app_version");
    await screen.findByText("No flag can be answered");
    await userEvent.click(screen.getByRole("button", { name: "Compare" }));
    expect(
      await screen.findByText(`Flags API, edge.api.flagsmith.com answers all the same, probably ${because}.`),
    ).toBeVisible();
  });
});
