import { screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { SaveConnectionRequest } from "../../ipc/bindings";
import { callsOf, openWindow } from "../../testing/open-window";

const KEY = "ser.a-key-that-must-not-stay";

async function checkKey(key: string, address?: string) {
  if (address !== undefined) {
    await userEvent.click(screen.getByRole("radio", { name: "Own address" }));
    await userEvent.type(screen.getByRole("textbox", { name: "Address" }), address);
  }
  await userEvent.type(screen.getByLabelText("Key"), key);
  await userEvent.click(screen.getByRole("button", { name: "Check" }));
}

describe("connecting", () => {
  it("empties the key field before the answer is there", async () => {
    const host = await openWindow("first-run");
    await userEvent.click(screen.getByRole("button", { name: "Connect Flagsmith" }));
    const release = host.hold();
    await checkKey(KEY);
    expect(screen.getByLabelText("Key")).toHaveValue("");
    expect(screen.getByLabelText("Key")).toHaveAttribute("type", "password");
    expect(document.documentElement.outerHTML).not.toContain(KEY);
    release();
    await screen.findByRole("alert");
    expect(document.documentElement.outerHTML).not.toContain(KEY);
  });

  it("says why a key was refused, and loses nothing but the key", async () => {
    await openWindow("first-run");
    await userEvent.click(screen.getByRole("button", { name: "Connect Flagsmith" }));
    await checkKey(KEY, "flags.example.com");
    const alert = await screen.findByRole("alert");
    expect(alert).toHaveTextContent("This looks like an environment key.");
    expect(screen.getByRole("textbox", { name: "Address" })).toHaveValue("flags.example.com");
    expect(screen.getByLabelText("Key")).toHaveAccessibleDescription(/type or paste the key again/);
  });

  it("asks for what is missing without calling anybody", async () => {
    const host = await openWindow("first-run");
    await userEvent.click(screen.getByRole("button", { name: "Connect Flagsmith" }));
    await userEvent.click(screen.getByRole("radio", { name: "Own address" }));
    await userEvent.click(screen.getByRole("button", { name: "Check" }));
    expect(screen.getByLabelText("Key")).toBeInvalid();
    expect(screen.getByRole("textbox", { name: "Address" })).toBeInvalid();
    expect(callsOf(host, "connect")).toHaveLength(0);
  });

  it("saves the chosen environments and shows them", async () => {
    const host = await openWindow("first-run");
    await userEvent.click(screen.getByRole("button", { name: "Connect Flagsmith" }));
    await checkKey("a-good-key");
    const development = await screen.findByRole("checkbox", { name: /^Development/ });
    expect(development).toBeChecked();
    await userEvent.click(development);
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByRole("button", { name: "Staging" })).toHaveAttribute("aria-current", "page");
    const request = callsOf(host, "saveConnection")[0]?.[0] as SaveConnectionRequest;
    expect(request.environments).not.toContain("development");
    expect(request.keep_key).toBe("keychain");
    expect(screen.queryByRole("button", { name: "Development" })).toBeNull();
  });

  it("offers to keep the key for the session where there is no keychain", async () => {
    const host = await openWindow("no-keychain");
    await userEvent.click(screen.getByRole("button", { name: /^Connection/ }));
    await userEvent.click(screen.getByRole("button", { name: "Connect Flagsmith" }));
    await checkKey("a-good-key");
    expect(await screen.findByRole("radio", { name: /Only for this session/ })).toBeChecked();
    expect(screen.getByRole("radio", { name: /In the system keychain/ })).toBeDisabled();
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    await waitFor(() => expect(callsOf(host, "saveConnection")).toHaveLength(1));
    expect((callsOf(host, "saveConnection")[0]?.[0] as SaveConnectionRequest).keep_key).toBe("session");
  });

  it("takes a missing key again, for the same connection", async () => {
    const host = await openWindow("missing-key");
    await userEvent.click(await screen.findByRole("button", { name: "Enter the key again" }));
    expect(await screen.findByRole("heading", { name: "Enter the key for Acme Store" })).toBeVisible();
    await checkKey("a-good-key");
    await userEvent.click(await screen.findByRole("button", { name: "Save" }));
    await waitFor(() => expect(callsOf(host, "saveKey")).toHaveLength(1));
    expect(await screen.findByRole("navigation")).toBeVisible();
    expect(screen.queryByRole("button", { name: "Enter the key again" })).toBeNull();
  });

  it.each([
    ["http://flags.example.com", true],
    ["https://flags.example.com", false],
    ["http://localhost:8000", false],
    ["http://127.0.0.1:8000/api/v1/", false],
    ["http://localhost.example.com", true],
  ])("warns before a key travels unencrypted: %s", async (address, warned) => {
    await openWindow("first-run");
    await userEvent.click(screen.getByRole("button", { name: "Connect Flagsmith" }));
    await userEvent.click(screen.getByRole("radio", { name: "Own address" }));
    await userEvent.type(screen.getByRole("textbox", { name: "Address" }), address);
    expect(screen.queryByText("The key would travel unencrypted.") !== null).toBe(warned);
  });

  it("gives a checked key up when it is left", async () => {
    const host = await openWindow("first-run");
    await userEvent.click(screen.getByRole("button", { name: "Connect Flagsmith" }));
    await checkKey("a-good-key");
    await screen.findByRole("button", { name: "Save" });
    await userEvent.click(screen.getByRole("button", { name: "Back" }));
    await waitFor(() => expect(callsOf(host, "discardDraft")).toHaveLength(1));
  });

  it("gives up a key whose check ends after the page was left", async () => {
    const host = await openWindow("first-run");
    await userEvent.click(screen.getByRole("button", { name: "Connect Flagsmith" }));
    const release = host.hold();
    await checkKey("a-good-key");
    await userEvent.click(screen.getByRole("button", { name: "Back" }));
    release();
    await waitFor(() => expect(callsOf(host, "discardDraft")).toHaveLength(1));
  });
});
