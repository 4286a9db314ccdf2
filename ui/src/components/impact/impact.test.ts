import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type {
  DraftEditView,
  FlagSharesView,
  ImpactRequest,
  ImpactView,
  ShareView,
  VariantView,
} from "../../ipc/bindings";
import { failure, fakeHost } from "../../ipc/fake";
import { flagState, replace, replacedIn } from "../../state/fields";
import { callsOf, openWindow } from "../../testing/open-window";
import { Impact } from "./impact.svelte";
import { percent } from "./percent";
import { resultsOf } from "./series";

async function openFlag(flag: string) {
  await userEvent.click(await screen.findByText(flag, { selector: ".key" }));
  const panel = await screen.findByRole("complementary", { name: `Details of ${flag}` });
  return within(panel).findByRole("region", { name: "Who gets what" });
}

function valueOf(edit: DraftEditView | undefined): string | undefined {
  return replacedIn(edit?.changes ?? [])?.text;
}

async function typeValue(value: string) {
  const field = screen.getByRole("textbox", { name: "Value" });
  await userEvent.clear(field);
  await userEvent.type(field, value);
}

describe("a percentage", () => {
  it.each([
    [0, 0, 2400, "0%"],
    [1, 1, 100_000, "<0.1%"],
    [1842, 442, 2400, "18.4%"],
    [5000, 50, 100, "50.0%"],
    [9999, 99_999, 100_000, ">99.9%"],
    [10_000, 7, 7, "100%"],
  ])("of %i basis points, %i of %i, is %s", (basisPoints, some, all, told) => {
    expect(percent(basisPoints, some, all)).toBe(told);
  });
});

describe("the results of a flag", () => {
  const share = (label: string, count: number, enabled = true): ShareView => ({
    label,
    enabled,
    value: { kind: "text", text: label },
    count,
    basis_points: count,
  });
  const variant = (label: string): VariantView => ({
    label,
    value: { kind: "text", text: label },
    weight: "0",
    weight_basis_points: 0,
    control: label === "control",
  });
  const shares = (now: ShareView[], after: ShareView[] | null): FlagSharesView => ({
    flag: "f",
    edited: true,
    surprise: false,
    now,
    after,
    flips: 0,
    moves: [],
  });

  it("keep the letters of the flag's options, then go by size, off last", () => {
    const results = resultsOf(
      shares([share("Off", 70, false), share("express", 20), share("odd", 10)], [share("control", 100)]),
      ["control", "one_page", "express"].map(variant),
    );
    expect(results.map(({ letter, label, look }) => [letter, label, look])).toEqual([
      ["A", "control", "s1"],
      ["C", "express", "s3"],
      ["D", "odd", "s4"],
      [null, "Off", "off"],
    ]);
    expect(results[0]).toMatchObject({ now: null, after: { count: 100 } });
  });

  it("are told apart although their labels are the same", () => {
    const text = share("1", 5);
    const number = { ...share("1", 4), value: { kind: "number" as const, text: "1" } };
    expect(resultsOf(shares([text, number], null))).toHaveLength(2);
  });
});

describe("a flag with hundreds of results", () => {
  it("names some and counts the rest", async () => {
    const host = await openWindow("fresh", "production");
    const count = host.impact.bind(host);
    host.impact = async (request) => {
      const view = await count(request);
      const now = Array.from({ length: 300 }, (_, at) => ({
        label: `value-${at}`,
        enabled: true,
        value: { kind: "text" as const, text: `value-${at}` },
        count: 8,
        basis_points: 33,
      }));
      return { ...view, shares: { ...view.shares, now } };
    };
    const region = await openFlag("free_shipping_threshold");
    const bar = await within(region).findByRole("img", { name: /^Now: value-0 0\.3%, .*, and 288 more$/ });
    expect(bar).toBeVisible();
    expect(within(region).getAllByRole("listitem")).toHaveLength(9);
    expect(within(region).getByText("and 292 more")).toBeVisible();
  });
});

describe("asking while somebody types", () => {
  const place = { connection: "acme", environment: "production" };
  const request = (text: string, flag = "guest_checkout"): ImpactRequest => ({
    ...place,
    flag,
    edits: [{ subject: flagState(flag), changes: [replace({ kind: "text", text })] }],
    moment: null,
    change_set: null,
  });

  /** A host whose answers come when the test says so. */
  function slowHost() {
    const host = fakeHost();
    const waiting: { request: ImpactRequest; answer: () => void; fail: () => void }[] = [];
    host.impact = (asked) =>
      new Promise<ImpactView>((resolve, reject) => {
        waiting.push({
          request: asked,
          answer: () => resolve({ sentence: valueOf(asked.edits[0]) } as ImpactView),
          fail: () => reject(failure("service", "It broke.")),
        });
      });
    const text = () => waiting.map((each) => valueOf(each.request.edits[0]));
    return { impact: new Impact(host), waiting, text };
  }
  const settled = () => new Promise((resolve) => setTimeout(resolve));

  it("asks once at a time, and of what was typed meanwhile only the newest", async () => {
    const { impact, waiting, text } = slowHost();
    for (const typed of ["4", "45", "456"]) impact.ask(request(typed), "");
    expect(text()).toEqual(["4"]);
    waiting[0]?.answer();
    await settled();
    expect(text()).toEqual(["4", "456"]);
    expect([impact.view?.sentence, impact.current]).toEqual(["4", false]);
    waiting[1]?.answer();
    await settled();
    expect([impact.view?.sentence, impact.current]).toEqual(["456", true]);
  });

  it("asks the same only once, and again when the mirror has changed", async () => {
    const { impact, waiting, text } = slowHost();
    impact.ask(request("4"), "1");
    waiting[0]?.answer();
    await settled();
    impact.ask(request("4"), "1");
    expect(text()).toEqual(["4"]);
    impact.ask(request("4"), "2");
    expect(impact.current).toBe(false);
    expect(text()).toEqual(["4", "4"]);
  });

  it("shows nothing of another flag", async () => {
    const { impact, waiting } = slowHost();
    impact.ask(request("4"), "");
    waiting[0]?.answer();
    await settled();
    impact.ask(request("5", "klarna_pay_later"), "");
    expect(impact.view).toBeNull();
    impact.ask(request("6"), "");
    waiting[1]?.answer();
    await settled();
    expect(impact.view).toBeNull();
    waiting[2]?.answer();
    await settled();
    expect([impact.view?.sentence, impact.current]).toEqual(["6", true]);
  });

  it("tells an error only of what is asked now", async () => {
    const { impact, waiting } = slowHost();
    impact.ask(request("4"), "");
    impact.ask(request("5"), "");
    waiting[0]?.fail();
    await settled();
    expect(impact.error).toBeNull();
    waiting[1]?.fail();
    await settled();
    expect([impact.error?.message, impact.view]).toEqual(["It broke.", null]);
  });

  it("shows nothing after it was left", async () => {
    const { impact, waiting } = slowHost();
    impact.ask(request("4"), "");
    impact.rest();
    waiting[0]?.answer();
    await settled();
    expect(impact.view).toBeNull();
  });
});

describe("the panel", () => {
  it("tells who gets what now, and with a draft who changes", async () => {
    const host = await openWindow("fresh", "production");
    const region = await openFlag("free_shipping_threshold");
    const now = await within(region).findByRole("img", { name: /^Now: / });
    expect(now).toHaveAccessibleName(/49 [\d.]+%, 0 [\d.]+%, 39 [\d.]+%/);
    expect(within(region).queryByRole("img", { name: /^Draft: / })).toBeNull();
    await typeValue("45");
    const sentence = await within(region).findByText(
      /^[\d,]+ of 2,400 identities change value \([\d.]+%\)\.$/,
    );
    expect(sentence).toBeVisible();
    expect(within(region).getByRole("img", { name: /^Draft: 45 / })).toBeVisible();
    expect(within(region).getByText("2,400 sampled identities")).toBeVisible();
    const last = callsOf(host, "impact").at(-1)?.[0] as ImpactRequest;
    expect(last).toMatchObject({
      connection: "acme",
      environment: "production",
      flag: "free_shipping_threshold",
      edits: [
        {
          subject: flagState("free_shipping_threshold"),
          changes: [replace({ kind: "number", text: "45" })],
        },
      ],
    });
  });

  it("does not count a draft that cannot be sent", async () => {
    const host = await openWindow("fresh", "production");
    const region = await openFlag("free_shipping_threshold");
    await typeValue("4x");
    expect(await within(region).findByText("The draft is counted once its value can be sent.")).toBeVisible();
    const texts = callsOf(host, "impact").flatMap(([request]) => (request as ImpactRequest).edits);
    expect(texts.map((edit) => valueOf(edit))).not.toContain("4x");
  });

  it("shows who changes, and leads to Preview with exactly their traits", async () => {
    await openWindow("fresh", "production");
    const region = await openFlag("free_shipping_threshold");
    await typeValue("45");
    const show = await within(region).findByRole("button", { name: "Show them" });
    expect(show).toHaveAttribute("aria-expanded", "false");
    await userEvent.click(show);
    expect(within(region).getByText("Decided by: environment default")).toBeVisible();
    await userEvent.click(within(region).getByRole("button", { name: "Preview u_77120" }));
    expect(await screen.findByRole("combobox", { name: "Identity" })).toHaveValue("u_77120");
    expect(await screen.findByDisplayValue("3g")).toBeVisible();
  });

  it("leads to Preview of somebody made up, whom no service knows", async () => {
    const host = await openWindow("fresh", "production");
    const region = await openFlag("free_shipping_threshold");
    await typeValue("45");
    await userEvent.click(await within(region).findByRole("button", { name: "Show them" }));
    await userEvent.click(
      within(region).getAllByRole("button", { name: /^Preview sample-/ })[0] as HTMLElement,
    );
    const identity = await screen.findByRole("combobox", { name: "Identity" });
    await waitFor(() => expect(callsOf(host, "preview")).not.toEqual([]));
    const weighed = await host.impact(callsOf(host, "impact").at(-1)?.[0] as ImpactRequest);
    const known = weighed.shares.moves
      .flatMap((move) => move.examples)
      .find(({ identifier }) => identifier === (identity as HTMLInputElement).value);
    expect(known?.traits).not.toEqual([]);
    expect(callsOf(host, "preview").at(-1)?.[0]).toMatchObject({ ...known });
  });

  it("says why nothing was counted, and counts again", async () => {
    const opened = await openWindow("fresh", "production");
    opened.failNext("impact", failure("service", "The sample could not be made."));
    const region = await openFlag("guest_checkout");
    expect(await within(region).findByText("The sample could not be made.")).toBeVisible();
    await userEvent.click(within(region).getByRole("button", { name: "Try again" }));
    expect(await within(region).findByRole("img", { name: "Now: On 100%" })).toBeVisible();
  });

  it("counts nobody where the service evaluates", async () => {
    const host = await openWindow();
    host.world.lastPlace = { connection: "acme-edge", environment: "staging" };
    await userEvent.click(screen.getByRole("button", { name: /Connection Acme Store/ }));
    await userEvent.click(await screen.findByText("Acme Edge"));
    const before = callsOf(host, "impact").length;
    const region = await openFlag("guest_checkout");
    expect(within(region).getByText(/^EdgeFlags evaluates by itself/)).toBeVisible();
    expect(within(region).queryByRole("img")).toBeNull();
    expect(callsOf(host, "impact")).toHaveLength(before);
  });
});

describe("the confirm sheet", () => {
  async function turnOn(flag: string, environment = "production") {
    const host = await openWindow("fresh", environment);
    await userEvent.click(await screen.findByRole("switch", { name: `${flag} state` }));
    const sheet = await screen.findByRole("dialog", { name: `Turn on ${flag}?` });
    return { host, sheet };
  }

  it("counts who is turned on, before anything is sent", async () => {
    const { host, sheet } = await turnOn("express_checkout_wallets");
    expect(await within(sheet).findByText(/^[\d,]+ of 2,400 go from off to on \([\d.]+%\)\.$/)).toBeVisible();
    expect(within(sheet).getByRole("img", { name: /^Now: On [\d,]+, Off [\d,]+$/ })).toBeVisible();
    expect(within(sheet).getByRole("img", { name: "After: On 2,400" })).toBeVisible();
    expect(callsOf(host, "edit")).toEqual([]);
  });

  it("can be left for the Preview of somebody who changes, and sends nothing", async () => {
    const { host, sheet } = await turnOn("express_checkout_wallets");
    await userEvent.click(await within(sheet).findByRole("button", { name: "Show them" }));
    await userEvent.click(
      within(sheet).getByRole("button", { name: "Preview u_48214. Closes this sheet, nothing is sent." }),
    );
    expect(await screen.findByRole("combobox", { name: "Identity" })).toHaveValue("u_48214");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(callsOf(host, "edit")).toEqual([]);
  });

  it("names flags that change although they were not edited", async () => {
    const host = await openWindow("fresh", "production");
    await userEvent.click(await screen.findByRole("switch", { name: "guest_checkout state" }));
    const sheet = await screen.findByRole("dialog", { name: "Turn off guest_checkout?" });
    expect(await within(sheet).findByText(/Also changes, though not edited:/)).toHaveTextContent(
      "gift_wrapping",
    );
    await waitFor(() => expect(callsOf(host, "impact")).toHaveLength(1));
  });
});
