import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { failure, type Scenario } from "../../ipc/fake";
import { callsOf, openWindow } from "../../testing/open-window";

async function openSettings(scenario: Scenario = "fresh") {
  const host = await openWindow(scenario);
  await userEvent.click(screen.getByRole("button", { name: "Settings" }));
  return host;
}
const section = (name: string) => screen.findByRole("region", { name });

describe("how long snapshots are kept", () => {
  it("is shown with what they take, and set; nothing typed is no limit", async () => {
    const host = await openSettings();
    const kept = await section("Snapshots kept");
    const days = await within(kept).findByRole("textbox", { name: "Days" });
    expect(days).toHaveValue("90");
    expect(kept).toHaveTextContent("214 snapshots, 18.4 MB now");
    const save = within(kept).getByRole("button", { name: "Keep so" });
    expect(save).toBeDisabled();
    await userEvent.clear(days);
    await userEvent.type(days, "30");
    expect(kept).toHaveTextContent("What is past the new limit is removed at once.");
    await userEvent.clear(within(kept).getByRole("textbox", { name: "Megabytes in all" }));
    await userEvent.click(save);
    await waitFor(() => expect(callsOf(host, "setRetention")).toEqual([[30, null]]));
    expect(await within(kept).findByText(/^71 snapshots/)).toBeVisible();
  });

  it.each(["0", "3.5", "many"])("is not %s", async (typed) => {
    await openSettings();
    const kept = await section("Snapshots kept");
    const days = await within(kept).findByRole("textbox", { name: "Days" });
    await userEvent.clear(days);
    await userEvent.type(days, typed);
    expect(days).toHaveAccessibleDescription("Type a whole number from 1, or nothing for no limit.");
    expect(within(kept).getByRole("button", { name: "Keep so" })).toBeDisabled();
  });

  it("says beside the field what was refused", async () => {
    const host = await openSettings();
    const kept = await section("Snapshots kept");
    const days = await within(kept).findByRole("textbox", { name: "Days" });
    host.failNext("setRetention", failure("input", "Ten years at most.", { field: "days" }));
    await userEvent.type(days, "00{Enter}");
    await waitFor(() => expect(days).toHaveAccessibleDescription("Ten years at most."));
    expect(days).toHaveValue("9000");
  });
});

describe("the encryption of the local copy", () => {
  it("is turned on with a word while the file is converted, and says what it means", async () => {
    const host = await openSettings();
    const encryption = await section("Encryption");
    const toggle = await within(encryption).findByRole("switch", { name: "Encrypt the local copy" });
    expect(encryption).toHaveTextContent("Whoever can read your files can read the local copy");
    const release = host.hold();
    await userEvent.click(toggle);
    expect(await within(encryption).findByText("Encrypting the local copy")).toBeVisible();
    expect(toggle).toHaveAttribute("aria-busy", "true");
    release();
    expect(await within(encryption).findByText(/can only be read with a key/)).toBeVisible();
    expect(toggle).toBeChecked();
    expect(within(encryption).queryByText("Encrypting the local copy")).toBeNull();
  });

  it("stays as it was where it fails, and says why", async () => {
    const host = await openSettings();
    const encryption = await section("Encryption");
    host.failNext("setEncryption", failure("mirror", "The disk is full."));
    const toggle = await within(encryption).findByRole("switch");
    await userEvent.click(toggle);
    expect(await within(encryption).findByText("The disk is full.")).toBeVisible();
    expect(toggle).not.toBeChecked();
  });

  it("is not offered without a keychain, with the reason", async () => {
    await openSettings("no-keychain");
    const encryption = await section("Encryption");
    expect(await within(encryption).findByRole("switch")).toBeDisabled();
    expect(encryption).toHaveTextContent("No keychain answers on this computer");
  });
});
