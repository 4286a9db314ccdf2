import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import type { LintView } from "../../ipc/bindings";
import { failure } from "../../ipc/fake";
import { callsOf, openWindow } from "../../testing/open-window";

async function openLint(view?: LintView) {
  const host = await openWindow("fresh", "production");
  if (view) host.lint = () => Promise.resolve(view);
  await userEvent.click(screen.getByRole("button", { name: "Health" }));
  return { host, card: await screen.findByRole("region", { name: "Lint" }) };
}

describe("the lint of an environment", () => {
  it("groups what is doubtful under headings with counts, with a sign, a word and a sentence each", async () => {
    const { card } = await openLint();
    const group = await within(card).findByRole("region", { name: "Segments that nothing uses, 3" });
    const [row] = within(group).getAllByRole("listitem");
    expect(row).toHaveTextContent(/Doubtful.*B2B buyers.*No flag of this project has an override for it\./);
    expect(card).toHaveTextContent(/Looked at 128 flags.*Not looked at:.*no identities of this environment/);
  });

  it("shows the first of many, and all when asked", async () => {
    const { card } = await openLint();
    const group = await within(card).findByRole("region", { name: /not changed for long/ });
    expect(within(group).getAllByRole("listitem")).toHaveLength(5);
    await userEvent.click(within(group).getByRole("button", { name: "Show all 71" }));
    expect(within(group).getAllByRole("listitem")).toHaveLength(71);
  });

  it("stages a fix with the state it was found in, leads to it, and says that it is staged", async () => {
    const { host, card } = await openLint();
    await userEvent.click(await within(card).findByRole("button", { name: "Stage its removal: Austria" }));
    expect(callsOf(host, "stageEdit")[0]?.[0]).toMatchObject({
      connection: "acme",
      environment: "production",
      subject: { kind: "segment" },
      revision: expect.stringContaining("@1"),
      changes: [{ field: "existence", to: { kind: "unset" } }],
    });
    expect(await screen.findByRole("button", { name: "Review" })).toBeVisible();
    const row = within(card).getByText("Austria").closest("li") as HTMLElement;
    expect(await within(row).findByText("Staged")).toBeVisible();
    expect(within(row).queryByRole("button", { name: /^Stage/ })).toBeNull();
  });

  it.each([
    [
      "Open the flag: search_ranking_v2",
      () => screen.findByRole("complementary", { name: /search_ranking_v2/ }),
    ],
    ["Open the segment: B2B buyers", () => screen.findByRole("complementary", { name: /B2B buyers/ })],
  ])("goes where it is decided: %s", async (name, arrived) => {
    const { card } = await openLint();
    await userEvent.click(await within(card).findByRole("button", { name }));
    expect(await arrived()).toBeVisible();
  });

  it("says what was looked at where nothing is doubtful", async () => {
    const { card } = await openLint({ rows: [], summary: "Looked at 3 flags.", days: 90, skipped: [] });
    expect(await within(card).findByText("Nothing doubtful found")).toBeVisible();
    expect(within(card).getByText("Looked at 3 flags.")).toBeVisible();
  });

  it("is told for how long a flag must be left alone, of some lengths or any", async () => {
    const { host, card } = await openLint();
    const many = await within(card).findByRole("region", { name: /not changed for long/ });
    const shown = () => within(card).getByRole("region", { name: /not changed for long/ });
    const before = many.getAttribute("aria-labelledby");
    const label = "A flag counts as left alone after";
    const select = within(card).getByRole("combobox", { name: label });
    expect(select).toHaveDisplayValue("90 days");
    await userEvent.selectOptions(select, "180 days");
    await waitFor(() => expect(callsOf(host, "setLintDays")).toEqual([[180]]));
    await waitFor(() => expect(shown()).not.toHaveTextContent("71"));
    expect(before).toBe(shown().getAttribute("aria-labelledby"));
    await userEvent.selectOptions(within(card).getByRole("combobox", { name: label }), "Another number…");
    const number = within(card).getByRole("textbox", { name: "Days" });
    expect(number).toHaveValue("180");
    await userEvent.clear(number);
    expect(number).toHaveAccessibleDescription("Type a whole number from 1.");
    expect(within(card).getByRole("button", { name: "Set" })).toBeDisabled();
    await userEvent.type(number, "9999{Enter}");
    await waitFor(() => expect(number).toHaveAccessibleDescription("Type a number of days from 1 to 3,650."));
    expect(number).toHaveValue("9999");
    await userEvent.clear(number);
    await userEvent.type(number, "45{Enter}");
    await waitFor(() =>
      expect(within(card).getByRole("combobox", { name: label })).toHaveDisplayValue("45 days"),
    );
    expect(callsOf(host, "setLintDays")).toEqual([[180], [9999], [45]]);
  });

  it("says why it could not look, and looks again when asked", async () => {
    const host = await openWindow("fresh", "production");
    host.failNext("lint", failure("mirror", "The local copy cannot be read."));
    await userEvent.click(screen.getByRole("button", { name: "Health" }));
    const card = await screen.findByRole("region", { name: "Lint" });
    await within(card).findByText("The local copy cannot be read.");
    await userEvent.click(within(card).getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(within(card).queryByText("The local copy cannot be read.")).toBeNull());
    expect(await within(card).findByText(/^Looked at 128 flags/)).toBeVisible();
  });
});
