import { configure, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import type { FindingView, SeverityView, TraceView } from "../../ipc/bindings";
import { failure } from "../../ipc/fake";
import { flagState, replace } from "../../state/fields";
import { previewOf } from "./preview.svelte";
import { filterTo, open, pickLena, typeIdentity } from "./testing/open-preview";

// A busy machine is slow and not broken.
configure({ asyncUtilTimeout: 8000 });
vi.setConfig({ testTimeout: 30_000 });

/** Opens the row of a flag and answers what it opened into. */
async function openRow(flag: string) {
  await userEvent.click(await filterTo(flag));
  const detail = await screen.findByRole("region", { name: `Details of ${flag}` });
  const row = screen.getByText(flag).closest<HTMLElement>("[role=row]") ?? detail;
  return { row, detail };
}

async function stepsOf(flag: string) {
  const { detail } = await openRow(flag);
  const list = await within(detail).findByRole("list", { name: "How it came to this" });
  const steps = [...list.children].map((step) => step.textContent?.replace(/\s+/g, " ").trim());
  return { detail, list, steps };
}

describe("an open row", () => {
  it("shows the steps in order, each with what it saw and what became of it", async () => {
    const { field } = await open();
    await pickLena(field);
    const { list, steps } = await stepsOf("new_checkout");
    expect(steps.slice(0, 4)).toEqual([
      "Identity override None for u_48213 No match",
      '1. EU beta testers country is one of DE, AT, NL, FR: saw "DE" beta_opt_in is true: trait not set No match',
      "2. VIP customers order_count is at least 10: saw 7 No match",
      '3. Slow connections network is one of 2g, 3g: saw "4g" No match',
    ]);
    expect(steps[4]).toMatch(/^Environment default.*Decides$/);
    expect(within(list).getAllByRole("img", { name: "True" })).toHaveLength(1);
    expect(within(list).getAllByRole("img", { name: "False" })).toHaveLength(3);
    expect(within(list).getByRole("img", { name: /^Bucket 23.19 of 100/ })).toHaveAccessibleName(
      "Bucket 23.19 of 100. one_page 0 to 30, express 30 to 40, control 40 to 100. Hashed 4127,production_u_48213.",
    );
  });

  it.each([
    ["search_ranking_v2", "the identity is in the first 25%, bucket 22.42, limit 25"],
    ["klarna_pay_later", 'none of network is one of 2g: saw "4g"'],
    ["store_pickup", "The Rust SDK leaves the blank before Lyon out, the server does not."],
  ])("of %s tells: %s", async (flag, told) => {
    const { field } = await open();
    await pickLena(field);
    const { list } = await stepsOf(flag);
    expect(list).toHaveTextContent(told);
  });

  it.each([
    ["klarna_pay_later", "Klarna countries reads the flag gift_wrapping, which is on."],
    ["fraud_score_cutoff", "Client-side keys do not get this flag."],
    ["homepage_hero", '{"slot":"autumn","cta":"Shop coats"}'],
  ])("of %s also says: %s", async (flag, said) => {
    const { field } = await open();
    await pickLena(field);
    const { detail } = await stepsOf(flag);
    expect(detail).toHaveTextContent(said);
  });

  it("is opened and closed with the keys, and the focus comes back from inside", async () => {
    const { field } = await open();
    const grid = await pickLena(field);
    grid.focus();
    const active = () => document.getElementById(grid.getAttribute("aria-activedescendant") ?? "");
    await userEvent.keyboard("{ArrowDown}{ArrowRight}");
    expect(active()).toHaveAttribute("aria-expanded", "true");
    await userEvent.keyboard("{ArrowDown}");
    expect(active()).toHaveAttribute("aria-expanded", "false");
    expect(screen.getByRole("region", { name: /^Details of/ })).toBeVisible();
    await userEvent.keyboard("{ArrowUp}{ArrowLeft}");
    expect(screen.queryByRole("region", { name: /^Details of/ })).toBeNull();
    await filterTo("new_checkout");
    grid.focus();
    await userEvent.keyboard("{Enter}");
    const attempt = await screen.findByRole("button", { name: "Try beta_opt_in = true" });
    attempt.focus();
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("region", { name: /^Details of/ })).toBeNull();
    expect(screen.getByRole("grid")).toHaveFocus();
  });

  it("follows what is typed", async () => {
    const { field } = await open();
    await pickLena(field);
    const { detail } = await stepsOf("new_checkout");
    await userEvent.type(screen.getByRole("textbox", { name: "Value of order_count" }), "0");
    await waitFor(() => expect(detail).toHaveTextContent("order_count is at least 10: saw 70"));
    expect(detail).toHaveTextContent("gives On, one_page");
  });

  it("tells that its trace cannot be had, and asks again", async () => {
    const { field, host } = await open();
    await pickLena(field);
    host.failNext("trace", failure("mirror", "The local copy cannot be read."));
    const { detail } = await openRow("new_checkout");
    expect(await within(detail).findByRole("alert")).toHaveTextContent("The local copy cannot be read.");
    await userEvent.click(within(detail).getByRole("button", { name: "Try again" }));
    expect(await within(detail).findByText("Decides")).toBeVisible();
  });

  it("never shows the trace of another row, however late it comes", async () => {
    const { field, host } = await open();
    await pickLena(field);
    const answers: (() => void)[] = [];
    const trace = host.trace.bind(host);
    vi.spyOn(host, "trace").mockImplementation(async (request, flag): Promise<TraceView> => {
      const answer = await trace(request, flag);
      await new Promise<void>((resolve) => answers.push(resolve));
      return answer;
    });
    await openRow("new_checkout");
    await waitFor(() => expect(answers).toHaveLength(1));
    const { detail } = await openRow("guest_checkout");
    answers[0]?.();
    await waitFor(() => expect(answers).toHaveLength(2));
    expect(within(detail).queryByText("1. EU beta testers")).toBeNull();
    answers[1]?.();
    expect(await within(detail).findByText("Decides")).toBeVisible();
    expect(within(detail).queryByText("1. EU beta testers")).toBeNull();
  });
});

describe("what would lead elsewhere", () => {
  it("can be tried, which marks the trait, and led back", async () => {
    const { field } = await open();
    const grid = await pickLena(field);
    const { row, detail } = await openRow("new_checkout");
    await within(detail).findByText("Decides");
    expect(detail).toHaveTextContent("To get express: set beta_opt_in to true.");
    expect(detail).toHaveTextContent("To get control: no trait does it; add an identity override.");
    await userEvent.click(within(detail).getByRole("button", { name: "Try beta_opt_in = true" }));
    await waitFor(() => expect(row).toHaveTextContent("express"));
    expect(grid).toHaveFocus();
    expect(screen.getByText("beta_opt_in added")).toBeVisible();
    expect(screen.getByRole("combobox", { name: "Value of beta_opt_in" })).toHaveValue("true");
    await userEvent.click(screen.getByRole("button", { name: "Reset to stored" }));
    await waitFor(() => expect(row).toHaveTextContent("one_page"));
    expect(screen.queryByText("beta_opt_in added")).toBeNull();
  });

  it("can be led back as well where nothing is stored", async () => {
    const { field, asked } = await open();
    await typeIdentity(field, "nobody");
    const { detail } = await openRow("free_shipping_threshold");
    await userEvent.click(await within(detail).findByRole("button", { name: "Try country = DE" }));
    await waitFor(() => expect(asked().at(-1)?.traits).toHaveLength(1));
    await userEvent.click(screen.getByRole("button", { name: "Reset" }));
    await waitFor(() => expect(asked().at(-1)?.traits).toHaveLength(0));
  });
});

describe("how long it took", () => {
  it("is said in words and for machines, from the key to the frame", async () => {
    const { field } = await open();
    await pickLena(field);
    await userEvent.type(screen.getByRole("textbox", { name: "Value of city" }), "2");
    const said = await screen.findByText(/^Evaluated and shown in \d+ ms$/);
    expect(said).toBeVisible();
    const region = screen.getByRole("region", { name: "What this identity gets" });
    expect(Number(region.dataset.tookMs)).toBeGreaterThan(0);
  });

  it("is not counted for what no key asked for", async () => {
    const { field, host, session, asked } = await open();
    await pickLena(field);
    const region = screen.getByRole("region", { name: "What this identity gets" });
    await waitFor(() => expect(region).toHaveAttribute("data-took-ms"));
    const took = region.dataset.tookMs;
    const before = asked().length;
    host.changeAll();
    await session.reload();
    await waitFor(() => expect(asked().length).toBeGreaterThan(before));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(region.dataset.tookMs).toBe(took);
  });
});

describe("a server that would fail", () => {
  it("is told with the condition, in place of rows", async () => {
    const { field } = await open();
    await pickLena(field);
    await userEvent.click(screen.getByRole("button", { name: "Add trait" }));
    await userEvent.keyboard("app_version");
    const alert = await screen.findByRole("alert");
    expect(alert).toHaveTextContent(
      "The server would fail for this identity: in segment Old apps, app_version matches ^(1[.]: the pattern is broken.",
    );
    expect(screen.getByText("No flag can be answered")).toBeVisible();
    expect(screen.queryByRole("grid")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Compare" }));
    expect(await screen.findByText("The server answered 500.")).toBeVisible();
  });
});

describe("conditions to look at", () => {
  it("are told in a line, the serious ones first, and listed by how bad they are", async () => {
    await open();
    const line = await screen.findByRole("button", { name: /^1 condition makes a server or client fail/ });
    expect(line).toHaveTextContent(
      "1 condition makes a server or client fail, 1 override never applies, 2 conditions depend on the SDK",
    );
    await userEvent.click(line);
    const dialog = screen.getByRole("dialog", { name: "Conditions and overrides to look at" });
    const parts = within(dialog)
      .getAllByRole("region")
      .map((part) => part.querySelector("h3")?.textContent?.replace(/\s+/g, " ").trim());
    expect(parts).toEqual(["A server or client fails 1", "Never applies 1", "Depends on the SDK 2"]);
    expect(dialog).toHaveTextContent("Segment Paris: city is one of Paris, Lyon");
    expect(dialog).toHaveTextContent("Flag store_pickup, segment Berlin");
    await userEvent.click(within(dialog).getByRole("button", { name: "Close" }));
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  async function staging(findings: (all: FindingView[]) => FindingView[]) {
    const { host, session } = await open();
    const all = await host.findings({ connection: "acme", environment: "production", moment: null });
    vi.spyOn(host, "findings").mockResolvedValue(findings(all));
    session.open({ connection: "acme", environment: "staging" });
  }
  /** One finding of a kind in as many segments. */
  const many = (all: FindingView[], severity: SeverityView, times: number) =>
    Array.from({ length: times }, (_, at) => ({
      ...(all.find((each) => each.severity === severity) as FindingView),
      segment: `Segment ${at + 1}`,
    }));

  it("are told without alarm where they only depend on the SDK, and folded by kind", async () => {
    await staging((all) => many(all, "differs", 802));
    const line = await screen.findByRole("button", { name: "802 conditions depend on the SDK" });
    expect(line.querySelector(".serious")).toBeNull();
    await userEvent.click(line);
    const kind = screen.getByRole("group", { name: "Lists with blanks around members 802" });
    expect(within(kind).getAllByText(/leaves the blank before Lyon out/)).toHaveLength(1);
    expect(within(kind).getAllByRole("listitem")).toHaveLength(3);
    const all = within(kind).getByRole("button", { name: "Show all 802: lists with blanks around members" });
    expect(all).toHaveAttribute("aria-expanded", "false");
    await userEvent.click(all);
    expect(within(kind).getAllByRole("listitem")).toHaveLength(201);
    expect(kind).toHaveTextContent("and 602 more");
    await userEvent.click(within(kind).getByRole("button", { name: "Show fewer" }));
    expect(within(kind).getAllByRole("listitem")).toHaveLength(3);
  });

  it("do not count what only odd values show, and list it at the end", async () => {
    await staging((all) => [
      ...many(all, "differs", 5).map((each) => ({ ...each, likelihood: "rare" as const })),
      ...all.filter((each) => each.severity === "differs"),
    ]);
    await userEvent.click(await screen.findByRole("button", { name: "2 conditions depend on the SDK" }));
    const parts = screen
      .getAllByRole("region")
      .map((part) => part.querySelector("h3")?.textContent?.replace(/\s+/g, " ").trim());
    expect(parts.slice(-2)).toEqual(["Depends on the SDK 2", "Depends on the SDK, for odd values only 5"]);
  });
});

describe("edits that are typed and not sent", () => {
  it("can be laid over the mirror, and are named", async () => {
    const { field, session, asked } = await open();
    await pickLena(field);
    expect(screen.queryByRole("radio", { name: /^Mirror plus/ })).toBeNull();
    const value = { kind: "number", text: "5" } as const;
    const type = (flag: string, typed: string) =>
      session.edits.setField(
        flagState(flag),
        "value",
        { kind: "value", value: { ...value, text: typed } },
        { revision: "1", was: { kind: "value", value } },
      );
    type("stock_low_badge", "9");
    type("max_items_per_order", "9 or so");
    const choice = await screen.findByRole("radio", { name: /^Mirror plus 1 edit/ });
    expect(choice).toHaveAccessibleName("Mirror plus 1 edit Typed and not sent: stock_low_badge");
    expect(asked().flatMap((request) => request.edits)).toEqual([]);
    await userEvent.click(choice);
    const row = await filterTo("stock_low_badge");
    await waitFor(() => expect(row).toHaveTextContent("9"));
    expect(within(row).getByRole("img", { name: "Typed here and not sent" })).toBeInTheDocument();
    expect(asked().at(-1)?.edits).toEqual([
      { subject: flagState("stock_low_badge"), changes: [replace({ kind: "number", text: "9" })] },
    ]);
    session.edits.discard(flagState("stock_low_badge"));
    await waitFor(() => expect(row).toHaveTextContent("5"));
    expect(asked().at(-1)?.edits).toEqual([]);
  });
});

describe("EdgeFlags", () => {
  const edge = { connection: "acme-edge", environment: "production" };

  it("is held against what is documented, which is never called verified", async () => {
    const { field, times } = await open("fresh", edge);
    await typeIdentity(field);
    const row = await filterTo("guest_checkout");
    expect(row).toHaveTextContent("The default. As expected");
    await userEvent.click(row);
    const detail = screen.getByRole("region", { name: "Details of guest_checkout" });
    expect(detail).toHaveTextContent(
      "Expected, not verified: The same was expected from the documented order.",
    );
    expect(times("trace")).toBe(0);
    expect(screen.queryByRole("button", { name: "Compare" })).toBeNull();
  });

  it("marks where the service disagrees like a difference, and what nobody can tell as that", async () => {
    const { field } = await open("fresh", edge);
    const grid = await typeIdentity(field);
    expect(await filterTo("cookie_banner_v3")).toHaveTextContent("Cannot be told");
    await userEvent.clear(screen.getByRole("textbox", { name: "Filter results" }));
    await userEvent.click(screen.getByRole("radio", { name: "Differs 1" }));
    expect(grid).toHaveTextContent("fraud_score_cutoff");
    expect(grid).toHaveTextContent(
      "Expected 0.5 was expected: the flag itself is off, so its default counts.",
    );
  });
});

describe("many identities", () => {
  it("have a page of their own, and leave this one as it was", async () => {
    const { field, session } = await open();
    await pickLena(field);
    await userEvent.click(screen.getByRole("button", { name: "Batch" }));
    expect(screen.queryByRole("combobox", { name: "Identity" })).toBeNull();
    expect(previewOf(session).batch).toBe(true);
    previewOf(session).batch = false;
    expect(await screen.findByRole("combobox", { name: "Identity" })).toHaveValue("u_48213");
    expect(await screen.findByRole("grid")).toBeVisible();
  });

  it("are not for a service that evaluates by itself", async () => {
    await open("fresh", { connection: "acme-edge", environment: "production" });
    expect(screen.queryByRole("button", { name: "Batch" })).toBeNull();
  });
});
