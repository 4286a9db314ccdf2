import { fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import type { BatchRequest } from "../../../ipc/bindings";
import { failure, fakeHost, type Scenario } from "../../../ipc/fake";
import { flagState, replace } from "../../../state/fields";
import { Session } from "../../../state/session.svelte";
import { callsOf, openWindow } from "../../../testing/open-window";
import InSession from "../testing/InSession.svelte";
import { batchOf } from "./batch.svelte";

const PEOPLE = [
  "identifier,country,order_count",
  "u_1,DE,3",
  "u_2,DE,30",
  ",DE,1",
  "u_3,US,1",
  "u_3,US,2",
].join("\n");

async function open(scenario: Scenario = "fresh", latency = 0) {
  const host = fakeHost(scenario, { latency });
  host.world.lastPlace = { connection: "acme", environment: "production" };
  const session = new Session(host);
  render(InSession, { session });
  await userEvent.click(await screen.findByRole("button", { name: "Batch" }));
  const requests = () => callsOf(host, "runBatch").map(([request]) => request as BatchRequest);
  return { host, session, requests, batch: batchOf(session) };
}

/** Types a value in the flag panel, as far as the batch can tell. */
function draft(session: Session, flag = "free_shipping_threshold", to = "45") {
  const row = session.flags.row(flag);
  if (row === null) throw new Error(`There is no ${flag}.`);
  const { revision, value } = row;
  const typed = { kind: "value", value: { kind: "number", text: to } } as const;
  session.edits.setField(flagState(flag), "value", typed, { revision, was: { kind: "value", value } });
}

const csv = (content = PEOPLE, name = "people.csv") => new File([content], name, { type: "text/csv" });
const choose = (file: File) => userEvent.upload(screen.getByLabelText("Choose a file"), file);
const run = () => userEvent.click(screen.getByRole("button", { name: /^Run/ }));
const result = () => screen.findByRole("grid", { name: "Who gets what, by flag" });

async function rowOf(flag: string) {
  await result();
  const filter = screen.getByRole("textbox", { name: "Filter flags" });
  await userEvent.clear(filter);
  await userEvent.type(filter, flag);
  return screen.findByRole("row", { name: flag });
}

describe("a file of identities", () => {
  it("is read, and what could not be read is named", async () => {
    await open();
    expect(screen.getByRole("button", { name: /^Run/ })).toBeDisabled();
    await choose(csv());
    expect(await screen.findByText("3 identities")).toBeVisible();
    expect(screen.getByText("CSV")).toBeVisible();
    expect(screen.getByText("country")).toBeVisible();
    expect(screen.getByText("1 line could not be read")).toBeVisible();
    expect(screen.getByText("line 4: no identifier")).toBeInTheDocument();
    expect(screen.getByText("1 identifier was there more than once.")).toBeVisible();
    expect(screen.getByRole("button", { name: /^Run/ })).toBeEnabled();
  });

  it("is handed over by slices of a megabyte, byte for byte", async () => {
    const { host, batch } = await open();
    const written: string[] = [];
    const write = host.writeCohort.bind(host);
    host.writeCohort = (id, base64) => {
      written.push(base64);
      return write(id, base64);
    };
    // Letters of two bytes, so that a slice ends inside of one.
    const content = `identifier,city\nu_1,${"ü".repeat(1_200_000)}\n`;
    await batch.file.read(csv(content));
    const bytes = written.map((part) => atob(part).length);
    expect(bytes).toEqual([1_048_576, 1_048_576, new TextEncoder().encode(content).length - 2 * 1_048_576]);
    expect(batch.file.view).toMatchObject({ identities: 1, traits: ["city"] });
  });

  it("can be given up while it is read", async () => {
    const { host, batch } = await open();
    const release = host.hold();
    await choose(csv());
    expect(await screen.findByRole("progressbar", { name: "Reading people.csv" })).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
    expect(screen.queryByRole("progressbar")).toBeNull();
    release();
    await waitFor(() => expect(callsOf(host, "dropCohort")).toHaveLength(1));
    expect([batch.file.view, batch.file.error, callsOf(host, "closeCohort").length]).toEqual([null, null, 0]);
  });

  it("says why it cannot be used, and leaves the one before", async () => {
    await open();
    await choose(csv());
    await screen.findByText("3 identities");
    await userEvent.upload(screen.getByLabelText("Choose another"), csv("name\n", "empty.csv"));
    expect(await screen.findByText("empty.csv holds no identity that can be read.")).toBeVisible();
    expect(screen.getByText("3 identities")).toBeVisible();
  });

  it("can be dropped anywhere on the window", async () => {
    const { batch } = await open();
    batch.choice = "personas";
    await fireEvent.dragOver(document.body, { dataTransfer: { types: ["Files"], files: [] } });
    await fireEvent.drop(document.body, { dataTransfer: { types: ["Files"], files: [csv()] } });
    expect(await screen.findByText("3 identities")).toBeVisible();
    expect(screen.getByRole("radio", { name: "A file" })).toBeChecked();
  });

  it("does not replace the window while something else asks", async () => {
    await openWindow();
    await userEvent.keyboard("?");
    expect(await screen.findByRole("dialog")).toBeVisible();
    const files = { types: ["Files"], files: [csv()], dropEffect: "copy" };
    // An event whose default is prevented answers false.
    expect(await fireEvent.dragOver(document.body, { dataTransfer: files })).toBe(false);
    expect(files.dropEffect).toBe("none");
    expect(await fireEvent.drop(document.body, { dataTransfer: files })).toBe(false);
    expect(await fireEvent.drop(document.body, { dataTransfer: { types: ["text/plain"], files: [] } })).toBe(
      true,
    );
  });
});

describe("made-up identities", () => {
  it("begin with the traits that the conditions look at", async () => {
    const { requests } = await open();
    await userEvent.click(screen.getByRole("radio", { name: "Made-up identities" }));
    expect(await screen.findByDisplayValue("country")).toBeVisible();
    const count = screen.getByRole("textbox", { name: "How many" });
    await userEvent.clear(count);
    await userEvent.type(count, "500");
    await userEvent.click(screen.getByRole("button", { name: "Remove country" }));
    expect(screen.getByRole("button", { name: "Remove order_count" })).toHaveFocus();
    await run();
    await result();
    expect(requests()[0]?.cohort).toMatchObject({ cohort: "generated", count: 500, seed: 1 });
    expect(requests()[0]?.cohort).toHaveProperty("ranges.0", {
      name: "order_count",
      range: { kind: "whole", from: 0, to: 14 },
      absent_percent: 10,
    });
  });

  it("are not made up from what cannot be used", async () => {
    await open();
    await userEvent.click(screen.getByRole("radio", { name: "Made-up identities" }));
    await screen.findByDisplayValue("country");
    await userEvent.click(screen.getByRole("button", { name: "Add trait" }));
    const name = screen.getByRole("textbox", { name: "Name of trait 6" });
    expect(name).toHaveFocus();
    expect(name).toHaveAccessibleDescription("A trait needs a name.");
    await userEvent.type(name, "plan");
    expect(screen.getByRole("button", { name: /^Run/ })).toBeDisabled();
    await userEvent.type(screen.getByRole("textbox", { name: "plan is one of" }), "free, pro");
    expect(screen.getByRole("button", { name: /^Run/ })).toBeEnabled();
    await userEvent.click(screen.getByRole("button", { name: "Suggest again" }));
    await waitFor(() => expect(screen.queryByDisplayValue("plan")).toBeNull());
  });
});

describe("a run", () => {
  it("tells who gets what of each flag", async () => {
    const { requests } = await open();
    await choose(csv());
    await screen.findByText("3 identities");
    await run();
    const row = await rowOf("free_shipping_threshold");
    expect(within(row).getByRole("img", { name: /^Now: / })).toHaveAccessibleName(
      /^Now: 39 66\.7%, 49 33\.3%$/,
    );
    expect(screen.queryByRole("columnheader", { name: "Change" })).toBeNull();
    expect(requests()[0]).toMatchObject({ connection: "acme", environment: "production", edits: [] });
  });

  it("weighs what is not sent, unless that is unticked", async () => {
    const { session, requests } = await open();
    draft(session);
    await choose(csv());
    await screen.findByText("3 identities");
    await run();
    const row = await rowOf("free_shipping_threshold");
    expect(row).toHaveTextContent("Edited");
    expect(row).toHaveTextContent(/1 33\.3%$/);
    expect(within(row).getByRole("img", { name: "After: 39 66.7%, 45 33.3%" })).toBeVisible();
    expect(screen.getByText("1 of 3 identities changes (33.3%).")).toBeVisible();
    expect(requests()[0]?.edits).toEqual([
      {
        subject: flagState("free_shipping_threshold"),
        changes: [replace({ kind: "number", text: "45" })],
      },
    ]);
    await userEvent.click(screen.getByRole("checkbox", { name: "Weigh 1 edit that is not sent" }));
    await run();
    await waitFor(() => expect(requests()[1]?.edits).toEqual([]));
  });

  it("shows by keyboard who changes and why, and leads to them", async () => {
    const { session } = await open();
    draft(session);
    await choose(csv());
    await screen.findByText("3 identities");
    await run();
    (await result()).focus();
    await userEvent.keyboard("{Enter}");
    const detail = await screen.findByRole("region", { name: "Details of free_shipping_threshold" });
    expect(within(detail).getByText("Decided by: environment default")).toBeVisible();
    expect(within(detail).getByRole("row", { name: /45/ })).toHaveTextContent(/45\s?0 0%\s?1 33\.3%/);
    await userEvent.keyboard("{ArrowDown}");
    expect(screen.queryByRole("region", { name: "Details of free_shipping_threshold" })).toBeNull();
    await userEvent.keyboard("{ArrowUp}{Escape}");
    expect(screen.queryByRole("region", { name: /^Details of/ })).toBeNull();
    await userEvent.keyboard("{Enter}");
    await userEvent.click(await screen.findByRole("button", { name: "Preview u_3" }));
    expect(await screen.findByRole("combobox", { name: "Identity" })).toHaveValue("u_3");
  });

  it("shows how far it is, and stops when it is told to", async () => {
    const { host, batch } = await open("fresh", 15);
    batch.choice = "generated";
    await waitFor(() => expect(screen.getByRole("button", { name: /^Run/ })).toBeEnabled());
    await run();
    const bar = await screen.findByRole("progressbar", { name: "Evaluating in Production" });
    await waitFor(() => expect(Number(bar.getAttribute("aria-valuenow"))).toBeGreaterThan(0));
    expect(screen.getByText(/^[\d,]+ per second$/)).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
    expect(await screen.findByText(/^Stopped after [\d,]+\.$/)).toBeVisible();
    expect(callsOf(host, "cancelBatch")).toEqual([[expect.stringMatching(/^batch-/)]]);
    expect(batch.found?.view.identities).toBeLessThan(10_000);
  });

  it("keeps its result until the next one, also when the page was left", async () => {
    const { host, session } = await open();
    await choose(csv());
    await screen.findByText("3 identities");
    await run();
    await result();
    await userEvent.keyboard("{Escape}");
    expect(await screen.findByRole("combobox", { name: "Identity" })).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Batch" }));
    await result();
    host.failNext("runBatch", failure("service", "The mirror cannot be read."));
    await run();
    expect(await screen.findByText("The mirror cannot be read.")).toBeVisible();
    expect(await result()).toBeVisible();
    // It is a result of Production alone.
    session.open({ connection: "acme", environment: "staging" });
    await waitFor(() => expect(screen.queryByRole("grid")).toBeNull());
  });

  it("names those for whom a server would fail", async () => {
    await open();
    await choose(csv("identifier,app_version\nu_1,1.2\nu_2,\n"));
    await screen.findByText("2 identities");
    await run();
    expect(await screen.findByText("For 1 identity a server would fail instead of answering")).toBeVisible();
    expect(screen.getByText(/in segment Old apps/)).toHaveTextContent(/^u_1: in segment Old apps/);
    expect(screen.getByRole("button", { name: "Preview u_1", hidden: true })).toBeInTheDocument();
  });

  it("can be copied as text", async () => {
    const { session } = await open();
    const user = userEvent.setup();
    const write = vi.spyOn(navigator.clipboard, "writeText");
    await choose(csv());
    await screen.findByText("3 identities");
    await run();
    await result();
    await user.click(screen.getByRole("button", { name: "Copy as text" }));
    await waitFor(() => expect(write).toHaveBeenCalled());
    expect(write.mock.calls[0]?.[0]).toContain("free_shipping_threshold\t39\t2\t66.67");
    expect(session.toasts.list[0]).toMatchObject({ sentence: "Result copied, separated by tabs" });
  });

  it("draws of ten thousand flags only those in view", async () => {
    const { batch } = await open("many");
    batch.choice = "personas";
    await waitFor(() => expect(screen.getByRole("button", { name: /^Run/ })).toBeEnabled());
    await run();
    const grid = await result();
    expect(grid).toHaveAttribute("aria-rowcount", "10001");
    expect(within(grid).getAllByRole("row").length).toBeLessThan(60);
    grid.focus();
    await userEvent.keyboard("{End}");
    expect(grid.getAttribute("aria-activedescendant")).toMatch(/-9999$/);
  });
});
