import { render, screen, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";

import App from "../../App.svelte";
import { fakeHost } from "../../ipc/fake";
import { setHost } from "../../ipc/host";
import { callsOf } from "../../testing/open-window";

async function openConfigs() {
  const host = fakeHost("fresh");
  const edge = host.world.connections.find(({ id }) => id === "acme-edge");
  const environment = edge?.environments.find(({ key }) => key === "staging");
  if (!edge || !environment) throw new Error("no EdgeFlags");
  host.world.lastPlace = { connection: edge.id, environment: environment.key };
  setHost(host);
  render(App);
  await userEvent.click(await screen.findByRole("button", { name: "Configs" }));
  await screen.findByRole("grid", { name: "Configs" });
  const [key = "", config] = [...edge.configs][0] ?? [];
  if (!config) throw new Error("no configs");
  return { host, edge, environment, key, config };
}
async function openFirst() {
  const opened = await openConfigs();
  await userEvent.click(screen.getByRole("row", { name: new RegExp(`^${opened.key},`) }));
  const panel = within(await screen.findByRole("complementary"));
  await panel.findByText("where an environment has none of its own");
  return { ...opened, panel };
}

describe("the Configs page", () => {
  it("is there for EdgeFlags, where Identities are not", async () => {
    const { edge } = await openConfigs();
    expect(screen.queryByRole("button", { name: "Identities" })).toBeNull();
    expect(screen.getAllByRole("row")).toHaveLength(edge.configs.size + 1);
  });

  it("sets a value for one environment alone, and stages it", async () => {
    const { host, panel, key, edge, config } = await openFirst();
    const free = edge.environments.find((each) => !config.environments.has(each.key));
    if (!free) throw new Error("every environment has a value of its own");
    await userEvent.click(panel.getByRole("button", { name: `Set a value in ${free.name}` }));
    await userEvent.selectOptions(
      panel.getByRole("combobox", { name: `Kind of the value in ${free.name}` }),
      "json",
    );
    const field = panel.getByRole("textbox", { name: `Value in ${free.name}` });
    await userEvent.clear(field);
    await userEvent.type(field, "[[1,");
    expect(panel.getByRole("button", { name: "Stage" })).toBeDisabled();
    await userEvent.type(field, "2]");
    await userEvent.click(panel.getByRole("button", { name: "Stage" }));
    expect(callsOf(host, "stageEdit")[0]?.[0]).toMatchObject({
      subject: { kind: "config", key },
      changes: [
        {
          field: `environment_value:${free.key}`,
          to: { kind: "value", value: { kind: "json", text: "[1,2]" } },
        },
      ],
    });
  });

  it("makes a config", async () => {
    const { host, key } = await openConfigs();
    await userEvent.click(screen.getByRole("button", { name: "New config" }));
    const field = screen.getByRole("textbox", { name: "Key" });
    await userEvent.type(field, key);
    expect(screen.getByText(`There is a config ${key} already.`)).toBeVisible();
    await userEvent.clear(field);
    await userEvent.type(field, "checkout.motto{Enter}");
    const panel = within(await screen.findByRole("complementary"));
    await userEvent.selectOptions(await panel.findByRole("combobox", { name: "Kind of the value" }), "text");
    await userEvent.type(panel.getByRole("textbox", { name: "Value" }), "faster");
    await userEvent.click(panel.getByRole("button", { name: "Publish" }));
    expect(callsOf(host, "edit")[0]?.[0]).toMatchObject({
      subject: { kind: "config", key: "checkout.motto" },
      changes: [{ field: "existence", to: { kind: "set" } }, { field: "value" }],
    });
    expect(await screen.findByRole("row", { name: /^checkout\.motto, faster/ })).not.toHaveTextContent(
      "Draft",
    );
  });

  it("deletes only after the key is typed", async () => {
    const { host, panel, key } = await openFirst();
    await userEvent.click(panel.getByRole("button", { name: "More" }));
    await userEvent.click(screen.getByRole("button", { name: "Delete" }));
    const dialog = within(screen.getByRole("dialog"));
    const button = dialog.getByRole("button", { name: "Delete", hidden: true });
    expect(button).toBeDisabled();
    await userEvent.type(dialog.getByRole("textbox", { hidden: true }), key);
    await userEvent.click(button);
    expect(callsOf(host, "edit")[0]?.[0]).toMatchObject({
      subject: { kind: "config", key },
      changes: [{ field: "existence", to: { kind: "unset" } }],
    });
    expect(screen.queryByRole("row", { name: new RegExp(`^${key},`) })).toBeNull();
  });
});
