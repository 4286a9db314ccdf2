import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { EditRequest, StageRequest } from "../../ipc/bindings";
import { failure } from "../../ipc/fake/errors";
import { callsOf, openWindow } from "../../testing/open-window";

async function openFlag(flag: string) {
  await userEvent.click(await screen.findByText(flag, { selector: ".key" }));
  return screen.findByRole("complementary", { name: `Details of ${flag}` });
}

async function menuOf(panel: HTMLElement) {
  await userEvent.click(await within(panel).findByRole("button", { name: "More" }));
  return within(panel).getByRole("dialog", { name: "More" });
}

const edits = (host: Awaited<ReturnType<typeof openWindow>>) =>
  callsOf(host, "edit").map(([request]) => request as EditRequest);

describe("identity overrides", () => {
  async function openTab() {
    const host = await openWindow("fresh", "staging");
    const panel = await openFlag("new_checkout");
    await userEvent.click(await within(panel).findByRole("tab", { name: /^Identity overrides/ }));
    const region = await within(panel).findByRole("region", { name: "Identity overrides" });
    return { host, panel, region };
  }

  it("are listed, with the note that no change request holds them", async () => {
    const { host, region } = await openTab();
    const own = await host.identityOverrides("acme", "staging", "new_checkout");
    expect(own.length).toBeGreaterThan(0);
    for (const { identity } of own) expect(await within(region).findByText(identity)).toBeVisible();
    expect(within(region).getByText(/bypass change requests/)).toBeVisible();
  });

  it("are added for a typed identifier, and published", async () => {
    const { host, panel, region } = await openTab();
    await userEvent.type(within(region).getByRole("combobox", { name: "Identity" }), "u_new{Enter}");
    const gets = await within(region).findByRole("combobox", { name: "u_new gets" });
    await userEvent.selectOptions(gets, "express");
    await userEvent.click(within(panel).getByRole("button", { name: "Publish" }));
    await waitFor(() => expect(edits(host)).toHaveLength(1));
    expect(edits(host)[0]).toMatchObject({
      subject: { kind: "identity_override", flag: "new_checkout", identity: "u_new" },
      changes: [
        { field: "existence", to: { kind: "set" } },
        { field: "weights", to: { kind: "weights", rows: [{ weight: "0" }, { weight: "100" }] } },
      ],
    });
    await waitFor(() => expect(within(panel).queryByText(/not sent/)).toBeNull());
    expect(await within(region).findByText("u_new")).toBeVisible();
  });

  it("are found among the identities that the service knows", async () => {
    const { host, region } = await openTab();
    const [known] = await host.findIdentities("acme", "staging", "u_");
    await userEvent.type(within(region).getByRole("combobox", { name: "Identity" }), "u_");
    await userEvent.click(
      await within(region).findByRole("option", { name: new RegExp(known?.identifier ?? "") }),
    );
    expect(
      within(region).getByRole("button", { name: `Edit the override for ${known?.identifier}` }),
    ).toBeVisible();
  });

  it("are removed, and staged together where they are several", async () => {
    const { host, panel, region } = await openTab();
    const [first] = await within(region).findAllByRole("button", { name: /^Edit the override/ });
    await userEvent.click(first as HTMLElement);
    await userEvent.click(within(region).getByRole("button", { name: /^Remove the override/ }));
    expect(within(region).getByText("will be removed")).toBeVisible();
    await userEvent.type(within(region).getByRole("combobox", { name: "Identity" }), "u_new{Enter}");
    expect(await within(panel).findByText("2 edits, not sent")).toBeVisible();
    expect(within(panel).getByRole("button", { name: "Publish" })).toBeDisabled();
    await userEvent.click(within(panel).getByRole("button", { name: "Stage" }));
    await waitFor(() => expect(callsOf(host, "stageEdit")).toHaveLength(2));
    const kinds = callsOf(host, "stageEdit").map(
      ([request]) => (request as StageRequest).changes[0]?.to.kind,
    );
    expect(kinds.sort()).toEqual(["set", "unset"]);
  });
});

describe("the flag itself", () => {
  it("gets another description and other tags", async () => {
    const host = await openWindow("fresh", "staging");
    const panel = await openFlag("new_checkout");
    await userEvent.click(within(await menuOf(panel)).getByRole("button", { name: "Description and tags" }));
    const dialog = screen.getByRole("dialog", { name: "About new_checkout" });
    const field = within(dialog).getByRole("textbox", { name: "Description" });
    await userEvent.clear(field);
    await userEvent.type(field, "One page.");
    await userEvent.click(within(dialog).getByRole("button", { name: "Remove the tag q4-launch" }));
    await userEvent.type(within(dialog).getByRole("combobox", { name: "Tags" }), "winter{Enter}");
    await userEvent.click(within(dialog).getByRole("button", { name: "Publish" }));
    await waitFor(() => expect(edits(host)).toHaveLength(1));
    expect(edits(host)[0]).toMatchObject({
      subject: { kind: "flag", flag: "new_checkout" },
      changes: [
        { field: "description", to: { kind: "text", text: "One page." } },
        { field: "tag:q4-launch", to: { kind: "unset" } },
        { field: "tag:winter", to: { kind: "set" } },
      ],
    });
    await waitFor(() => expect(dialog).not.toBeInTheDocument());
    expect(await within(panel).findByText(/^One page\./)).toBeVisible();
  });

  it("is archived from the menu", async () => {
    const host = await openWindow("fresh", "staging");
    const panel = await openFlag("new_checkout");
    await userEvent.click(within(await menuOf(panel)).getByRole("button", { name: "Archive" }));
    await waitFor(() => expect(edits(host)).toHaveLength(1));
    expect(edits(host)[0]?.changes).toEqual([{ field: "archived", to: { kind: "toggle", on: true } }]);
  });

  it("is deleted once its name is typed, and its uses are shown before", async () => {
    const host = await openWindow("fresh", "staging");
    const panel = await openFlag("new_checkout");
    await userEvent.click(within(await menuOf(panel)).getByRole("button", { name: "Delete" }));
    const dialog = screen.getByRole("dialog", { name: "Delete new_checkout?" });
    expect(within(dialog).getByText(/^On in .*Production/)).toBeVisible();
    expect(within(dialog).getByText(/segment overrides in Staging: EU beta testers/)).toBeVisible();
    const button = within(dialog).getByRole("button", { name: "Delete everywhere" });
    expect(button).toBeDisabled();
    await userEvent.type(within(dialog).getByRole("textbox"), "new_checkout");
    await userEvent.click(button);
    await waitFor(() => expect(edits(host)).toHaveLength(1));
    expect(edits(host)[0]).toMatchObject({
      subject: { kind: "flag", flag: "new_checkout" },
      changes: [{ field: "existence", to: { kind: "unset" } }],
    });
    await waitFor(() => expect(screen.queryByText("new_checkout", { selector: ".key" })).toBeNull());
    expect(screen.queryByRole("complementary", { name: "Details of new_checkout" })).toBeNull();
  });
});

describe("a new flag", () => {
  async function openDialog(environment = "staging") {
    const host = await openWindow("fresh", environment);
    await screen.findByText("new_checkout", { selector: ".key" });
    await userEvent.keyboard("n");
    const dialog = await screen.findByRole("dialog", { name: "New flag" });
    return { host, dialog, name: within(dialog).getByRole("textbox", { name: "Name" }) };
  }

  it("has a name that no other has, of characters that both services take", async () => {
    const { host, dialog, name } = await openDialog();
    await userEvent.type(name, "New_Checkout");
    expect(name).toHaveAccessibleDescription("There is a flag new_checkout already.");
    await userEvent.clear(name);
    await userEvent.type(name, "two words");
    expect(name).toBeInvalid();
    await userEvent.clear(name);
    await userEvent.click(within(dialog).getByRole("button", { name: "Create" }));
    expect(name).toHaveAccessibleDescription("A flag needs a name.");
    expect(callsOf(host, "edit")).toHaveLength(0);
  });

  it("is made with options and tags, and opened", async () => {
    const { host, dialog, name } = await openDialog();
    await userEvent.type(name, "winter_sale");
    await userEvent.click(within(dialog).getByRole("radio", { name: "Multivariate" }));
    await userEvent.click(within(dialog).getByRole("button", { name: "Create" }));
    expect(within(dialog).getByText("A multivariate flag needs an option beside control.")).toBeVisible();
    await userEvent.click(within(dialog).getByRole("button", { name: "Add an option" }));
    await userEvent.type(within(dialog).getByRole("textbox", { name: "Value of option 1" }), "snow");
    expect(within(dialog).getByText("control gets 50%")).toBeVisible();
    await userEvent.type(within(dialog).getByRole("combobox", { name: "Tags" }), "winter{Enter}");
    await userEvent.click(within(dialog).getByRole("checkbox", { name: /^On in every/ }));
    await userEvent.click(within(dialog).getByRole("button", { name: "Create" }));
    await waitFor(() => expect(edits(host)).toHaveLength(1));
    expect(edits(host)[0]).toMatchObject({
      subject: { kind: "flag", flag: "winter_sale" },
      changes: [
        { field: "existence", to: { kind: "set" } },
        { field: "enabled", to: { kind: "toggle", on: true } },
        {
          field: "options",
          to: { kind: "options", rows: [{ id: null, value: { kind: "text", text: "snow" }, weight: "50" }] },
        },
        { field: "tag:winter", to: { kind: "set" } },
      ],
    });
    await waitFor(() => expect(dialog).not.toBeInTheDocument());
    expect(await screen.findByRole("complementary", { name: "Details of winter_sale" })).toBeVisible();
  });

  it("stays in the dialog when it is refused, with the words beside the field", async () => {
    const { host, dialog, name } = await openDialog();
    await userEvent.type(name, "winter_sale");
    const said = [{ field: "name", label: "Name", words: "This name is reserved." }];
    host.failNext("edit", failure("input", "The service did not accept this.", { said }));
    await userEvent.click(within(dialog).getByRole("button", { name: "Create" }));
    await waitFor(() => expect(name).toHaveAccessibleDescription("This name is reserved."));
    expect(name).toHaveValue("winter_sale");
    await userEvent.type(name, "_2");
    host.failNext("stageEdit", failure("input", "The service did not accept this.", { said }));
    await userEvent.click(within(dialog).getByRole("button", { name: "Stage" }));
    await waitFor(() => expect(name).toHaveAccessibleDescription("This name is reserved."));
    expect(dialog).toBeVisible();
  });

  it("is kept as it is typed when the dialog is closed, until it is discarded", async () => {
    const { dialog, name } = await openDialog();
    expect(within(dialog).queryByRole("button", { name: "Discard" })).toBeNull();
    await userEvent.type(name, "winter_sale");
    await userEvent.click(within(dialog).getByRole("radio", { name: "Multivariate" }));
    await userEvent.keyboard("{Escape}");
    await waitFor(() => expect(dialog).not.toBeInTheDocument());

    await userEvent.keyboard("n");
    const again = await screen.findByRole("dialog", { name: "New flag" });
    expect(within(again).getByRole("textbox", { name: "Name" })).toHaveValue("winter_sale");
    expect(within(again).getByRole("radio", { name: "Multivariate" })).toBeChecked();
    await userEvent.click(within(again).getByRole("button", { name: "Discard" }));
    await waitFor(() => expect(again).not.toBeInTheDocument());

    await userEvent.keyboard("n");
    const third = await screen.findByRole("dialog", { name: "New flag" });
    expect(within(third).getByRole("textbox", { name: "Name" })).toHaveValue("");
  });

  it("can be staged instead", async () => {
    const { host, dialog, name } = await openDialog("production");
    await userEvent.type(name, "winter_sale");
    await userEvent.click(within(dialog).getByRole("button", { name: "Stage" }));
    await waitFor(() => expect(callsOf(host, "stageEdit")).toHaveLength(1));
    await waitFor(() => expect(dialog).not.toBeInTheDocument());
    await userEvent.keyboard("n");
    const next = await screen.findByRole("dialog", { name: "New flag" });
    expect(within(next).getByRole("textbox", { name: "Name" })).toHaveValue("");
  });
});
