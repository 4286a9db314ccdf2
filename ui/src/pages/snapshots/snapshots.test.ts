import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { Scenario } from "../../ipc/fake";
import type { AtView } from "../../ipc/bindings";
import { callsOf, openWindow } from "../../testing/open-window";

async function openSnapshots(scenario: Scenario = "fresh", environment = "production") {
  const host = await openWindow(scenario, environment);
  const rail = await screen.findByRole("navigation");
  await userEvent.click(within(rail).getByRole("button", { name: "Snapshots" }));
  return host;
}
const timeline = () => screen.findByRole("grid", { name: "Snapshots" });
const differences = () => screen.findByRole("grid", { name: /^Differences between/ });
/** The newest moment of a name. */
async function moment(name: RegExp) {
  const [first] = await within(await timeline()).findAllByRole("row", { name });
  if (!first) throw new Error("never");
  return first;
}
const compared = (host: Awaited<ReturnType<typeof openSnapshots>>) =>
  callsOf(host, "compareSides") as [AtView, AtView][];

/** The focus is on the timeline, on a moment; B is still now. */
async function onMoment(name: RegExp) {
  const row = await moment(name);
  await fireEvent.contextMenu(row);
  await userEvent.keyboard("{Escape}");
  (await timeline()).focus();
}
async function choose(name: RegExp, act: string) {
  await fireEvent.contextMenu(await moment(name));
  await userEvent.click(await screen.findByRole("menuitem", { name: act }));
}
async function tick(...names: string[]) {
  const grid = await differences();
  for (const name of names) await userEvent.click(within(grid).getByRole("checkbox", { name }));
}

describe("the timeline", () => {
  it("tells by day what each environment was, who changed it, how much, and where nobody looked", async () => {
    await openSnapshots();
    const grid = await timeline();
    expect(await within(grid).findByRole("rowheader", { name: /^Today, / })).toBeVisible();
    const pinned = await moment(/^Before search rollout, Production/);
    expect(within(pinned).getByRole("img", { name: "Pinned" })).toBeVisible();
    expect(within(pinned).getByText("Tom Okafor")).toBeVisible();
    const many = await moment(/^5 flags, Staging/);
    for (const part of ["2 parts added", "2 parts changed", "1 part removed"]) {
      expect(within(many).getByRole("img", { name: part })).toBeVisible();
    }
    expect(await moment(/^klarna_pay_later/)).toHaveTextContent("Halyard did not look for 9 h before this");
    expect(within(grid).getAllByRole("row").length).toBeLessThan(60);
  });

  it.each([
    ["b", "compareSides", (calls: unknown[][]) => (calls.at(-1)?.[1] as AtView).moment !== null],
    ["a", "compareSides", (calls: unknown[][]) => (calls.at(-1)?.[0] as AtView).moment !== null],
    ["{Enter}", "compareSides", (calls: unknown[][]) => (calls.at(-1)?.[1] as AtView).moment !== null],
    ["p", "pinMoment", (calls: unknown[][]) => calls.at(-1)?.[1] === true],
  ] as const)("answers the key %s on a moment by %s", async (key, command, right) => {
    const host = await openSnapshots();
    await differences();
    await onMoment(/^free_shipping_threshold/);
    await userEvent.keyboard(key);
    await waitFor(() => expect(right(callsOf(host, command))).toBe(true));
  });

  it("names a moment, which then is kept", async () => {
    const host = await openSnapshots();
    await onMoment(/^free_shipping_threshold/);
    await userEvent.keyboard("{F2}");
    await userEvent.type(await screen.findByRole("textbox", { name: "Name" }), "Before the sale{Enter}");
    expect(callsOf(host, "nameMoment").at(-1)?.[1]).toBe("Before the sale");
    expect(await moment(/^Before the sale, Production/)).toBeVisible();
  });

  it("moves B along while an arrow key is held, and keeps what is on screen until the answer", async () => {
    const host = await openSnapshots();
    await differences();
    await onMoment(/^new_checkout/);
    const before = compared(host).length;
    const release = host.hold();
    const grid = await timeline();
    for (let step = 0; step < 5; step += 1) {
      await fireEvent.keyDown(grid, { key: "ArrowDown", repeat: true });
    }
    expect(await differences()).toBeVisible();
    expect(screen.queryByText("Comparing")).toBeNull();
    release();
    // One that was under way, and the newest; none of those between.
    await waitFor(() => expect(compared(host).length).toBe(before + 2));
    const last = await moment(/^klarna_pay_later/);
    await waitFor(() => expect(within(last).getByRole("img", { name: "Side B" })).toBeVisible());
  });

  it("asks for pins alone, for one environment alone, and for older pages at the end", async () => {
    const host = await openSnapshots();
    await timeline();
    await userEvent.click(screen.getByRole("button", { name: "Pinned" }));
    await waitFor(() => expect(callsOf(host, "timeline").at(-1)).toMatchObject([{ pinned_only: true }]));
    await waitFor(async () =>
      expect(within(await timeline()).queryByRole("row", { name: /^new_checkout/ })).toBeNull(),
    );
    await userEvent.click(screen.getByRole("button", { name: "Pinned" }));
    await userEvent.click(screen.getByRole("button", { name: "Environments: all" }));
    await userEvent.click(screen.getByRole("checkbox", { name: "Staging" }));
    await waitFor(() =>
      expect(callsOf(host, "timeline").at(-1)).toMatchObject([
        { environments: ["development", "production", "eu-production"], pinned_only: false, before: null },
      ]),
    );
    const grid = await timeline();
    grid.scrollTop = 100_000;
    await fireEvent.scroll(grid);
    await waitFor(() =>
      expect(callsOf(host, "timeline").at(-1)).toMatchObject([
        { before: expect.stringMatching(/moment/) as string },
      ]),
    );
  });

  it("finds what an environment was at a time, and says how sure that is", async () => {
    const host = await openSnapshots();
    await userEvent.click(await screen.findByRole("button", { name: "Go to a time" }));
    const yesterday = new Date(Date.now() - 25 * 3600 * 1000).toISOString().slice(0, 16);
    await fireEvent.input(screen.getByLabelText("Date and time"), { target: { value: yesterday } });
    await userEvent.click(screen.getByRole("button", { name: "Look" }));
    expect(await screen.findByText(/It was seen before and after that time/)).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Set as B" }));
    await waitFor(() => expect(compared(host).at(-1)?.[1].moment).toMatch(/moment/));
  });

  it("takes a snapshot with a name", async () => {
    const host = await openSnapshots();
    await userEvent.click(await screen.findByRole("button", { name: "Take" }));
    await userEvent.type(await screen.findByRole("textbox", { name: "Name" }), "Before the sale{Enter}");
    expect(await screen.findByText(/Before the sale in Production is pinned/)).toBeVisible();
    expect(callsOf(host, "takeSnapshot")).toEqual([["acme", "production", "Before the sale"]]);
  });

  it("evaluates at a moment", async () => {
    const host = await openSnapshots();
    await choose(/^Before search rollout/, "Evaluate at it");
    await userEvent.click(await screen.findByRole("button", { name: "Lena, Berlin" }));
    await waitFor(() =>
      expect(callsOf(host, "preview").at(-1)).toMatchObject([
        { environment: "production", moment: expect.stringMatching(/moment/) as string },
      ]),
    );
  });

  it("says what to do where there is nothing yet", async () => {
    await openSnapshots("empty");
    expect(await screen.findByText("A and B are the same")).toBeVisible();
  });
});

describe("the comparison", () => {
  it("shows a JSON value line by line, with the numbers of both sides", async () => {
    await openSnapshots();
    await userEvent.click(
      await within(await differences()).findByRole("row", { name: /homepage_hero, Value, 2 of 4/ }),
    );
    expect(await screen.findByText("Minus is in Production, plus comes from Staging")).toBeVisible();
    const lines = [...document.querySelectorAll(".line")].map((line) =>
      [...line.children].map((part) => part.textContent.replace(/\s+/g, " ").trim()),
    );
    expect(lines).toEqual([
      ["1", "1", "", "{"],
      ["", "2", "−", 'Minus: "slot": "autumn",'],
      ["", "3", "−", 'Minus: "cta": "Shop coats"'],
      ["2", "", "+", 'Plus: "slot": "winter",'],
      ["3", "", "+", 'Plus: "cta": "Shop boots"'],
      ["4", "4", "", "}"],
    ]);
    expect([...document.querySelectorAll(".line b")].map((mark) => mark.textContent)).toContain("autumn");
  });

  it.each([
    ["State", 9],
    ["Value", 4],
  ])("lists under %s what the tab counts, and filters by text", async (tab, count) => {
    await openSnapshots();
    await differences();
    await userEvent.click(screen.getByRole("tab", { name: `${tab} ${count}` }));
    await waitFor(async () =>
      expect(within(await differences()).getAllByRole("row")).toHaveLength(count + 1),
    );
    await userEvent.type(screen.getByRole("textbox", { name: "Filter differences" }), "no such flag");
    expect(await screen.findByText("No difference matches")).toBeVisible();
  });

  it("ticks all, some and a stretch by keyboard, and counts them", async () => {
    await openSnapshots();
    const grid = await differences();
    grid.focus();
    await userEvent.keyboard(" {ArrowDown}{ArrowDown}{Shift>} {/Shift}");
    expect(await screen.findByText("3 of 13 selected")).toBeVisible();
    const all = within(grid).getByRole<HTMLInputElement>("checkbox", { name: "Select all" });
    expect(all.indeterminate).toBe(true);
    await userEvent.click(all);
    expect(await screen.findByText("13 of 13 selected")).toBeVisible();
    expect(screen.getByRole("button", { name: "Stage 13 edits for Production" })).toBeEnabled();
  });

  it("checks the target, stages what was ticked, and leads to Changes", async () => {
    const host = await openSnapshots();
    await tick("Take over express_checkout_wallets, State", "Take over free_shipping_threshold, Value");
    await userEvent.click(screen.getByRole("button", { name: "Stage 2 edits for Production" }));
    const sheet = await screen.findByRole("dialog", { name: "Stage 2 edits for Production?" });
    expect(await within(sheet).findByText(/of 2,400 go from off to on/)).toBeVisible();
    expect(callsOf(host, "promote")).toEqual([]);
    await userEvent.click(within(sheet).getByRole("button", { name: "Stage 2 edits" }));
    expect(callsOf(host, "promote")).toMatchObject([
      [{ picked: ["express_checkout_wallets enabled", "free_shipping_threshold value"], change_set: null }],
    ]);
    expect(await screen.findByText("Staged 2 edits for Production.")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Review" }));
    expect(await screen.findByRole("grid", { name: /^Edits in/ })).toHaveTextContent(
      "free_shipping_threshold",
    );
  });

  it("says what has to be made first, and leaves out what needs it where that is not wanted", async () => {
    await openSnapshots("fresh", "staging");
    await choose(/^5 flags, Staging/, "Compare with the one before");
    // Then, that flag was there.
    await userEvent.click(await screen.findByRole("button", { name: "Set B to now" }));
    await tick("Take over legacy_pdp_redirect, Flag");
    await userEvent.click(screen.getByRole("button", { name: "Stage 1 edit for Staging" }));
    const sheet = await screen.findByRole("dialog");
    const needed = await within(sheet).findByRole("checkbox", {
      name: /legacy_pdp_redirect is not there and will be made/,
    });
    await userEvent.click(needed);
    expect(within(sheet).getByText("1 difference left out, because they need it.")).toBeVisible();
    expect(within(sheet).getByRole("button", { name: /^Stage/ })).toBeDisabled();
  });

  it("says why nothing can be taken to the past, and leads back to now", async () => {
    const host = await openSnapshots();
    await choose(/^Before search rollout/, "Set as B");
    expect(await screen.findByText(/the past cannot be changed/)).toBeVisible();
    expect(screen.queryByRole("checkbox", { name: "Select all" })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Set B to now" }));
    await waitFor(() => expect(compared(host).at(-1)?.[1].moment).toBeNull());
    expect(await screen.findByRole("button", { name: "Stage for Production" })).toBeDisabled();
  });

  it("lists what does not map between services", async () => {
    await openSnapshots();
    await userEvent.click(await screen.findByRole("button", { name: /^Choose side A: Staging/ }));
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Connection" }), "Acme Edge");
    await userEvent.click(screen.getByRole("button", { name: "Now" }));
    expect(await screen.findByText("2 things do not map")).toBeVisible();
  });

  it("advises to sync a stale side, and syncs it", async () => {
    const host = await openSnapshots("stale");
    await userEvent.click(await screen.findByRole("button", { name: "Sync Staging" }));
    expect(callsOf(host, "refresh")).toEqual([["acme", "staging"]]);
  });

  it("writes the differences to a file and shows where", async () => {
    const host = await openSnapshots();
    await differences();
    await userEvent.click(screen.getByRole("button", { name: "Export diff" }));
    await userEvent.click(screen.getByRole("button", { name: "JSON, to be processed" }));
    expect(await screen.findByText(/^Saved staging-to-production\.json/)).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Show in folder" }));
    expect(callsOf(host, "showInFolder")).toEqual([["/home/you/Downloads/staging-to-production.json"]]);
  });

  it("shows what a restore would stage before it does", async () => {
    const host = await openSnapshots();
    await choose(/^Before search rollout/, "Restore");
    const sheet = await screen.findByRole("dialog", {
      name: "Lead Production back to Before search rollout?",
    });
    expect(await within(sheet).findByText("2 differences will be staged")).toBeVisible();
    expect(within(sheet).getByRole("row", { name: /free_shipping_threshold.*49.*59/ })).toBeVisible();
    await userEvent.click(within(sheet).getByRole("button", { name: "Stage the way back" }));
    await waitFor(() => expect(callsOf(host, "restore")).toHaveLength(1));
    expect(await screen.findByText("Staged 2 edits for Production.")).toBeVisible();
  });
});
