import { screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { failure } from "../../ipc/fake/errors";
import { callsOf, openWindow } from "../../testing/open-window";

async function openIdentities() {
  const host = await openWindow("fresh", "staging");
  await screen.findByRole("grid", { name: "Flags" });
  await userEvent.click(await screen.findByRole("button", { name: "Identities" }));
  return host;
}
/** Someone of whom the service keeps traits. */
async function openPerson() {
  const host = await openIdentities();
  const person = host.world.connections[0]?.people.find(({ traits }) =>
    traits.some(({ kind }) => kind === "text"),
  );
  if (!person) throw new Error("nobody has traits");
  await userEvent.type(screen.getByRole("textbox", { name: "Find an identity" }), person.identifier);
  await userEvent.click(await screen.findByRole("row", { name: new RegExp(`^${person.identifier}`) }));
  const panel = within(await screen.findByRole("complementary"));
  const trait = person.traits.find(({ kind }) => kind === "text");
  if (!trait) throw new Error("no text");
  await panel.findByRole("textbox", { name: `Value of ${trait.name}` });
  return { host, person, panel, trait };
}

describe("the Identities page", () => {
  it("opens an identifier that the service does not know", async () => {
    await openIdentities();
    await userEvent.type(screen.getByRole("textbox", { name: "Find an identity" }), "nobody_yet");
    const row = await screen.findByRole("row", { name: "nobody_yet, Not among those the service found" });
    await userEvent.click(row);
    expect(await screen.findByText(/does not know this identity yet/)).toBeVisible();
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("complementary")).toBeNull();
  });

  it("says when traits were read, and changes, adds and removes them together", async () => {
    const { host, person, panel, trait } = await openPerson();
    expect(panel.getByText(/^read from the service/)).toBeVisible();
    expect(panel.getByText("Identity overrides bypass change requests.")).toBeVisible();
    const field = panel.getByRole("textbox", { name: `Value of ${trait.name}` });
    await userEvent.clear(field);
    await userEvent.type(field, "changed");
    await userEvent.type(panel.getByRole("textbox", { name: "Name of the new trait" }), "visits");
    await userEvent.selectOptions(panel.getByRole("combobox", { name: "Kind of the new trait" }), "number");
    await userEvent.type(panel.getByRole("textbox", { name: "Value of the new trait" }), "7");
    await userEvent.click(panel.getAllByRole("button", { name: "Add" })[0] ?? document.body);
    const other = person.traits.find(({ name }) => name !== trait.name);
    if (other) await userEvent.click(panel.getByRole("button", { name: `Remove ${other.name}` }));
    await userEvent.click(panel.getByRole("button", { name: "Publish" }));
    const [request] = callsOf(host, "edit")[0] ?? [];
    expect(request).toMatchObject({
      subject: { kind: "traits", identity: person.identifier },
      changes: [
        { field: `trait:${trait.name}`, to: { kind: "value", value: { kind: "text", text: "changed" } } },
        { field: "trait:visits", to: { kind: "value", value: { kind: "number", text: "7" } } },
        ...(other ? [{ field: `trait:${other.name}`, to: { kind: "unset" } }] : []),
      ],
    });
    expect(await panel.findByRole("textbox", { name: "Value of visits" })).toHaveValue("7");
  });

  it("does not send a trait that is no number", async () => {
    const { panel, trait } = await openPerson();
    await userEvent.selectOptions(panel.getByRole("combobox", { name: `Kind of ${trait.name}` }), "number");
    const field = panel.getByRole("textbox", { name: `Value of ${trait.name}` });
    await userEvent.clear(field);
    await userEvent.type(field, "many");
    expect(field).toHaveAttribute("aria-invalid", "true");
    expect(panel.getByRole("button", { name: "Publish" })).toBeDisabled();
    await userEvent.click(panel.getByRole("button", { name: `${trait.name} as before` }));
    expect(panel.queryByRole("button", { name: "Publish" })).toBeNull();
  });

  it("puts the service's words beside a trait and keeps what was typed", async () => {
    const { host, panel, trait } = await openPerson();
    const field = panel.getByRole("textbox", { name: `Value of ${trait.name}` });
    await userEvent.clear(field);
    await userEvent.type(field, "too much");
    const said = [{ field: `trait:${trait.name}`, label: trait.name, words: "Too long for a trait." }];
    host.failNext("stageEdit", failure("refused", "Flagsmith refused the edit.", { said }));
    await userEvent.click(panel.getByRole("button", { name: "Stage" }));
    expect(await panel.findByText("Too long for a trait.")).toBeVisible();
    expect(field).toHaveValue("too much");
  });

  it("adds an override for a flag, with its value, and removes one", async () => {
    const { host, panel, person } = await openPerson();
    await userEvent.type(panel.getByRole("combobox", { name: "Flag to override" }), "max_items_per_order");
    await userEvent.click(panel.getAllByRole("button", { name: "Add" })[1] ?? document.body);
    const value = await panel.findByRole("textbox", { name: "Value for max_items_per_order" });
    await userEvent.clear(value);
    await userEvent.type(value, "500");
    await userEvent.click(panel.getByRole("button", { name: "Stage" }));
    expect(callsOf(host, "stageEdit")[0]?.[0]).toMatchObject({
      subject: { kind: "identity_override", flag: "max_items_per_order", identity: person.identifier },
      changes: [
        { field: "existence", to: { kind: "set" } },
        { field: "value", to: { kind: "value", value: { kind: "number", text: "500" } } },
      ],
    });
  });

  it("previews an identity with the traits that the service keeps", async () => {
    const { panel, person } = await openPerson();
    await userEvent.click(panel.getByRole("button", { name: "Preview this identity" }));
    expect(await screen.findByRole("combobox", { name: "Identity" })).toHaveValue(person.identifier);
  });
});
