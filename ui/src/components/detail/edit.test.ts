import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { EditRequest, StageRequest } from "../../ipc/bindings";
import { failure } from "../../ipc/fake/errors";
import { callsOf, openWindow } from "../../testing/open-window";

async function openFlag(flag: string) {
  await userEvent.click(await screen.findByText(flag, { selector: ".key" }));
  return screen.findByRole("complementary", { name: `Details of ${flag}` });
}

async function openCheckout(environment = "production") {
  const host = await openWindow("fresh", environment);
  const panel = await openFlag("new_checkout");
  const region = await within(panel).findByRole("region", { name: "Segment overrides" });
  return { host, panel, region };
}

/** The overrides as they stand, first match first. */
const order = (region: HTMLElement) =>
  within(region)
    .getAllByRole("button", { name: /^Move / })
    .map((grip) => /^Move (.*), at/.exec(grip.getAttribute("aria-label") ?? "")?.[1]);

async function type(field: HTMLElement, words: string) {
  await userEvent.clear(field);
  await userEvent.type(field, words);
}

describe("the weights of a flag", () => {
  it("leave control the rest, say what was, and are staged as one field", async () => {
    const { host, panel } = await openCheckout();
    const share = await within(panel).findByRole("textbox", { name: "Share of one_page" });
    await type(share, "40");
    const weights = within(panel).getByRole("region", { name: "Value and weights" });
    expect(weights.querySelector('[data-share="control"]')).toHaveTextContent("50 %");
    expect(within(weights).getByText("was 60%")).toBeVisible();
    expect(within(weights).getByText("was 30%")).toBeVisible();
    expect(within(weights).getByText("Adds up to 100%")).toBeVisible();
    expect(within(panel).getByText("1 edit, not sent")).toBeVisible();
    await userEvent.click(within(panel).getByRole("button", { name: "Stage" }));
    await waitFor(() => expect(within(panel).queryByText("1 edit, not sent")).toBeNull());
    const request = callsOf(host, "stageEdit")[0]?.[0] as StageRequest;
    expect(request.changes).toHaveLength(1);
    expect(request.changes[0]?.to).toMatchObject({
      kind: "weights",
      rows: [{ weight: "40" }, { weight: "10" }],
    });
    // What is staged is said, since the rows show what the service holds.
    expect(await within(panel).findByText(/^Staged in .*Weights/)).toBeVisible();
  });

  it("are not sent while they are more than the whole", async () => {
    const { panel } = await openCheckout();
    const share = await within(panel).findByRole("textbox", { name: "Share of one_page" });
    await type(share, "95");
    expect(share).toBeInvalid();
    expect(within(panel).queryByText("Adds up to 100%")).toBeNull();
    expect(within(panel).getByRole("button", { name: "Stage" })).toBeDisabled();
    expect(within(panel).getByRole("button", { name: "Review and publish" })).toBeDisabled();
  });
});

describe("a segment's override", () => {
  it("is moved by Alt with an arrow, and that is spoken", async () => {
    const { host, panel, region } = await openCheckout();
    expect(order(region)).toEqual(["EU beta testers", "VIP customers", "Slow connections"]);
    within(region)
      .getByRole("button", { name: /^Move VIP/ })
      .focus();
    await userEvent.keyboard("{Alt>}{ArrowUp}{/Alt}");
    expect(order(region)).toEqual(["VIP customers", "EU beta testers", "Slow connections"]);
    expect(within(region).getByText("VIP customers is at place 1 of 3.")).toBeInTheDocument();
    expect(within(region).getByRole("button", { name: /^Move VIP/ })).toHaveFocus();
    await userEvent.click(within(panel).getByRole("button", { name: "Stage" }));
    await waitFor(() => expect(callsOf(host, "stageEdit")).toHaveLength(1));
    const { changes } = callsOf(host, "stageEdit")[0]?.[0] as StageRequest;
    expect(changes).toMatchObject([{ field: "override_order", to: { kind: "order" } }]);
  });

  it("is no edit once it is back at its place", async () => {
    const { panel, region } = await openCheckout();
    within(region)
      .getByRole("button", { name: /^Move VIP/ })
      .focus();
    await userEvent.keyboard("{Alt>}{ArrowUp}{ArrowDown}{/Alt}");
    expect(order(region)).toEqual(["EU beta testers", "VIP customers", "Slow connections"]);
    expect(within(panel).queryByText(/not sent/)).toBeNull();
  });

  it("is dragged to where it is put down", async () => {
    const { region } = await openCheckout();
    for (const [at, item] of [...region.querySelectorAll("[data-override]")].entries()) {
      item.getBoundingClientRect = () => new DOMRect(0, at * 32, 400, 32);
    }
    const grip = within(region).getByRole("button", { name: /^Move EU/ });
    grip.setPointerCapture = () => undefined;
    await fireEvent.pointerDown(grip, { clientY: 10 });
    await fireEvent.pointerMove(grip, { clientY: 70 });
    await fireEvent.pointerUp(grip);
    expect(order(region)[0]).not.toBe("EU beta testers");
  });

  it("is added with a value of its own, turned off and removed", async () => {
    const { host, panel, region } = await openCheckout();
    await userEvent.click(within(region).getByRole("button", { name: "Add a segment override" }));
    const choice = within(region).getByRole("dialog", { name: "Add a segment override" });
    const first = within(choice).getAllByRole("button")[0] as HTMLElement;
    const name = first.textContent ?? "";
    await userEvent.click(first);
    expect(order(region)).toEqual(["EU beta testers", "VIP customers", "Slow connections", name]);
    await type(within(region).getByRole("textbox", { name: `Share of express for ${name}` }), "100");
    await type(within(region).getByRole("textbox", { name: `Share of one_page for ${name}` }), "0");
    await userEvent.click(within(region).getByRole("switch", { name: "Override for EU beta testers state" }));
    await userEvent.click(
      within(region).getByRole("button", { name: "Edit the override for Slow connections" }),
    );
    await userEvent.click(
      within(region).getByRole("button", { name: "Remove the override for Slow connections" }),
    );
    expect(within(region).getByText("will be removed")).toBeVisible();
    await userEvent.click(within(panel).getByRole("button", { name: "Stage" }));
    await waitFor(() => expect(callsOf(host, "stageEdit")).toHaveLength(1));
    const { changes } = callsOf(host, "stageEdit")[0]?.[0] as StageRequest;
    const kinds = changes.map(({ field, to }) => `${field.split(":")[0]} ${to.kind}`).sort();
    expect(kinds).toEqual([
      "override text",
      "override unset",
      "override_enabled toggle",
      "override_weights weights",
    ]);
  });

  it("that is to be added is given up without a trace", async () => {
    const { panel, region } = await openCheckout();
    await userEvent.click(within(region).getByRole("button", { name: "Add a segment override" }));
    const choice = within(region).getByRole("dialog", { name: "Add a segment override" });
    await userEvent.click(within(choice).getAllByRole("button")[0] as HTMLElement);
    expect(within(panel).getByText("1 edit, not sent")).toBeVisible();
    await userEvent.click(within(region).getByRole("button", { name: /^Remove the override/ }));
    expect(within(panel).queryByText(/not sent/)).toBeNull();
  });
});

describe("what is typed", () => {
  it("is warned of where it changes the kind of a value", async () => {
    await openWindow("fresh", "staging");
    const panel = await openFlag("free_shipping_threshold");
    await userEvent.selectOptions(within(panel).getByRole("combobox", { name: "Kind" }), "text");
    expect(within(panel).getByText(/^This turns number into text\./)).toBeVisible();
  });

  it("stays when it is refused, with the service's words beside the field", async () => {
    const host = await openWindow("fresh", "staging");
    const panel = await openFlag("free_shipping_threshold");
    const field = within(panel).getByRole("textbox", { name: "Value" });
    await type(field, "45");
    const said = [{ field: "value", label: "Value", words: "Ensure this value is less than 40." }];
    const refused = failure("input", "The service did not accept this.", { said });
    host.failNext("edit", refused);
    await userEvent.click(within(panel).getByRole("button", { name: "Publish" }));
    await waitFor(() => expect(field).toHaveAccessibleDescription("Ensure this value is less than 40."));
    expect(field).toHaveValue("45");
    expect(within(panel).getByText("1 edit, not sent")).toBeVisible();
    await userEvent.type(field, "0");
    expect(field).not.toHaveAccessibleDescription("Ensure this value is less than 40.");
    host.failNext("stageEdit", refused);
    await userEvent.click(within(panel).getByRole("button", { name: "Stage" }));
    await waitFor(() => expect(field).toHaveAccessibleDescription("Ensure this value is less than 40."));
  });

  it("is staged by S outside of text fields", async () => {
    const { host, region } = await openCheckout();
    const toggle = within(region).getByRole("switch", { name: "Override for EU beta testers state" });
    await userEvent.click(toggle);
    toggle.focus();
    await userEvent.keyboard("s");
    await waitFor(() => expect(callsOf(host, "stageEdit")).toHaveLength(1));
  });
});

describe("the targeting of an EdgeFlags environment", () => {
  async function openEdge() {
    const host = await openWindow("fresh", "staging");
    const connection = host.world.connections.find(({ id }) => id === "acme-edge");
    const flag = [...(connection?.environments[1]?.flags.keys() ?? [])][0] ?? "";
    await userEvent.click(screen.getByRole("button", { name: /Acme Store/ }));
    await userEvent.click(await screen.findByText("Acme Edge"));
    await userEvent.click(await screen.findByRole("button", { name: /^Staging/ }));
    const panel = await openFlag(flag);
    return { host, panel, region: await within(panel).findByRole("region", { name: "Targeting" }) };
  }

  it("is edited as JSON, and inherited again", async () => {
    const { host, panel, region } = await openEdge();
    const rollout = within(region).getByRole("textbox", { name: "Rollout" });
    await fireEvent.input(rollout, { target: { value: '{"percentage": }' } });
    expect(rollout).toBeInvalid();
    await fireEvent.input(rollout, { target: { value: '{"percentage": 25}' } });
    await userEvent.click(within(region).getByRole("button", { name: "Remove rules" }));
    await userEvent.click(within(panel).getByRole("button", { name: "Publish" }));
    await waitFor(() => expect(callsOf(host, "edit")).toHaveLength(1));
    const { changes } = callsOf(host, "edit")[0]?.[0] as EditRequest;
    expect(changes).toEqual([
      { field: "rollout", to: { kind: "json", text: '{"percentage": 25}' } },
      { field: "rules", to: { kind: "unset" } },
    ]);
    await waitFor(() => expect(within(panel).queryByText(/not sent/)).toBeNull());
    expect(within(region).getByRole("textbox", { name: "Rollout" })).toHaveValue('{\n  "percentage": 25\n}');
    await userEvent.click(within(region).getByRole("button", { name: "Inherit the flag's" }));
    expect(within(region).getByText("Will be the flag's own again.")).toBeVisible();
    const said = [{ field: "has_targeting", label: null, words: "It sets no targeting of its own." }];
    host.failNext("edit", failure("input", "This cannot be sent.", { said }));
    await userEvent.click(within(panel).getByRole("button", { name: "Publish" }));
    expect(await within(region).findByText("It sets no targeting of its own.")).toBeVisible();
    await userEvent.click(within(panel).getByRole("button", { name: "Publish" }));
    await waitFor(() => expect(callsOf(host, "edit")).toHaveLength(3));
    expect((callsOf(host, "edit")[2]?.[0] as EditRequest).changes).toEqual([
      { field: "has_targeting", to: { kind: "unset" } },
    ]);
  });
});
