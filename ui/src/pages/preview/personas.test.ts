import { configure, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { failure } from "../../ipc/fake";
import { open, pickLena, typeIdentity } from "./testing/open-preview";

// A busy machine is slow and not broken.
configure({ asyncUtilTimeout: 8000 });
vi.setConfig({ testTimeout: 30_000 });
beforeEach(() => localStorage.clear());

async function openPersonas() {
  const button = screen.getByRole("button", { name: "Personas" });
  await userEvent.click(button);
  return { button, list: await screen.findByRole("dialog", { name: "Personas" }) };
}

async function chips() {
  const list = await screen.findByRole("list", { name: "Personas used most" });
  return within(list)
    .getAllByRole("button")
    .map((chip) => chip.textContent?.trim());
}

describe("personas", () => {
  it("are offered under the identity, the most used first", async () => {
    const { session, unmount } = await open();
    expect(await chips()).toEqual(["Lena, Berlin", "New visitor", "VIP, Paris"]);
    await userEvent.click(screen.getByRole("button", { name: "VIP, Paris" }));
    expect(await chips()).toEqual(["VIP, Paris", "Lena, Berlin", "New visitor"]);
    unmount();
    expect(session.connection).not.toBeNull();
    await open();
    expect(await chips()).toEqual(["VIP, Paris", "Lena, Berlin", "New visitor"]);
  });

  it("are evaluated as they were kept, and marked while they are what is typed", async () => {
    const { field, asked } = await open();
    const chip = await screen.findByRole("button", { name: "VIP, Paris" });
    await userEvent.click(chip);
    expect(field).toHaveValue("u_20077");
    await waitFor(() => expect(asked().at(-1)?.traits).toHaveLength(5));
    expect(screen.getByRole("button", { name: "VIP, Paris" })).toHaveAttribute("aria-pressed", "true");
    await userEvent.type(screen.getByRole("textbox", { name: "Value of city" }), "2");
    expect(screen.getByRole("button", { name: "VIP, Paris" })).toHaveAttribute("aria-pressed", "false");
    expect(await screen.findByText("city edited, stored Paris")).toBeVisible();
  });

  it("need no service: without one they are held against what they were kept with", async () => {
    const { host, times } = await open();
    host.failNext("findIdentities", failure("unreachable", "Nothing answers."));
    await userEvent.click(await screen.findByRole("button", { name: "VIP, Paris" }));
    await waitFor(() => expect(times("findIdentities")).toBe(1));
    await userEvent.type(screen.getByRole("textbox", { name: "Value of city" }), "2");
    expect(await screen.findByText("city edited, was Paris")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Reset to persona" }));
    expect(screen.getByRole("textbox", { name: "Value of city" })).toHaveValue("Paris");
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("can be picked from the list, with the focus back on its button", async () => {
    const { field } = await open();
    await chips();
    const { button, list } = await openPersonas();
    await userEvent.click(within(list).getByRole("button", { name: "Preview New visitor" }));
    expect(field).toHaveValue("visitor-9f2c");
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(button).toHaveFocus();
  });

  it("can be kept from what is typed, and not without an identity", async () => {
    const { field, host } = await open();
    const { list } = await openPersonas();
    const name = within(list).getByRole("textbox", { name: "Keep what is typed as" });
    expect(name).toHaveAccessibleDescription("Type an identity first.");
    await userEvent.type(name, "Nobody");
    expect(within(list).getByRole("button", { name: "Keep" })).toBeDisabled();
    await userEvent.keyboard("{Escape}");
    await pickLena(field);
    const again = (await openPersonas()).list;
    const field2 = within(again).getByRole("textbox", { name: "Keep what is typed as" });
    await userEvent.clear(field2);
    await userEvent.type(field2, "Lena again{Enter}");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    const kept = (await host.personas("acme")).at(-1);
    expect(kept).toMatchObject({ name: "Lena again", identifier: "u_48213" });
    expect(kept?.traits).toHaveLength(6);
  });

  it("have names of their own: the same one twice is told at the field, and nothing typed is lost", async () => {
    const { field } = await open();
    await typeIdentity(field);
    await chips();
    const { list } = await openPersonas();
    const name = within(list).getByRole("textbox", { name: "Keep what is typed as" });
    await userEvent.type(name, "VIP, Paris{Enter}");
    await waitFor(() => expect(name).toHaveAccessibleDescription("There is a persona called VIP, Paris."));
    expect(name).toBeInvalid();
    expect(name).toHaveValue("VIP, Paris");
  });

  it("can be renamed, with the focus in the field and back, and Esc gives it up", async () => {
    await open();
    await chips();
    const { list } = await openPersonas();
    await userEvent.click(within(list).getByRole("button", { name: "Rename New visitor" }));
    const name = within(list).getByRole("textbox", { name: "Name" });
    expect(name).toHaveFocus();
    await userEvent.keyboard("{Escape}");
    const rename = within(list).getByRole("button", { name: "Rename New visitor" });
    expect(rename).toHaveFocus();
    await userEvent.click(rename);
    await userEvent.clear(within(list).getByRole("textbox", { name: "Name" }));
    await userEvent.keyboard("First visit{Enter}");
    expect(await within(list).findByRole("button", { name: "Rename First visit" })).toHaveFocus();
  });

  it("can be deleted, with the focus on the next", async () => {
    await open();
    await chips();
    const { list } = await openPersonas();
    for (const name of ["New visitor", "Lena, Berlin"]) {
      await userEvent.click(within(list).getByRole("button", { name: `Delete ${name}` }));
      await waitFor(() => expect(within(list).queryByText(name)).toBeNull());
    }
    await waitFor(() =>
      expect(within(list).getByRole("button", { name: "Delete VIP, Paris" })).toHaveFocus(),
    );
    await userEvent.keyboard("{Enter}");
    await waitFor(() =>
      expect(within(list).getByRole("textbox", { name: "Keep what is typed as" })).toHaveFocus(),
    );
    expect(list).toHaveTextContent("No personas.");
  });

  it("that cannot be read are told as that, not as none", async () => {
    const { host, session } = await open();
    await chips();
    host.failNext("personas", failure("mirror", "The local copy cannot be read."));
    session.open({ connection: "acme-edge", environment: "production" });
    await waitFor(() => expect(screen.queryByRole("list", { name: "Personas used most" })).toBeNull());
    const { list } = await openPersonas();
    expect(within(list).getByRole("alert")).toHaveTextContent("The local copy cannot be read.");
    expect(list).not.toHaveTextContent("No personas.");
  });
});
