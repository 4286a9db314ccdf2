import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { failure } from "../../ipc/fake";
import { callsOf, openWindow } from "../../testing/open-window";

async function openHistory(flag: string, environment = "production") {
  const host = await openWindow("fresh", environment);
  await userEvent.click(await screen.findByText(flag, { selector: ".key" }));
  const panel = await screen.findByRole("complementary", { name: `Details of ${flag}` });
  await userEvent.click(await within(panel).findByRole("tab", { name: /^History/ }));
  return { host, panel };
}

describe("the history of a flag", () => {
  it("tells the moments that touched it, with who, what else, and the gap before", async () => {
    const { panel } = await openHistory("gift_wrapping");
    const items = await within(within(panel).getByRole("tabpanel")).findAllByRole("listitem");
    expect(within(panel).getByRole("tab", { name: /^History/ })).toHaveTextContent(String(items.length));
    const gap = items.find((item) => item.textContent?.includes("Jonas Weber"));
    expect(gap).toHaveTextContent(/Together with 2 other parts\./);
    expect(gap).toHaveTextContent(/Halyard did not look for 2 h 40 min before this/);
  });

  it("tells the newest two in the overview, and leads to all of them", async () => {
    await openWindow("fresh", "production");
    await userEvent.click(await screen.findByText("new_checkout", { selector: ".key" }));
    const section = await screen.findByRole("region", { name: "Last changes" });
    expect(within(section).getAllByRole("listitem")[0]).toHaveTextContent("Maya Lindqvist");
    await userEvent.click(within(section).getByRole("button", { name: /^All/ }));
    expect(screen.getByRole("tab", { name: /^History/ })).toHaveAttribute("aria-selected", "true");
  });

  it("compares a moment with now, on the Snapshots page", async () => {
    const { host, panel } = await openHistory("search_ranking_v2");
    const [first] = await host.flagHistory("acme", "production", "search_ranking_v2");
    const [compare] = await within(panel).findAllByRole("button", { name: /^Compare .* with now$/ });
    await userEvent.click(compare as HTMLElement);
    await waitFor(() => {
      const [a, b] = callsOf(host, "compareSides").at(-1) ?? [];
      expect(a).toEqual({ connection: "acme", environment: "production", moment: first?.id });
      expect(b).toEqual({ connection: "acme", environment: "production", moment: null });
    });
  });

  it("leads the flag back as a change set, after showing what that is", async () => {
    const { host, panel } = await openHistory("search_ranking_v2");
    const restores = await within(panel).findAllByRole("button", { name: /^Restore this flag/ });
    await userEvent.click(restores.at(-1) as HTMLElement);
    const sheet = await screen.findByRole("dialog");
    const stage = await within(sheet).findByRole("button", { name: /^Stage/ });
    await waitFor(() => expect(stage).toBeEnabled());
    await userEvent.click(stage);
    await waitFor(() => expect(callsOf(host, "restore")[0]?.[1]).toBe("search_ranking_v2"));
    expect(callsOf(host, "edit")).toEqual([]);
    expect(await screen.findByRole("button", { name: "Review" })).toBeVisible();
  });

  it("says why it cannot be read", async () => {
    const host = await openWindow("fresh", "production");
    host.failNext("flagHistory", failure("mirror", "The history cannot be read."));
    await userEvent.click(await screen.findByText("new_checkout", { selector: ".key" }));
    await userEvent.click(await screen.findByRole("tab", { name: /^History/ }));
    expect(await screen.findByText("The history cannot be read.")).toBeVisible();
  });
});
