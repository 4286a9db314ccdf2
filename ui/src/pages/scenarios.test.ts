import { configure, render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";

import App from "../App.svelte";
import { setHost } from "../ipc/host";
import { fakeHost, type Scenario } from "../ipc/fake";
import { callsOf } from "../testing/open-window";

// A busy machine is slow and not broken.
configure({ asyncUtilTimeout: 8000 });
vi.setConfig({ testTimeout: 30_000 });

/** The whole window over a fake host. */
async function open(scenario: Scenario, environment = "production") {
  const host = fakeHost(scenario);
  if (host.world.lastPlace) host.world.lastPlace = { connection: "acme", environment };
  setHost(host);
  const drawn = render(App);
  await waitFor(() => expect(screen.queryByText("Opening the local copy")).toBeNull());
  return { host, ...drawn };
}

async function flagsShown() {
  return screen.findByRole("grid", { name: "Flags" });
}

beforeEach(() => localStorage.clear());

describe("the frame", () => {
  it.each([
    ["stale", /Production is stale\. Last fetched 4 min ago\. Flagsmith answered 502 to the last refresh\./],
    ["offline", /Flagsmith cannot be reached\. Nothing answers at .* What is shown is the local copy\./],
    [
      "rate-limited",
      /Flagsmith answered 429 and asked for a pause of 18 s\. 62 requests wait; nothing is lost/,
    ],
    [
      "missing-key",
      /The key for Acme Store is missing\. What is shown is the local copy, and nothing can be sent\./,
    ],
  ] as const)(
    "says in one banner what is the matter when %s, above the flags of the mirror",
    async (scenario, words) => {
      await open(scenario);
      await flagsShown();
      expect(
        await screen.findByText(
          (_, element) => element?.tagName === "P" && words.test(element.textContent ?? ""),
        ),
      ).toBeVisible();
      expect(screen.getByRole("switch", { name: /guest_checkout/ })).toBeChecked();
    },
  );

  it.each(["fresh", "ageing"] as const)("has no banner when %s", async (scenario) => {
    const { container } = await open(scenario);
    await flagsShown();
    expect(container.querySelector(".banner")).toBeNull();
  });

  it.each([
    ["fresh", /^Synced 1\d s ago$/],
    ["ageing", /^Synced (48|49|5\d) s ago$/],
    ["stale", /^Stale: document 4 min old$/],
    ["offline", /^Offline: showing snapshot of /],
  ] as const)("tells the age when %s", async (scenario, words) => {
    await open(scenario);
    expect(await screen.findByRole("button", { name: words })).toBeVisible();
  });

  it("counts the requests left down at the limit", async () => {
    await open("rate-limited");
    expect(
      await screen.findByRole("button", { name: /^Admin 0 of 500 left, resets in 1\d s$/ }),
    ).toBeVisible();
  });

  it("shows a conflict where the flag is, and in the rail", async () => {
    await open("conflict", "eu-production");
    const grid = await flagsShown();
    expect(await within(grid).findByText("Conflict")).toBeVisible();
    expect(await screen.findByRole("button", { name: "Resolve free_shipping_threshold" })).toBeVisible();
  });

  it("says what to do in an environment without flags", async () => {
    await open("empty");
    expect(await screen.findByText("No flags in Production")).toBeVisible();
  });

  it("draws only the rows in view of 10,000", async () => {
    await open("many");
    const grid = await flagsShown();
    await within(grid).findByText("flag_00001");
    expect(within(grid).getAllByRole("row").length).toBeLessThan(200);
  });

  it("keeps markup in names and values as text", async () => {
    const { container } = await open("long-text");
    await flagsShown();
    expect(await screen.findByText(/<img src=x/)).toBeVisible();
    expect(container.querySelector("img")).toBeNull();
  });
});

describe("an edit", () => {
  it("in an unprotected environment is sent at once, and the toast undoes it", async () => {
    const { host } = await open("fresh", "staging");
    await flagsShown();
    await userEvent.click(screen.getByRole("switch", { name: /guest_checkout/ }));
    expect(await screen.findByText("guest_checkout is off in Staging")).toBeVisible();
    await waitFor(() => expect(screen.getByRole("switch", { name: /guest_checkout/ })).not.toBeChecked());
    await userEvent.click(screen.getByRole("button", { name: /^Undo/ }));
    await waitFor(() => expect(screen.getByRole("switch", { name: /guest_checkout/ })).toBeChecked());
    expect(host.calls.filter((call) => call.command === "undoEdit")).toHaveLength(1);
  });

  it("in a protected environment asks first, and nothing is sent before", async () => {
    const { host } = await open("fresh");
    await flagsShown();
    await userEvent.click(screen.getByRole("switch", { name: /guest_checkout/ }));
    const sheet = await screen.findByRole("dialog", { name: "Turn off guest_checkout?" });
    expect(host.calls.some((call) => call.command === "edit")).toBe(false);
    expect(screen.getByRole("switch", { name: /guest_checkout/, hidden: true })).toBeChecked();
    await userEvent.click(within(sheet).getByRole("button", { name: /Turn off in Production/ }));
    expect(await screen.findByText("guest_checkout is off in Production")).toBeVisible();
  });

  it("that meets Maya leads to the resolver, and mine laid over theirs is confirmed", async () => {
    const { host } = await open("conflict", "staging");
    await flagsShown();
    await userEvent.click(screen.getByRole("switch", { name: /guest_checkout/ }));
    const page = await screen.findByRole("region", { name: "Resolve conflict in guest_checkout" });
    expect(callsOf(host, "resolveConflict")).toEqual([]);
    await userEvent.keyboard("2");
    await userEvent.click(within(page).getByRole("button", { name: /^Publish merged result/ }));
    expect(await screen.findByText("guest_checkout is off in Staging")).toBeVisible();
    expect(screen.queryByRole("region", { name: /^Resolve/ })).toBeNull();
    await waitFor(() => expect(screen.getByRole("switch", { name: /guest_checkout/ })).not.toBeChecked());
  });

  it("of unknown outcome is said to be unknown until it is read again", async () => {
    await open("unknown-outcome", "staging");
    await flagsShown();
    await userEvent.click(screen.getByRole("switch", { name: /guest_checkout/ }));
    await userEvent.click(await screen.findByRole("button", { name: "Read guest_checkout again" }));
    expect(await screen.findByText("guest_checkout is off in Staging")).toBeVisible();
    await waitFor(() => expect(screen.queryByText("Outcome unknown")).toBeNull());
  });

  it.each([
    ["offline", "Nothing answers at https://api.flagsmith.com/api/v1/."],
    ["rate-limited", "Flagsmith asks for a pause."],
    ["missing-key", "The key of Acme Store is missing."],
  ] as const)("fails with its cause when %s, and the switch goes back", async (scenario, sentence) => {
    await open(scenario, "staging");
    await flagsShown();
    await userEvent.click(screen.getByRole("switch", { name: /guest_checkout/ }));
    const alerts = await screen.findAllByRole("alert");
    await waitFor(() => expect(alerts.some((alert) => alert.textContent?.includes(sentence))).toBe(true));
    await waitFor(() => expect(screen.getByRole("switch", { name: /guest_checkout/ })).toBeChecked());
  });
});

const SECRET = "wrong-8fK2qv-organisation-key";

/** Everything in the document that could hold a text: markup, and what fields hold beyond it. */
function everythingInTheDocument(): string {
  const fields = [...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("input, textarea")];
  return [document.documentElement.outerHTML, ...fields.map((field) => field.value)].join("\n");
}

describe("a key", () => {
  async function connectPage(scenario: Scenario) {
    const opened = await open(scenario);
    await userEvent.click(await screen.findByRole("button", { name: /^Connect Flagsmith/ }));
    return { ...opened, field: await screen.findByLabelText("Key") };
  }

  it("that is not accepted is gone from the window, and the sentence names the cause", async () => {
    const { field } = await connectPage("wrong-key");
    await userEvent.type(field, SECRET);
    expect(everythingInTheDocument()).toContain(SECRET);
    await userEvent.keyboard("{Enter}");
    const alert = await screen.findByRole("alert");
    expect(alert).toHaveTextContent("Flagsmith did not accept the key. It may have been revoked");
    expect(screen.getByLabelText("Key")).toHaveValue("");
    expect(everythingInTheDocument()).not.toContain(SECRET);
  });

  it("is gone while it is being checked, and is handed over by one call only", async () => {
    const { field, host } = await connectPage("first-run");
    const release = host.hold();
    await userEvent.type(field, "8fK2qv-organisation-key{Enter}");
    await screen.findByText("Checking");
    expect(everythingInTheDocument()).not.toContain("8fK2qv");
    release();
    await screen.findByRole("button", { name: "Save" });
    expect(everythingInTheDocument()).not.toContain("8fK2qv");
    expect(host.calls.filter((call) => call.command === "connect")).toHaveLength(1);
    expect(JSON.stringify(host.calls)).not.toContain("8fK2qv");
  });

  it("without a keychain can only be kept for this session, and why is said", async () => {
    const host = fakeHost("no-keychain");
    host.world.connections = [];
    host.world.lastPlace = null;
    setHost(host);
    render(App);
    await userEvent.click(await screen.findByRole("button", { name: /^Connect Flagsmith/ }));
    await userEvent.type(await screen.findByLabelText("Key"), "a-good-key{Enter}");
    expect(await screen.findByRole("radio", { name: "In the system keychain" })).toBeDisabled();
    expect(screen.getByRole("radio", { name: /^Only for this session/ })).toBeChecked();
    expect(screen.getByText("No keychain answers on this computer.")).toBeVisible();
  });

  it("that is missing is asked for again from the banner", async () => {
    const { host } = await open("missing-key");
    await userEvent.click(await screen.findByRole("button", { name: "Enter the key again" }));
    await userEvent.type(await screen.findByLabelText("Key"), "a-good-key{Enter}");
    await userEvent.click(await screen.findByRole("button", { name: "Save" }));
    await waitFor(() => expect(host.world.connections[0]?.key).toBe("keychain"));
    await flagsShown();
    expect(screen.queryByText("The key for Acme Store is missing.")).toBeNull();
  });
});

it("first run offers the demo, which is on screen after one click", async () => {
  await open("first-run");
  await userEvent.click(await screen.findByRole("button", { name: /^Explore the demo/ }));
  await flagsShown();
  expect(screen.getByRole("switch", { name: /guest_checkout/ })).toBeChecked();
});
