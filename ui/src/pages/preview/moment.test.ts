import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { PreviewRequest } from "../../ipc/bindings";
import { callsOf, openWindow } from "../../testing/open-window";

async function openPreview(...given: Parameters<typeof openWindow>) {
  const host = await openWindow(...given);
  await userEvent.click(screen.getByRole("button", { name: "Preview" }));
  await userEvent.type(await screen.findByRole("combobox", { name: "Identity" }), "u_1");
  await waitFor(() => expect(callsOf(host, "preview").length).toBeGreaterThan(0));
  return host;
}
type Window = Awaited<ReturnType<typeof openWindow>>;
const lastAsked = (host: Window) => callsOf(host, "preview").at(-1)?.[0] as PreviewRequest;
async function chooseMoment() {
  await userEvent.click(await screen.findByRole("radio", { name: /^At a moment/ }));
  return screen.findByRole("dialog", { name: "Evaluate at a moment" });
}

describe("a preview at a moment", () => {
  it("is of the one that was chosen, pinned ones first, until now is wanted again", async () => {
    const host = await openPreview("fresh", "production");
    const dialog = await chooseMoment();
    const pinned = await within(dialog).findByRole("region", { name: "Pinned" });
    await userEvent.click(within(pinned).getByRole("button", { name: /Before search rollout/ }));
    const { moments } = await host.timeline({
      connection: "acme",
      environments: ["production"],
      pinned_only: true,
      before: null,
      limit: 1,
    });
    await waitFor(() => expect(lastAsked(host).moment).toBe(moments[0]?.id));
    expect(screen.getByText(/^Production as of .*, Before search rollout$/)).toBeVisible();
    expect(screen.getByRole("button", { name: "Compare" })).toBeDisabled();
    expect(screen.getByText(/A server answers only as it is now/)).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Evaluate the mirror now again" }));
    await waitFor(() => expect(lastAsked(host).moment).toBeNull());
    expect(screen.getByRole("radio", { name: /^Mirror now/ })).toBeChecked();
  });

  it("stays what it was where no moment is chosen", async () => {
    const host = await openPreview("fresh", "production");
    const dialog = await chooseMoment();
    await userEvent.click(within(dialog).getByRole("button", { name: /^Cancel/ }));
    expect(screen.getByRole("radio", { name: /^Mirror now/ })).toBeChecked();
    expect(lastAsked(host).moment).toBeNull();
  });

  it("is of one environment: on another, now is evaluated", async () => {
    const host = await openPreview("fresh", "production");
    const dialog = await chooseMoment();
    await userEvent.click(
      (await within(dialog).findAllByRole("button", { name: /Before search/ }))[0] as HTMLElement,
    );
    await waitFor(() => expect(lastAsked(host).moment).not.toBeNull());
    await userEvent.click(screen.getByRole("button", { name: "Staging" }));
    await waitFor(() => expect(lastAsked(host)).toMatchObject({ environment: "staging", moment: null }));
  });

  it("is opened from elsewhere, such as a flag's history", async () => {
    const host = await openWindow("fresh", "production");
    await userEvent.click(await screen.findByText("search_ranking_v2", { selector: ".key" }));
    await userEvent.click(await screen.findByRole("tab", { name: /^History/ }));
    await userEvent.click((await screen.findAllByRole("button", { name: /^Evaluate at/ }))[0] as HTMLElement);
    await userEvent.type(await screen.findByRole("combobox", { name: "Identity" }), "u_1");
    const [moment] = await host.flagHistory("acme", "production", "search_ranking_v2");
    await waitFor(() => expect(lastAsked(host).moment).toBe(moment?.id));
  });
});

describe("a preview with staged edits", () => {
  it("lays what is ticked in the change set over the mirror", async () => {
    const host = await openPreview("staged", "production");
    await userEvent.click(await screen.findByRole("radio", { name: /^Mirror plus 3 staged edits/ }));
    await waitFor(() => expect(lastAsked(host)).toMatchObject({ change_set: "draft", moment: null }));
  });
});
