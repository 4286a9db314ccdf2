import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { StageRequest } from "../../ipc/bindings";
import { turn } from "../../state/fields";
import { callsOf, openWindow } from "../../testing/open-window";
import { targetOf } from "./keys";

// jsdom lays nothing out, and a table without a width shows the narrowest columns.
beforeEach(() => {
  vi.spyOn(Element.prototype, "clientWidth", "get").mockReturnValue(1280);
  localStorage.clear();
});
afterEach(() => {
  vi.restoreAllMocks();
  localStorage.clear();
});

async function openMatrix(...given: Parameters<typeof openWindow>) {
  const host = await openWindow(...given);
  await userEvent.click(await screen.findByRole("radio", { name: "Matrix" }));
  await screen.findByRole("grid", { name: "Flags by environments" });
  return host;
}
const grid = () => screen.getByRole("grid", { name: "Flags by environments" });
const rowOf = (flag: string) => screen.findByRole("row", { name: flag });
const cellOf = async (flag: string, environment: string) =>
  within(await rowOf(flag)).getByRole("gridcell", { name: new RegExp(`^${environment}:`) });
const active = () => document.getElementById(grid().getAttribute("aria-activedescendant") ?? "");
async function filter(query: string) {
  await userEvent.type(screen.getByRole("textbox", { name: "Filter flags" }), query);
}

describe("a key in the matrix", () => {
  const extent = { rows: 100, columns: 4, page: 20 };
  const press = (key: string, more = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });
  it.each([
    [press("ArrowRight"), { row: 5, column: 3 }],
    [press("ArrowUp"), { row: 4, column: 2 }],
    [press("j"), { row: 6, column: 2 }],
    [press("Home"), { row: 5, column: 0 }],
    [press("End"), { row: 5, column: 4 }],
    [press("End", { ctrlKey: true }), { row: 99, column: 4 }],
    [press("PageUp"), { row: 0, column: 2 }],
    [press("PageDown"), { row: 25, column: 2 }],
    [press("ArrowDown", { altKey: true }), null],
    [press("q"), null],
  ])("%o leads there and never outside", (event, to) => {
    expect(targetOf(event, { row: 5, column: 2 }, extent, true)).toEqual(to);
  });
  it("is no letter where letters do not act", () => {
    expect(targetOf(press("j"), { row: 5, column: 2 }, extent, false)).toBeNull();
  });
});

describe("the matrix", () => {
  it("shows each flag beside all environments, with what differs from the reference in words", async () => {
    await openMatrix("staged");
    await filter("delivery_slot");
    const cells = within(await rowOf("delivery_slot_picker")).getAllByRole("gridcell");
    expect(cells.map((cell) => cell.getAttribute("aria-label")?.split(", ").slice(0, 2).join(", "))).toEqual([
      "Development: On, On here",
      "Staging: On, On here",
      "Production: Off, Staged",
      expect.stringMatching(/^EU Production: Off, /),
    ]);
    expect(within(await cellOf("delivery_slot_picker", "Staging")).getByRole("img")).toHaveAccessibleName(
      "Differs from Production",
    );
  });

  it("is remembered, and M leads back to the table", async () => {
    await openMatrix();
    expect(localStorage.getItem("halyard.flags-as")).toBe("matrix");
    await userEvent.keyboard("m");
    expect(await screen.findByRole("grid", { name: "Flags" })).toBeVisible();
  });

  it("shows only what differs, against the reference that is chosen", async () => {
    const host = await openMatrix();
    await userEvent.click(screen.getByRole("button", { name: "Only rows that differ 34" }));
    expect(screen.getByText("34 of 128 shown", { selector: "[role=status]" })).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Reference: Production" }));
    await userEvent.click(screen.getByRole("menuitemradio", { name: "Development" }));
    await waitFor(() =>
      expect(callsOf(host, "matrix").at(-1)?.[0]).toMatchObject({ reference: "development" }),
    );
    expect(await screen.findByRole("button", { name: "Reference: Development" })).toBeVisible();
  });

  it("leaves environments out, but never the last", async () => {
    const host = await openMatrix();
    await userEvent.click(screen.getByRole("button", { name: "Environments: 4" }));
    const choice = screen.getByRole("dialog", { name: "Environments" });
    for (const name of ["Development", "Staging", "EU Production"]) {
      await userEvent.click(within(choice).getByRole("checkbox", { name }));
    }
    await waitFor(() =>
      expect(callsOf(host, "matrix").at(-1)?.[0]).toMatchObject({ environments: ["production"] }),
    );
    expect(within(choice).getByRole("checkbox", { name: "Production" })).toBeDisabled();
  });

  it("draws few of ten thousand rows, and the keyboard reaches the last", async () => {
    await openMatrix("many");
    await rowOf("flag_00000");
    expect(within(grid()).getAllByRole("row").length).toBeLessThan(60);
    grid().focus();
    await userEvent.keyboard("{Control>}{End}{/Control}");
    expect(grid()).toHaveAttribute("aria-rowcount", "10001");
    await waitFor(() => expect(grid().getAttribute("aria-activedescendant")).toMatch(/-9999-4$/));
  });
});

describe("a cell of the matrix", () => {
  it("is turned over in its own environment, at once where that does not ask", async () => {
    const host = await openMatrix("fresh", "production");
    await filter("guest_checkout");
    await rowOf("guest_checkout");
    grid().focus();
    await userEvent.keyboard("{ArrowRight} ");
    await waitFor(() =>
      expect(callsOf(host, "edit")[0]?.[0]).toMatchObject({
        connection: "acme",
        environment: "development",
        subject: { kind: "flag_state", flag: "guest_checkout" },
        changes: [turn(false)],
        revision: "guest_checkout@1",
      }),
    );
    await waitFor(async () =>
      expect(within(await cellOf("guest_checkout", "Development")).getByRole("switch")).not.toBeChecked(),
    );
    expect(within(await cellOf("guest_checkout", "Production")).getByRole("switch")).toBeChecked();
  });

  it("asks first where its environment is protected, whatever was on screen before", async () => {
    const host = await openMatrix("fresh", "development");
    await filter("guest_checkout");
    await userEvent.click(within(await cellOf("guest_checkout", "Production")).getByRole("switch"));
    const sheet = await screen.findByRole("dialog", { name: "Turn off guest_checkout?" });
    await userEvent.click(await within(sheet).findByRole("button", { name: "Turn off in Production" }));
    await waitFor(() =>
      expect(callsOf(host, "edit")[0]?.[0]).toMatchObject({
        environment: "production",
        confirmed: "Production",
      }),
    );
  });

  it("cannot be turned where nothing may be written, and says why", async () => {
    const host = await openMatrix();
    await host.setProtection("acme", "production", "read_only");
    await waitFor(async () =>
      expect(within(await cellOf("apple_pay", "Production")).getByRole("switch")).toBeDisabled(),
    );
    expect(within(await cellOf("apple_pay", "Production")).getByRole("switch")).toHaveAttribute(
      "title",
      expect.stringContaining("Production is read only"),
    );
  });

  it("tells how it differs, where it came from, and the keys, once the keyboard rests on it", async () => {
    await openMatrix();
    await filter("express_checkout");
    await rowOf("express_checkout_wallets");
    grid().focus();
    await userEvent.keyboard("{ArrowRight}{ArrowRight}");
    expect(active()).toBe(await cellOf("express_checkout_wallets", "Staging"));
    const card = await screen.findByRole("tooltip");
    expect(card).toHaveTextContent("On here, off in Production");
    expect(card).toHaveTextContent("1 override.");
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("tooltip")).toBeNull();
  });

  it("is copied to another environment with all that differs, as a staged edit", async () => {
    const host = await openMatrix();
    await filter("new_checkout");
    await rowOf("new_checkout");
    grid().focus();
    await userEvent.keyboard("{End}c");
    const menu = await screen.findByRole("menu");
    await userEvent.click(within(menu).getByRole("menuitem", { name: /^Staging/ }));
    await waitFor(() =>
      expect(callsOf(host, "stageEdit")[0]?.[0]).toMatchObject({
        environment: "staging",
        subject: { kind: "flag_state", flag: "new_checkout" },
        changes: [
          {
            field: "weights",
            to: { kind: "weights", rows: expect.arrayContaining([{ id: "option-one_page", weight: "40" }]) },
          },
        ],
      }),
    );
    expect(grid()).toHaveFocus();
  });
});

describe("flags chosen in the matrix", () => {
  it("are staged in several environments with one act each, where it changes something", async () => {
    const host = await openMatrix();
    await userEvent.click(screen.getByRole("button", { name: /^Only rows that differ/ }));
    for (const flag of ["address_autocomplete", "delivery_slot_picker", "did_you_mean"]) {
      await userEvent.click(await screen.findByRole("checkbox", { name: `Select ${flag}` }));
    }
    const bar = await screen.findByRole("region", { name: "Selected flags" });
    expect(within(bar).getByRole("button", { name: "Stage as change set" })).toBeDisabled();
    await userEvent.click(within(bar).getByRole("button", { name: /^Turn on in/ }));
    await userEvent.click(within(bar).getByRole("checkbox", { name: /^EU Production/ }));
    await userEvent.click(within(bar).getByRole("button", { name: /^Copy from Production to/ }));
    await userEvent.click(within(bar).getByRole("checkbox", { name: /^Staging/ }));
    await userEvent.click(within(bar).getByRole("button", { name: "Stage 3 edits" }));
    await waitFor(() => expect(callsOf(host, "stageEdits")).toHaveLength(1));
    const requests = callsOf(host, "stageEdits")[0]?.[0] as StageRequest[];
    expect(requests.map(({ environment, subject, changes }) => [environment, subject, changes])).toEqual([
      ["staging", { kind: "flag_state", flag: "delivery_slot_picker" }, [turn(false)]],
      ["eu-production", { kind: "flag_state", flag: "delivery_slot_picker" }, [turn(true)]],
      ["eu-production", { kind: "flag_state", flag: "did_you_mean" }, [turn(true)]],
    ]);
    expect(callsOf(host, "edit")).toEqual([]);
  });
});
