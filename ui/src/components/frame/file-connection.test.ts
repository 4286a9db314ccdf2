import { render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import App from "../../App.svelte";
import { fakeHost } from "../../ipc/fake";
import { setHost } from "../../ipc/host";
import { callsOf } from "../../testing/open-window";

async function openFile() {
  const host = fakeHost("opened-file");
  setHost(host);
  render(App);
  await screen.findByText("new_checkout", { selector: ".key" });
  return host;
}

describe("a snapshot file that was opened", () => {
  it("says what it is and from when, has nothing to sync, and no pages of what it has not got", async () => {
    const host = await openFile();
    expect(screen.getByText(/^Snapshot file of \d+ \w{3} \d\d:\d\d$/)).toBeVisible();
    expect(screen.queryByRole("button", { name: "Sync" })).toBeNull();
    const rail = screen.getByRole("navigation");
    for (const name of ["Changes", "Activity", "Health"]) {
      expect(within(rail).queryByRole("button", { name })).toBeNull();
    }
    expect(within(rail).getByRole("button", { name: "Snapshots" })).toBeVisible();
    await userEvent.keyboard("gh{Control>}r{/Control}");
    expect(await screen.findByText(/there is nothing to sync/)).toBeVisible();
    expect(screen.getByRole("grid", { name: "Flags" })).toBeVisible();
    expect(callsOf(host, "refresh")).toEqual([]);
  });

  it("shows states without switches, and says why", async () => {
    await openFile();
    const row = screen.getByRole("row", { name: "new_checkout" });
    expect(within(row).queryByRole("switch")).toBeNull();
    expect(within(row).getByText("On")).toHaveAttribute("title", expect.stringContaining("snapshot file"));
    await userEvent.click(screen.getByText("new_checkout", { selector: ".key" }));
    const panel = await screen.findByRole("complementary");
    await within(panel).findByRole("tab", { name: /^History/ });
    expect(within(panel).queryByRole("switch")).toBeNull();
  });

  it("is closed from the switcher, and the file itself stays", async () => {
    const host = await openFile();
    await userEvent.click(screen.getByRole("button", { name: /^Connection production/ }));
    await userEvent.click(screen.getByRole("button", { name: "Close file" }));
    await waitFor(() => expect(callsOf(host, "forgetConnection")).toHaveLength(1));
    expect(await screen.findByText(/The file itself stays\.$/)).toBeVisible();
    expect(await screen.findByRole("button", { name: "Health" })).toBeVisible();
  });
});
