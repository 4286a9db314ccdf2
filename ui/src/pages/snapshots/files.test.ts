import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { afterEach, describe, expect, it, vi } from "vitest";

import { strengthOf } from "../../components/snapshots/strength";
import { failure } from "../../ipc/fake";
import { callsOf, openWindow } from "../../testing/open-window";

const file = (name: string) => new File(["HALYARD1 content"], name);

afterEach(() => vi.restoreAllMocks());

async function drop(name: string) {
  const dataTransfer = { types: ["Files"], files: [file(name)], dropEffect: "none" };
  await fireEvent.dragOver(document.body, { dataTransfer });
  expect(dataTransfer.dropEffect).toBe("copy");
  await fireEvent.drop(document.body, { dataTransfer });
}
async function openExport() {
  const host = await openWindow("fresh", "production");
  const rail = await screen.findByRole("navigation");
  await userEvent.click(within(rail).getByRole("button", { name: "Snapshots" }));
  const grid = await screen.findByRole("grid", { name: "Snapshots" });
  await fireEvent.contextMenu(await within(grid).findByRole("row", { name: /^Before search rollout/ }));
  await userEvent.click(await screen.findByRole("menuitem", { name: "Export" }));
  return { host, dialog: await screen.findByRole("dialog") };
}

describe("a snapshot file", () => {
  it.each([
    ["march-damaged.halyard", "march-damaged.halyard is damaged.", /Its end is missing/],
    ["from-the-future.halyard", "from-the-future.halyard was written by a newer Halyard.", /Update Halyard/],
    ["holiday.png", "holiday.png is not a snapshot file.", /Choose a file that ends with .halyard/],
  ])("is refused in words: %s", async (name, sentence, next) => {
    const host = await openWindow();
    await drop(name);
    const told = await screen.findByRole("alert");
    expect(told).toHaveTextContent(sentence);
    expect(told).toHaveTextContent(next);
    expect(callsOf(host, "openFile")).toEqual([]);
    // Another one can be chosen at once.
    await userEvent.upload(screen.getByLabelText("Choose a file"), file("production.halyard"));
    expect(await screen.findByText(/Production of Acme Store as it was/)).toBeVisible();
  });

  it("is chosen on the first screen, looked into, and opened read only", async () => {
    const host = await openWindow("first-run");
    await userEvent.keyboard("4");
    await userEvent.upload(await screen.findByLabelText("Choose a file"), file("production.halyard"));
    await userEvent.click(await screen.findByRole("button", { name: "Open" }));
    expect(
      await screen.findByText("production.halyard is open. Nothing can be written to it."),
    ).toBeVisible();
    expect(screen.getByRole("button", { name: /^Connection production/ })).toBeVisible();
    expect(callsOf(host, "feedFile")).toHaveLength(1);
  });

  it("that is encrypted asks for the passphrase, says that it was wrong, and forgets what was typed", async () => {
    const host = await openWindow("file");
    const dialog = await screen.findByRole("dialog", { name: "Open a snapshot file" });
    const field = within(dialog).getByLabelText("Passphrase");
    await userEvent.type(field, "guess{Enter}");
    expect(await within(dialog).findByText(/The passphrase does not open this file/)).toBeVisible();
    expect(field).toHaveValue("");
    expect(field).toHaveAttribute("aria-invalid", "true");
    await userEvent.type(field, "halyard{Enter}");
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(callsOf(host, "openFile")).toHaveLength(2);
    // It is on screen, and not the connection from before.
    expect(await screen.findByRole("button", { name: /^Connection production-2026-11-20/ })).toBeVisible();
  });

  it("that waits and is not wanted is given back, and not offered again", async () => {
    const host = await openWindow("file");
    // The application is slow to forget it.
    host.failNext("dropFile", failure("mirror", "Busy."));
    await userEvent.click(await screen.findByRole("button", { name: /^Cancel/ }));
    expect(callsOf(host, "dropFile")).toEqual([["file-1"]]);
    const [acme] = host.world.connections;
    if (acme) acme.name = "Acme Shop";
    host.changeAll();
    expect(await screen.findByRole("button", { name: "Connection Acme Shop" })).toBeVisible();
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("of a whole timeline shows how far it is, and is given up meanwhile", async () => {
    const host = await openWindow();
    const really = performance.now.bind(performance);
    let later = 0;
    vi.spyOn(performance, "now").mockImplementation(() => really() + later);
    let refuse: (error: unknown) => void = () => undefined;
    vi.spyOn(host, "openFile").mockImplementation(
      () =>
        new Promise((_, reject) => {
          refuse = reject;
        }),
    );
    let tell: Parameters<typeof host.onFileProgress>[0] = () => undefined;
    vi.spyOn(host, "onFileProgress").mockImplementation((callback) => {
      tell = callback;
      return () => undefined;
    });
    await drop("timeline.halyard");
    await userEvent.click(await screen.findByRole("button", { name: "Open" }));
    tell({ file: "file-1", done: 64, total: 5000, size: "0.1 MB" });
    await tick();
    expect(screen.queryByRole("progressbar")).toBeNull();
    later = 60_000;
    tell({ file: "another", done: 1, total: 2, size: "0.1 MB" });
    tell({ file: "file-1", done: 1920, total: 5000, size: "3.0 MB" });
    expect(await screen.findByText("1,920 of 5,000 snapshots, 3.0 MB")).toBeVisible();
    expect(screen.getByRole("progressbar", { name: "Opening timeline.halyard" })).toHaveValue(1920);
    await userEvent.click(screen.getByRole("button", { name: /^Cancel/ }));
    expect(callsOf(host, "dropFile")).toEqual([["file-1"]]);
    refuse(failure("gone", "The chosen file is gone."));
    await tick();
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(screen.queryByRole("alert")).toBeNull();
  });
});

describe("an export", () => {
  it("wants the passphrase twice, hands it over once, and shows where the file is", async () => {
    const { host, dialog } = await openExport();
    await userEvent.click(within(dialog).getByRole("radio", { name: "Everything from it until now" }));
    await userEvent.click(
      within(dialog).getByRole("checkbox", { name: "Keep identities and their overrides" }),
    );
    expect(within(dialog).getByText(/People are left out/)).toBeVisible();
    await userEvent.type(within(dialog).getByLabelText("Passphrase"), "wren lantern copper tide");
    const again = within(dialog).getByLabelText("Passphrase again");
    const save = within(dialog).getByRole("button", { name: "Export" });
    await userEvent.type(again, "wren lantern copper tida");
    expect(within(dialog).getByText("The two are not the same.")).toBeVisible();
    expect(save).toBeDisabled();
    await userEvent.type(again, "{Backspace}e");
    host.failNext("exportFile", failure("input", "The disk is full."));
    await userEvent.click(save);
    expect(await within(dialog).findByText("The disk is full.")).toBeVisible();
    // Emptied, and not taken for a wish to do without.
    expect(within(dialog).getByLabelText("Passphrase")).toHaveValue("");
    expect(save).toBeDisabled();
    await userEvent.type(within(dialog).getByLabelText("Passphrase"), "wren lantern copper tide");
    await userEvent.type(within(dialog).getByLabelText("Passphrase again"), "wren lantern copper tide");
    await userEvent.click(save);
    expect(await screen.findByText(/^Saved production-2026-11-20-timeline.halyard/)).toBeVisible();
    expect(callsOf(host, "exportFile")).toMatchObject([
      [{ environment: "production", to: null, passphrase: "…", identities: false }],
      [{ environment: "production", to: null, passphrase: "…", identities: false }],
    ]);
    await userEvent.click(screen.getByRole("button", { name: "Show in folder" }));
    expect(callsOf(host, "showInFolder")).toHaveLength(1);
  });

  it.each([
    ["", "none"],
    ["summer", "weak"],
    ["Password123", "weak"],
    ["aaaaaaaaaaaaaaaaaaaaaaaa", "weak"],
    ["wren lantern copper tide", "fair"],
    ["wren lantern copper tide velvet orbit moss", "strong"],
    ["g7#Kp!2vX9@qLw4$", "strong"],
  ])("calls the passphrase %j %s", (passphrase, strength) => {
    expect(strengthOf(passphrase)).toBe(strength);
  });
});

describe("a locked local copy", () => {
  it("says why, tries again, and opens", async () => {
    const host = await openLocked();
    host.failNext("unlockMirror", failure("key_store", "The keychain is still locked."));
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("The keychain is still locked.")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("navigation")).toBeVisible();
  });

  it("asks before it is set aside", async () => {
    const host = await openLocked();
    await userEvent.click(screen.getByRole("button", { name: "Set it aside and begin anew" }));
    expect(await screen.findByRole("dialog", { name: "Set the local copy aside?" })).toBeVisible();
    expect(callsOf(host, "setMirrorAside")).toEqual([]);
    await userEvent.click(screen.getByRole("button", { name: "Set it aside" }));
    expect(await screen.findByText("Welcome to Halyard")).toBeVisible();
  });
});

async function openLocked() {
  const host = await openWindow("locked");
  expect(await screen.findByRole("heading", { name: "The local copy is locked" })).toBeVisible();
  return host;
}
