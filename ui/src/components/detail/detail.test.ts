import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { EditRequest } from "../../ipc/bindings";
import { replace } from "../../state/fields";
import { callsOf, openWindow } from "../../testing/open-window";

async function openFlag(flag: string) {
  await userEvent.click(await screen.findByText(flag, { selector: ".key" }));
  return screen.findByRole("complementary", { name: `Details of ${flag}` });
}

describe("the detail panel", () => {
  it("keeps a draft while it is closed, and publishes it against the state on screen", async () => {
    const host = await openWindow();
    const panel = await openFlag("free_shipping_threshold");
    const field = within(panel).getByRole("textbox", { name: "Value" });
    await userEvent.clear(field);
    await userEvent.type(field, "45");
    expect(within(panel).getByText("1 edit, not sent")).toBeVisible();
    expect(within(panel).getByText("was 39")).toBeVisible();
    await userEvent.click(within(panel).getByRole("button", { name: "Close details" }));
    const again = await openFlag("free_shipping_threshold");
    expect(within(again).getByRole("textbox", { name: "Value" })).toHaveValue("45");
    await userEvent.click(within(again).getByRole("button", { name: "Publish" }));
    await waitFor(() => expect(callsOf(host, "edit")).toHaveLength(1));
    const request = callsOf(host, "edit")[0]?.[0] as EditRequest;
    expect(request).toMatchObject({
      subject: { kind: "flag_state", flag: "free_shipping_threshold" },
      changes: [{ field: "value", to: { kind: "value", value: { kind: "number", text: "45" } } }],
    });
    await waitFor(() => expect(screen.queryByText("1 edit, not sent")).toBeNull());
    expect(within(again).getByRole("textbox", { name: "Value" })).toHaveValue("45");
  });

  it("says what is wrong with a value and does not send it", async () => {
    await openWindow();
    const panel = await openFlag("free_shipping_threshold");
    const field = within(panel).getByRole("textbox", { name: "Value" });
    await userEvent.clear(field);
    await userEvent.type(field, "4x");
    expect(field).toBeInvalid();
    expect(field).toHaveAccessibleDescription("Type a number such as 49 or 0.82.");
    expect(within(panel).getByRole("button", { name: "Publish" })).toBeDisabled();
    await userEvent.click(within(panel).getByRole("button", { name: "Discard" }));
    expect(field).toHaveValue("39");
  });

  it("does not publish over a value that changed meanwhile before that was seen", async () => {
    const host = await openWindow();
    const panel = await openFlag("free_shipping_threshold");
    const field = within(panel).getByRole("textbox", { name: "Value" });
    await userEvent.clear(field);
    await userEvent.type(field, "45");
    const shown = await host.flags("acme", "staging", null);
    const row = shown.flags.find(({ key }) => key === "free_shipping_threshold");
    await host.edit({
      connection: "acme",
      environment: "staging",
      subject: { kind: "flag_state", flag: "free_shipping_threshold" },
      revision: row?.revision ?? "",
      changes: [replace({ kind: "number", text: "41" })],
      confirmed: null,
    });
    expect(await within(panel).findByText("This flag changed after your edit began.")).toBeVisible();
    expect(within(panel).getByRole("button", { name: "Publish" })).toBeDisabled();
    await userEvent.click(within(panel).getByRole("button", { name: "Keep my edit" }));
    expect(within(panel).getByText("was 41")).toBeVisible();
    expect(within(panel).getByRole("button", { name: "Publish" })).toBeEnabled();
  });

  it("reviews before publishing in a protected environment", async () => {
    await openWindow("fresh", "production");
    const panel = await openFlag("free_shipping_threshold");
    await userEvent.type(within(panel).getByRole("textbox", { name: "Value" }), "0");
    await userEvent.click(within(panel).getByRole("button", { name: "Review and publish" }));
    const sheet = await screen.findByRole("dialog", { name: "Change the value of free_shipping_threshold?" });
    expect(within(sheet).getByRole("row", { name: /Value/ })).toHaveTextContent("490");
    expect(within(sheet).getByRole("button", { name: "Change in Production" })).toBeEnabled();
  });

  it("tells who is treated differently, first match first", async () => {
    await openWindow("fresh", "production");
    const panel = await openFlag("new_checkout");
    const region = await within(panel).findByRole("region", { name: "Segment overrides" });
    const names = within(region)
      .getAllByRole("listitem")
      .map((item) => item.textContent?.replace(/\s+/g, " "));
    expect(names[0]).toContain("EU beta testers");
    expect(names).toHaveLength(3);
  });

  it("tells how many of the sample each override is for, once that is known", async () => {
    const host = await openWindow("fresh", "production");
    const panel = await openFlag("new_checkout");
    const region = await within(panel).findByRole("region", { name: "Segment overrides" });
    const request = {
      connection: "acme",
      environment: "production",
      flag: "new_checkout",
      edits: [],
      moment: null,
      change_set: null,
    };
    const { overrides } = await host.impact(request);
    expect(overrides).toHaveLength(3);
    for (const { segment, now } of overrides) {
      const item = within(region).getByText(segment).closest("li") as HTMLElement;
      const share = await within(item).findByRole("note");
      expect(share).toHaveTextContent(new RegExp(`^${now} of 2,400$`));
      expect(share).toHaveAccessibleName(
        `${now} of 2,400. Of 2,400 sampled identities, ${now} get the flag from the override for ${segment}.`,
      );
    }
  });

  it("tells no share of an override that was not counted", async () => {
    const host = await openWindow("fresh", "production");
    const impact = host.impact.bind(host);
    host.impact = async (request) => ({ ...(await impact(request)), overrides: [] });
    const panel = await openFlag("new_checkout");
    await within(panel).findByText("2,400 sampled identities");
    const region = await within(panel).findByRole("region", { name: "Segment overrides" });
    expect(within(region).queryByRole("note")).toBeNull();
  });
});
