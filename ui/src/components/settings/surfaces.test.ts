import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { SurfaceSettingsView } from "../../ipc/bindings";
import { failure } from "../../ipc/fake";
import { callsOf, openWindow } from "../../testing/open-window";

async function openSurfaces() {
  const host = await openWindow();
  await userEvent.click(screen.getByRole("button", { name: "Settings" }));
  await userEvent.click(await screen.findByRole("button", { name: "Surfaces of Acme Store" }));
  const form = await screen.findByRole("region", { name: "Surfaces of Acme Store" });
  await within(form).findByRole("group", { name: "Edge Proxy 1" });
  const save = () => userEvent.click(within(form).getByRole("button", { name: "Save" }));
  const saved = () =>
    callsOf(host, "saveSurfaceSettings").map(([, settings]) => settings as SurfaceSettingsView);
  return { host, form, save, saved };
}

async function fill(field: HTMLElement, text: string) {
  await userEvent.clear(field);
  await userEvent.type(field, text);
}

describe("the settings of surfaces", () => {
  it("keep an added proxy with its rule, and show the address as it was kept", async () => {
    const { form, save, saved } = await openSurfaces();
    await userEvent.click(within(form).getByRole("button", { name: "Add Edge Proxy" }));
    const second = within(within(form).getByRole("group", { name: "Edge Proxy 2" }));
    await fill(second.getByRole("textbox", { name: "Address" }), "flags-fra2.acme.example");
    await fill(second.getByRole("textbox", { name: "Key pairs" }), "4");
    await userEvent.click(second.getByRole("checkbox", { name: "Never stale" }));
    expect(second.getByRole("textbox", { name: "Grace, s" })).toBeDisabled();
    await save();
    await within(form).findByText("Saved");
    expect(saved()[0]?.edge_proxies[1]).toEqual({
      address: "flags-fra2.acme.example",
      poll_seconds: 10,
      grace_seconds: null,
      key_pairs: 4,
    });
    const kept = within(within(form).getByRole("group", { name: "Edge Proxy 2" }));
    expect(kept.getByRole("textbox", { name: "Address" })).toHaveValue("https://flags-fra2.acme.example/");
  });

  it("say at the field what is wrong, and lose nothing that was typed", async () => {
    const { form, save, saved } = await openSurfaces();
    const first = within(within(form).getByRole("group", { name: "Edge Proxy 1" }));
    const poll = first.getByRole("textbox", { name: "Poll, s" });
    await fill(poll, "soon");
    await save();
    expect(saved()).toEqual([]);
    expect(poll).toBeInvalid();
    expect(poll).toHaveFocus();
    expect(poll).toHaveAccessibleDescription("Write a whole number of seconds.");

    await fill(poll, "60");
    const address = first.getByRole("textbox", { name: "Address" });
    await fill(address, "localhost");
    const certificates = within(form).getByRole("textbox", { name: "Certificates" });
    await userEvent.type(certificates, "not a certificate");
    await save();
    await waitFor(() => expect(address).toBeInvalid());
    expect(address).toHaveValue("localhost");
    expect(poll).toHaveValue("60");
    await fill(address, "https://proxy.acme.example");
    await save();
    await waitFor(() => expect(certificates).toBeInvalid());
    expect(address).toBeValid();
    expect(certificates).toHaveValue("not a certificate");
    expect(certificates).toHaveAccessibleDescription(/holds no certificate.*BEGIN CERTIFICATE/);
  });

  it("take a certificate from a file, after what is there", async () => {
    const { form, save, saved } = await openSurfaces();
    const pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    const input = form.querySelector<HTMLInputElement>("input[type=file]");
    if (input === null) throw new Error("no file field");
    await userEvent.upload(input, new File([pem], "first.pem"));
    await userEvent.upload(input, new File([pem], "second.pem"));
    const certificates = within(form).getByRole("textbox", { name: "Certificates" });
    await waitFor(() => expect((certificates as HTMLTextAreaElement).value.match(/BEGIN/g)).toHaveLength(2));
    await save();
    await within(form).findByText("Saved");
    expect(saved()[0]?.ca_bundle?.match(/BEGIN/g)).toHaveLength(2);
  });

  it("turn the status feed off, remove a proxy, and go back", async () => {
    const { form, save, saved } = await openSurfaces();
    await userEvent.click(within(form).getByRole("button", { name: "Remove Edge Proxy 1" }));
    expect(within(form).getByText("No Edge Proxy.")).toBeVisible();
    await userEvent.click(within(form).getByRole("button", { name: "Revert" }));
    expect(within(form).getByRole("group", { name: "Edge Proxy 1" })).toBeVisible();
    await userEvent.click(within(form).getByRole("checkbox", { name: "Read the provider’s status feed" }));
    expect(within(form).getByRole("textbox", { name: "Status feed address" })).toBeDisabled();
    await save();
    await within(form).findByText("Saved");
    expect(saved()[0]).toMatchObject({ status_feed: false, status_feed_url: null });
    expect(saved()[0]?.edge_proxies).toHaveLength(1);
  });

  it("tell what is about no field, with the reasons and the remedy", async () => {
    const { host, form, save } = await openSurfaces();
    host.failNext(
      "saveSurfaceSettings",
      failure("mirror", "The settings could not be kept.", {
        cause: "The disk is full.",
        evidence: ["The last write ended after 0 bytes."],
        remedy: {
          action: "open_link",
          label: "How to make room",
          surface: null,
          search: null,
          link: "https://halyard.example/room",
          text: null,
        },
      }),
    );
    await save();
    const alert = await within(form).findByRole("alert");
    expect(alert).toHaveTextContent("The settings could not be kept.");
    await userEvent.click(within(alert).getByText("Why"));
    expect(within(alert).getByText("The last write ended after 0 bytes.")).toBeVisible();
    await userEvent.click(within(alert).getByRole("button", { name: "How to make room" }));
    expect(callsOf(host, "openLink")).toEqual([["https://halyard.example/room"]]);
  });

  it("unfold where Health leads", async () => {
    await openWindow();
    await userEvent.click(screen.getByRole("button", { name: "Health" }));
    const feed = await screen.findByText(/tells of no incident/);
    const line = feed.closest("p");
    if (line === null) throw new Error("no line");
    await userEvent.click(within(line).getByRole("button", { name: "Settings" }));
    expect(await screen.findByRole("region", { name: "Surfaces of Acme Store" })).toHaveFocus();
  });
});
