import { configure, render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { failure } from "../../ipc/fake";
import InSession from "./testing/InSession.svelte";
import { filterTo, open, pickLena, typeIdentity } from "./testing/open-preview";

// A busy machine is slow and not broken.
configure({ asyncUtilTimeout: 8000 });
vi.setConfig({ testTimeout: 30_000 });

describe("the identity", () => {
  it("is asked for before anything is shown", async () => {
    const { asked } = await open();
    expect(screen.getByText("Whose flags?")).toBeVisible();
    expect(screen.queryByRole("grid")).toBeNull();
    expect(asked()).toEqual([]);
  });

  it("can be picked with the keyboard, which brings its stored traits", async () => {
    const { field, asked } = await open();
    await userEvent.type(field, "lena");
    const option = await screen.findByRole("option", { name: /u_48213/ });
    expect(field).toHaveAttribute("aria-expanded", "true");
    await userEvent.keyboard("{ArrowDown}");
    expect(field).toHaveAttribute("aria-activedescendant", option.id);
    expect(option).toHaveAttribute("aria-selected", "true");
    await userEvent.keyboard("{Enter}");
    expect(field).toHaveValue("u_48213");
    expect(field).toHaveFocus();
    expect(await screen.findByRole("textbox", { name: "Value of country" })).toHaveValue("DE");
    expect(screen.queryByRole("listbox")).toBeNull();
    await waitFor(() => expect(asked().at(-1)?.traits).toHaveLength(6));
  });

  it("can be picked with the pointer", async () => {
    const { field } = await open();
    await userEvent.type(field, "u_2");
    await userEvent.pointer({
      keys: "[MouseLeft]",
      target: await screen.findByRole("option", { name: /u_20077/ }),
    });
    expect(await screen.findByRole("textbox", { name: "Value of order_count" })).toHaveValue("34");
    expect(field).toHaveValue("u_20077");
  });

  it("closes its suggestions with Esc and keeps what was typed", async () => {
    const { field } = await open();
    await userEvent.type(field, "lena");
    await screen.findByRole("option", { name: /u_48213/ });
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("listbox")).toBeNull();
    expect(field).toHaveValue("lena");
  });

  it("can be one that nobody stored, and says so", async () => {
    const { field } = await open();
    await typeIdentity(field, "nobody");
    expect(await screen.findByText(/No stored identity contains “nobody”/)).toBeVisible();
  });

  it("is previewed although the search fails, which is told", async () => {
    const { field, host } = await open();
    host.failNext("findIdentities", failure("unreachable", "Nothing answers at api.flagsmith.com."));
    await typeIdentity(field, "u");
    expect(await screen.findByText(/cannot be searched now: Nothing answers/)).toBeVisible();
  });

  it("tells when its traits cannot be read, and keeps the ones on screen", async () => {
    const { field, host } = await open();
    await userEvent.click(screen.getByRole("button", { name: "Add trait" }));
    await userEvent.keyboard("plan");
    host.failNext("identityTraits", failure("service", "Flagsmith failed."));
    await userEvent.type(field, "lena");
    await screen.findByRole("option", { name: /u_48213/ });
    await userEvent.keyboard("{ArrowDown}{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent("Flagsmith failed.");
    expect(screen.getByRole("textbox", { name: "Name of trait 1" })).toHaveValue("plan");
  });

  it("can be cleared, with the focus back in the field", async () => {
    const { field } = await open();
    await typeIdentity(field);
    await userEvent.click(screen.getByRole("button", { name: "Clear the identity" }));
    expect(field).toHaveFocus();
    expect(await screen.findByText("Whose flags?")).toBeVisible();
  });

  it("outlives the page", async () => {
    const { field, session, unmount } = await open();
    await pickLena(field);
    unmount();
    render(InSession, { session });
    expect(await screen.findByRole("combobox", { name: "Identity" })).toHaveValue("u_48213");
    expect(screen.getByRole("textbox", { name: "Value of city" })).toHaveValue("Berlin");
    expect(await screen.findByRole("grid")).toBeVisible();
  });
});

describe("traits", () => {
  it("are added with the focus in the name, and removed with the focus on the next", async () => {
    const { field } = await open();
    await pickLena(field);
    const add = screen.getByRole("button", { name: "Add trait" });
    await userEvent.click(add);
    expect(screen.getByRole("textbox", { name: "Name of trait 7" })).toHaveFocus();
    await userEvent.click(screen.getByRole("button", { name: "Remove country" }));
    expect(screen.getByRole("button", { name: "Remove order_count" })).toHaveFocus();
    for (const name of ["order_count", "is_vip", "network", "city", "lifetime_value", "trait 1"]) {
      await userEvent.click(screen.getByRole("button", { name: `Remove ${name}` }));
    }
    expect(add).toHaveFocus();
  });

  it("change the result as they are typed, and can be led back", async () => {
    const { field } = await open();
    await pickLena(field);
    const row = await filterTo("loyalty_points_multiplier");
    expect(row).toHaveTextContent("In segment Returning customers: order_count is 7.");
    const value = screen.getByRole("textbox", { name: "Value of order_count" });
    await userEvent.clear(value);
    await userEvent.type(value, "12");
    await screen.findByText("In segment VIP customers: order_count is 12.");
    expect(screen.getByText("order_count edited, stored 7")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Reset to stored" }));
    await screen.findByText("In segment Returning customers: order_count is 7.");
    expect(screen.queryByText(/order_count edited/)).toBeNull();
  });

  it("that cannot be used are told in place, and the last result stays and says so", async () => {
    const { field } = await open();
    await pickLena(field);
    const value = screen.getByRole("textbox", { name: "Value of order_count" });
    await userEvent.type(value, "x");
    expect(value).toBeInvalid();
    expect(value).toHaveAccessibleDescription(/not a number/);
    expect(screen.getByText(/The result below is from before this/)).toBeVisible();
    expect(screen.getByRole("grid")).toBeVisible();
    await userEvent.type(value, "{Backspace}2");
    await waitFor(() => expect(value).toBeValid());
    expect(screen.queryByText(/The result below is from before this/)).toBeNull();
  });

  it("have a kind that is a select by name, and a boolean is chosen", async () => {
    const { field, asked } = await open();
    await pickLena(field);
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Kind of network" }), "Boolean");
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Value of network" }), "false");
    await waitFor(() =>
      expect(asked().at(-1)?.traits).toContainEqual({ name: "network", kind: "boolean", text: "false" }),
    );
  });
});

describe("the result", () => {
  it("has a row for each flag, counted by state and by override", async () => {
    const { field } = await open();
    const grid = await pickLena(field);
    expect(grid).toHaveAttribute("aria-rowcount", "129");
    expect(screen.getByText("9 decided by an override")).toBeVisible();
    expect(screen.getByRole("radio", { name: "On 88" })).not.toBeChecked();
    await userEvent.click(screen.getByRole("radio", { name: "Off 40" }));
    expect(grid).toHaveAttribute("aria-rowcount", "41");
  });

  it("can be narrowed to what an override decided", async () => {
    const { field } = await open();
    const grid = await pickLena(field);
    const button = screen.getByRole("button", { name: "9 decided by an override" });
    await userEvent.click(button);
    expect(button).toHaveAttribute("aria-pressed", "true");
    expect(within(grid).getAllByText(/^(In segment|Identity override)/)).toHaveLength(9);
    expect(grid).toHaveAttribute("aria-rowcount", "10");
  });

  it("draws only what is in view", async () => {
    const { field } = await open("many");
    const grid = await typeIdentity(field, "x");
    expect(grid).toHaveAttribute("aria-rowcount", "10001");
    expect(within(grid).getAllByRole("row").length).toBeLessThan(80);
  });

  it("says state, value, why and what a client may see differently", async () => {
    const { field } = await open();
    await pickLena(field);
    const row = await filterTo("fraud_score_cutoff");
    const cells = within(row).getAllByRole("gridcell");
    expect(cells[0]).toHaveTextContent("On");
    expect(cells[2]).toHaveTextContent("0.82");
    expect(cells[3]).toHaveTextContent("Environment default. Left out for client-side keys.");
  });

  it("can be walked with the keys, and Enter shows a row whole", async () => {
    const { field } = await open();
    const grid = await pickLena(field);
    grid.focus();
    await userEvent.keyboard("{ArrowDown}j{Enter}");
    const active = document.getElementById(grid.getAttribute("aria-activedescendant") ?? "");
    expect(active).toHaveAttribute("aria-rowindex", "4");
    expect(active).toHaveAttribute("aria-selected", "true");
    const flag =
      within(active as HTMLElement)
        .getAllByRole("gridcell")[1]
        ?.textContent?.trim() ?? "";
    expect(screen.getByRole("region", { name: `Details of ${flag}` })).toBeVisible();
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("region", { name: /^Details/ })).toBeNull();
    await userEvent.keyboard("{End}");
    expect(document.getElementById(grid.getAttribute("aria-activedescendant") ?? "")).toHaveAttribute(
      "aria-rowindex",
      "129",
    );
  });

  it("offers to clear a filter that nothing passes, and / leads to the filter", async () => {
    const { field } = await open();
    const grid = await pickLena(field);
    grid.focus();
    await userEvent.keyboard("/");
    const filter = screen.getByRole("textbox", { name: "Filter results" });
    expect(filter).toHaveFocus();
    expect(filter).toHaveValue("");
    await userEvent.type(filter, "zzzz");
    expect(screen.getByText("No flag matches “zzzz”")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Clear filters" }));
    expect(screen.getByRole("grid")).toHaveAttribute("aria-rowcount", "129");
  });

  it("stays while the next one is evaluated, and the wait is told", async () => {
    const { field, host } = await open();
    await pickLena(field);
    const release = host.hold();
    await userEvent.type(screen.getByRole("textbox", { name: "Value of city" }), "2");
    await screen.findByText("Evaluating");
    expect(screen.getByRole("grid")).toHaveAttribute("aria-rowcount", "129");
    release();
    await waitFor(() => expect(screen.queryByText("Evaluating")).toBeNull());
  });

  it("shows that the server would fail, keeps the last result, and recovers", async () => {
    const { field, host } = await open();
    await pickLena(field);
    host.failNext(
      "preview",
      failure("refused", "The server would fail on this identity.", { cause: "app_version is no version." }),
    );
    await userEvent.type(screen.getByRole("textbox", { name: "Value of city" }), "2");
    const alert = await screen.findByRole("alert");
    expect(alert).toHaveTextContent("The server would fail on this identity.");
    expect(alert).toHaveTextContent("app_version is no version.");
    expect(screen.getByText("This is the last result that could be evaluated.")).toBeVisible();
    expect(screen.getByRole("grid")).toBeVisible();
    await userEvent.type(screen.getByRole("textbox", { name: "Value of city" }), "3");
    await waitFor(() => expect(screen.queryByRole("alert")).toBeNull());
  });

  it("follows fast typing, and ends with the newest", async () => {
    const { field, host, asked } = await open();
    await pickLena(field);
    const row = await filterTo("loyalty_points_multiplier");
    const release = host.hold();
    const before = asked().length;
    await userEvent.type(screen.getByRole("textbox", { name: "Value of order_count" }), "012");
    expect(asked()).toHaveLength(before + 1);
    expect(screen.getByRole("grid")).toHaveAttribute("aria-busy", "true");
    release();
    await waitFor(() => expect(row).toHaveTextContent("order_count is 7012"));
    expect(asked()).toHaveLength(before + 2);
    expect(screen.getByRole("grid")).not.toHaveAttribute("aria-busy");
  });

  it("is never another environment's", async () => {
    const { field, session, host } = await open();
    await pickLena(field);
    const release = host.hold();
    session.open({ connection: "acme", environment: "staging" });
    await waitFor(() => expect(screen.queryByRole("grid")).toBeNull());
    release();
    await screen.findByRole("grid");
    await filterTo("product_recs_model");
    expect(screen.getByText("Staging, synced", { exact: false })).toBeVisible();
  });

  it("follows a change of the mirror", async () => {
    const { field, host } = await open("fresh", { connection: "acme", environment: "staging" });
    await pickLena(field);
    const row = await filterTo("guest_checkout");
    expect(row).toHaveTextContent("On");
    const flag = host.world.connections[0]?.environments[1]?.flags.get("guest_checkout");
    if (flag) flag.enabled = false;
    host.changeAll();
    await screen.findByText("Off for everyone in Staging.");
  });

  it("comes from the service for EdgeFlags, which is said, and searches nobody", async () => {
    const { field, host } = await open("fresh", { connection: "acme-edge", environment: "production" });
    await typeIdentity(field);
    expect(screen.getByText("EdgeFlags, now")).toBeVisible();
    expect(screen.getByText(/EdgeFlags stores no identities/)).toBeVisible();
    expect(screen.queryByText(/decided by an override/)).toBeNull();
    expect(host.calls.some((call) => call.command === "findIdentities")).toBe(false);
  });

  it("of an environment without flags says so", async () => {
    const { field } = await open("empty");
    await userEvent.type(field, "u_48213");
    expect(await screen.findByText("No flags in Production")).toBeVisible();
  });

  it("keeps markup in a value as text", async () => {
    const { field, container } = await open("long-text");
    await typeIdentity(field, "x");
    expect(screen.getByText(/<img src=x/)).toBeVisible();
    expect(container.querySelector("img")).toBeNull();
  });
});

describe("another identity", () => {
  it("is never evaluated with the traits of the one before", async () => {
    const { field, host, asked } = await open();
    await pickLena(field);
    await userEvent.clear(field);
    await userEvent.type(field, "u_48214");
    const found = () => within(screen.getByRole("listbox")).getAllByRole("option");
    await waitFor(() => expect(found()).toHaveLength(1));
    host.failNext("identityTraits", failure("unreachable", "Nothing answers."));
    await userEvent.keyboard("{ArrowDown}{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent("Nothing answers.");
    await waitFor(() => expect(asked().at(-1)).toMatchObject({ identifier: "u_48214", traits: [] }));
  });
});

describe("the support note", () => {
  it("holds the rows on screen", async () => {
    const user = userEvent.setup();
    const { field } = await open();
    await pickLena(field);
    await filterTo("free_shipping_threshold");
    await user.click(screen.getByRole("button", { name: "Copy as support note" }));
    const note = await navigator.clipboard.readText();
    expect(note).toContain("Preview of u_48213 in Production (Acme Store)");
    expect(note).toContain("free_shipping_threshold: On, 39. In segment Germany: country is DE.");
    expect(note).not.toContain("guest_checkout");
  });

  it("cannot be copied while the rows are those of another identity", async () => {
    const { field, host } = await open();
    const grid = await typeIdentity(field);
    const copy = screen.getByRole("button", { name: "Copy as support note" });
    await waitFor(() => expect(copy).toBeEnabled());
    const release = host.hold();
    await userEvent.type(field, "4");
    expect(copy).toBeDisabled();
    expect(grid).toHaveAttribute("aria-busy", "true");
    release();
    await waitFor(() => expect(copy).toBeEnabled());
    expect(grid).not.toHaveAttribute("aria-busy");
  });

  it("cannot be copied before there is a result", async () => {
    await open();
    expect(screen.getByRole("button", { name: "Copy as support note" })).toBeDisabled();
  });
});

describe("open edits", () => {
  it("are those of the environment on screen, and Read again settles one", async () => {
    const { host } = await open("unknown-outcome");
    await userEvent.click(await screen.findByRole("button", { name: "Read guest_checkout again" }));
    await waitFor(() => expect(screen.queryByRole("region", { name: "Open edits" })).toBeNull());
    expect(await host.openEdits("acme")).toEqual([]);
  });

  it("are not asked for where there are none", async () => {
    const { host, field } = await open("conflict");
    await typeIdentity(field);
    expect(screen.queryByRole("region", { name: "Open edits" })).toBeNull();
    expect(host.calls.some((call) => call.command === "openEdits")).toBe(false);
  });

  it("lead to the resolver", async () => {
    const { session } = await open("conflict", { connection: "acme", environment: "eu-production" });
    await userEvent.click(await screen.findByRole("button", { name: "Resolve free_shipping_threshold" }));
    expect(session.edits.conflict?.edit).toBe("edit-waiting");
  });
});
