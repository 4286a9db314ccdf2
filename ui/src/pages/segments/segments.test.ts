import { screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import { failure } from "../../ipc/fake/errors";
import { callsOf, openWindow } from "../../testing/open-window";

async function openSegments(environment = "staging") {
  const host = await openWindow("fresh", environment);
  await userEvent.click(await screen.findByRole("button", { name: "Segments" }));
  await screen.findByRole("grid", { name: "Segments" });
  return host;
}
async function openSegment(name: RegExp) {
  await userEvent.click(await screen.findByRole("row", { name }));
  const panel = await screen.findByRole("complementary");
  await within(panel).findByRole("group", { name: "Group 1" });
  return within(panel);
}

describe("the Segments page", () => {
  it("lists segments with who is in them and how often they are used", async () => {
    await openSegments();
    const row = screen.getByRole("row", { name: /^Klarna countries/ });
    expect(row).toHaveAccessibleName(/country is one of DE,AT,SE,NL; not: network is 2g/);
    expect(row).toHaveAccessibleName(/Used by 1 flag in Staging/);
  });

  it("filters by name and rule", async () => {
    await openSegments();
    await userEvent.keyboard("/");
    await userEvent.keyboard("lifetime");
    expect(screen.getAllByRole("row").slice(1)).toHaveLength(1);
    expect(screen.getByRole("row", { name: /^High value/ })).toBeVisible();
    await userEvent.keyboard("{Escape}");
    expect(screen.getAllByRole("row").length).toBeGreaterThan(10);
  });

  it("shows the uses in all environments, and closes on Escape", async () => {
    await openSegments();
    const panel = await openSegment(/^Klarna countries/);
    expect(panel.getAllByRole("button", { name: "Open klarna_pay_later" })).toHaveLength(4);
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("complementary")).toBeNull();
  });

  it("stages rules as one field, with what was changed in a group and a condition", async () => {
    const host = await openSegments();
    const panel = await openSegment(/^France/);
    await userEvent.selectOptions(
      panel.getByRole("combobox", { name: "Comparison of condition 1.1.1" }),
      "IN",
    );
    const value = panel.getByRole("textbox", { name: "Value of condition 1.1.1" });
    await userEvent.clear(value);
    await userEvent.type(value, "FR,BE");
    await userEvent.click(panel.getByRole("button", { name: "Add a group to group 1" }));
    await userEvent.selectOptions(
      panel.getByRole("combobox", { name: "How group 1.2 is put together" }),
      "none",
    );
    // A condition that is not filled in is not sent.
    expect(panel.getByRole("button", { name: "Stage" })).toBeDisabled();
    await userEvent.type(panel.getByRole("textbox", { name: "Trait of condition 1.2.1" }), "plan");
    await userEvent.type(panel.getByRole("textbox", { name: "Value of condition 1.2.1" }), "free");
    await userEvent.click(panel.getByRole("button", { name: "Stage" }));
    const [request] = callsOf(host, "stageEdit")[0] ?? [];
    expect(request).toMatchObject({
      subject: { kind: "segment" },
      changes: [
        {
          field: "rules",
          to: {
            kind: "rules",
            rules: [
              {
                kind: "all",
                conditions: [],
                rules: [
                  { kind: "any", conditions: [{ operator: "IN", property: "country", value: "FR,BE" }] },
                  { kind: "none", conditions: [{ operator: "EQUAL", property: "plan", value: "free" }] },
                ],
              },
            ],
          },
        },
      ],
    });
    expect(await screen.findByRole("row", { name: /^France/ })).toHaveTextContent("Staged");
  });

  it("asks for no trait where a share is compared, and for no value where nothing is", async () => {
    await openSegments();
    const panel = await openSegment(/^France/);
    const operator = panel.getByRole("combobox", { name: "Comparison of condition 1.1.1" });
    await userEvent.selectOptions(operator, "PERCENTAGE_SPLIT");
    expect(panel.queryByRole("textbox", { name: "Trait of condition 1.1.1" })).toBeNull();
    await userEvent.selectOptions(operator, "IS_SET");
    expect(panel.getByRole("textbox", { name: "Trait of condition 1.1.1" })).toHaveValue("");
    expect(panel.queryByRole("textbox", { name: "Value of condition 1.1.1" })).toBeNull();
  });

  it("keeps what was typed when it is refused, with the service's words beside the field", async () => {
    const host = await openSegments();
    const panel = await openSegment(/^France/);
    const value = panel.getByRole("textbox", { name: "Value of condition 1.1.1" });
    await userEvent.type(value, "X");
    host.failNext(
      "edit",
      failure("refused", "Flagsmith refused the edit.", {
        said: [{ field: "rules", label: "Rules", words: "FRX is no country." }],
      }),
    );
    await userEvent.click(panel.getByRole("button", { name: "Publish" }));
    expect(await panel.findByText("FRX is no country.")).toBeVisible();
    expect(value).toHaveValue("FRX");
    await userEvent.click(panel.getByRole("button", { name: "Publish" }));
    expect(await screen.findByRole("row", { name: /^France, country is FRX/ })).toBeVisible();
  });

  it("says in words what the rules become, before a protected environment gets them", async () => {
    await openSegments("production");
    const panel = await openSegment(/^Klarna countries/);
    await userEvent.type(panel.getByRole("textbox", { name: "Value of condition 1.1.1" }), ",BE");
    await userEvent.click(panel.getByRole("button", { name: "Review and publish" }));
    const sheet = within(await screen.findByRole("dialog", { hidden: true }));
    expect(
      await sheet.findByText(/country is one of DE,AT,SE,NL,BE\s+not: network is 2g/),
    ).toBeInTheDocument();
  });

  it("makes a segment, and keeps a half made one in the list", async () => {
    const host = await openSegments();
    await userEvent.click(screen.getByRole("button", { name: "New segment" }));
    const name = screen.getByRole("textbox", { name: "Name" });
    await userEvent.type(name, "france");
    expect(screen.getByText("There is a segment France already.")).toBeVisible();
    await userEvent.clear(name);
    await userEvent.type(name, "Belgians{Enter}");
    const panel = within(await screen.findByRole("complementary"));
    await panel.findByRole("group", { name: "Group 1" });
    expect(screen.getByRole("row", { name: /^Belgians/ })).toHaveTextContent("Draft");
    await userEvent.click(panel.getByRole("button", { name: "Add a condition to group 1.1" }));
    await userEvent.type(panel.getByRole("textbox", { name: "Trait of condition 1.1.1" }), "country");
    await userEvent.type(panel.getByRole("textbox", { name: "Value of condition 1.1.1" }), "BE");
    await userEvent.click(panel.getByRole("button", { name: "Publish" }));
    expect(await screen.findByRole("row", { name: /^Belgians, country is BE/ })).not.toHaveTextContent(
      "Draft",
    );
    const [request] = callsOf(host, "edit")[0] ?? [];
    expect(request).toMatchObject({
      subject: { kind: "segment", segment: "new:Belgians" },
      changes: [{ field: "existence", to: { kind: "set" } }, { field: "rules" }],
    });
  });

  it("deletes only after the name is typed, with its uses shown", async () => {
    const host = await openSegments();
    const panel = await openSegment(/^Klarna countries/);
    await userEvent.click(panel.getByRole("button", { name: "More" }));
    await userEvent.click(screen.getByRole("button", { name: "Delete" }));
    const dialog = within(screen.getByRole("dialog"));
    expect(dialog.getByText("Staging: klarna_pay_later")).toBeInTheDocument();
    const button = dialog.getByRole("button", { name: "Delete", hidden: true });
    expect(button).toBeDisabled();
    await userEvent.type(dialog.getByRole("textbox", { hidden: true }), "Klarna countries");
    await userEvent.click(button);
    expect(callsOf(host, "edit")[0]?.[0]).toMatchObject({
      changes: [{ field: "existence", to: { kind: "unset" } }],
    });
    expect(screen.queryByRole("complementary")).toBeNull();
  });
});
