import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { EditRequest } from "../../ipc/bindings";
import { failure } from "../../ipc/fake/errors";
import { callsOf, openWindow } from "../../testing/open-window";

async function openFlag(flag: string) {
  await userEvent.click(await screen.findByText(flag, { selector: ".key" }));
  return screen.findByRole("complementary", { name: `Details of ${flag}` });
}

async function askAboutShare() {
  const host = await openWindow("fresh", "production");
  const panel = await openFlag("new_checkout");
  const share = await within(panel).findByRole("textbox", { name: "Share of one_page" });
  await userEvent.clear(share);
  await userEvent.type(share, "40");
  await userEvent.click(within(panel).getByRole("switch", { name: "Override for EU beta testers state" }));
  await userEvent.click(within(panel).getByRole("button", { name: "Review and publish" }));
  const sheet = await screen.findByRole("dialog", { name: "Change new_checkout?" });
  return { host, panel, sheet };
}

describe("the confirm sheet", () => {
  it("shows every changed field before and after", async () => {
    const { sheet } = await askAboutShare();
    await waitFor(() =>
      expect(within(sheet).getByRole("row", { name: /^Weights/ })).toHaveTextContent(
        /control60 %one_page30 %express10 %.*control50 %one_page40 %express10 %/,
      ),
    );
    expect(within(sheet).getByRole("row", { name: /^State .*EU beta testers/ })).toHaveTextContent(/On.*Off/);
    expect(within(sheet).getByRole("row", { name: /^Identity overrides/ })).toHaveTextContent("No change");
  });

  it("stages instead of sending", async () => {
    const { host, panel, sheet } = await askAboutShare();
    await userEvent.click(within(sheet).getByRole("button", { name: "Stage" }));
    await waitFor(() => expect(sheet).not.toBeInTheDocument());
    expect(callsOf(host, "stageEdit")).toHaveLength(1);
    expect(callsOf(host, "edit")).toHaveLength(0);
    expect(within(panel).queryByText(/not sent/)).toBeNull();
  });

  it("puts the service's words beside the field, and the panel keeps them", async () => {
    const { host, panel, sheet } = await askAboutShare();
    const said = [{ field: "weights", label: "Weights", words: "Percentage allocations exceed 100." }];
    host.failNext("edit", failure("input", "The service did not accept this.", { said }));
    await userEvent.click(within(sheet).getByRole("button", { name: "Change in Production" }));
    const row = await within(sheet).findByRole("row", { name: /^Weights/ });
    await waitFor(() => expect(row).toHaveTextContent("Percentage allocations exceed 100."));
    await userEvent.click(within(sheet).getByRole("button", { name: "Cancel" }));
    expect(within(panel).getByText("Percentage allocations exceed 100.")).toBeVisible();
    expect(within(panel).getByText("2 edits, not sent")).toBeVisible();
  });

  it("says that a definition holds everywhere, and asks for the environment's name where that is wanted", async () => {
    const host = await openWindow("fresh", "production");
    await host.setProtection("acme", "production", "type_name");
    const panel = await openFlag("guest_checkout");
    await userEvent.click(await within(panel).findByRole("button", { name: "More" }));
    await userEvent.click(within(panel).getByRole("button", { name: "Archive" }));
    const sheet = await screen.findByRole("dialog", { name: "Change guest_checkout?" });
    expect(within(sheet).getByText("This holds in every environment at once.")).toBeVisible();
    const row = await within(sheet).findByRole("row", { name: /^Archived/ });
    await waitFor(() => expect(row).toHaveTextContent(/No.*Yes/));
    const button = within(sheet).getByRole("button", { name: "Change everywhere" });
    expect(button).toBeDisabled();
    await userEvent.type(within(sheet).getByRole("textbox"), "Production");
    await userEvent.click(button);
    await waitFor(() => expect(callsOf(host, "edit")).toHaveLength(1));
    expect(callsOf(host, "edit")[0]?.[0] as EditRequest).toMatchObject({ confirmed: "Production" });
  });

  it("is not asked where nothing can be written", async () => {
    const host = await openWindow("fresh", "production");
    await host.setProtection("acme", "production", "read_only");
    const panel = await openFlag("new_checkout");
    await within(panel).findByRole("region", { name: "Segment overrides" });
    await waitFor(() => expect(screen.getByRole("button", { name: "New flag" })).toBeDisabled());
    expect(within(panel).queryByRole("textbox")).toBeNull();
    expect(within(panel).queryByRole("button", { name: "Add a segment override" })).toBeNull();
    expect(within(panel).getByRole("switch", { name: "Override for EU beta testers state" })).toBeDisabled();
    await userEvent.keyboard("n");
    expect(screen.queryByRole("dialog", { name: "New flag" })).toBeNull();
  });
});
