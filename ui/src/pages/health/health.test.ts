import { screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";

import { failure } from "../../ipc/fake";
import type { Situation } from "../../ipc/fake/health-views";
import { callsOf, openWindow } from "../../testing/open-window";

async function openHealth(situation: Situation, environment = "staging") {
  const host = await openWindow("fresh", environment);
  host.healthOf.situation = situation;
  await userEvent.click(screen.getByRole("button", { name: "Health" }));
  await card("Freshness");
  return host;
}

function card(name: string) {
  return screen.findByRole("region", { name });
}

async function rowOf(surface: string) {
  const freshness = await card("Freshness");
  const button = within(freshness).getByRole("button", { name: surface });
  const row = button.closest("tr");
  if (row === null) throw new Error("no row");
  return { button, row };
}

function stubClipboard() {
  const writeText = vi.fn(() => Promise.resolve());
  Object.defineProperty(navigator, "clipboard", { value: { writeText }, configurable: true });
  return writeText;
}

describe("Health", () => {
  it("says nothing is wrong where nothing is", async () => {
    await openHealth("fine");
    expect(screen.queryByRole("list", { name: "What is wrong" })).toBeNull();
    const freshness = await card("Freshness");
    expect(within(freshness).getAllByText("Fresh")).toHaveLength(6);
    expect(screen.getByText(/tells of no incident/)).toBeVisible();
    expect(screen.queryByRole("region", { name: "Self-hosted server" })).toBeNull();
    expect(screen.queryByRole("region", { name: "Demo faults" })).toBeNull();
  });

  it("is read anew where it was left and opened again", async () => {
    const host = await openHealth("fine", "production");
    await userEvent.click(screen.getByRole("button", { name: "Flags" }));
    host.healthOf.situation = "stale-proxy";
    await userEvent.click(screen.getByRole("button", { name: "Health" }));
    const freshness = await card("Freshness");
    expect(await within(freshness).findByText("Stale")).toBeVisible();
  });

  it("tells which pair of a proxy is stale, why, and leads the doctor there", async () => {
    const host = await openHealth("stale-proxy", "production");
    const { row, button } = await rowOf("Edge Proxy fra-2, Staging");
    expect(within(row).getByText("Stale")).toBeVisible();
    expect(within(row).getByText(/^4 min 0\d s$/)).toBeVisible();
    expect(button).toHaveAttribute("aria-expanded", "true");
    const healthy = await rowOf("Edge Proxy fra-2, Production");
    expect(within(healthy.row).getByText("Fresh")).toBeVisible();
    expect(healthy.button).toHaveAttribute("aria-expanded", "false");

    const freshness = await card("Freshness");
    await userEvent.click(within(freshness).getByRole("button", { name: "Run the doctor on it" }));
    await waitFor(() =>
      expect(callsOf(host, "runDoctor")[0]).toMatchObject([
        { environment: "staging", surface: { name: "Edge Proxy fra-2" } },
      ]),
    );
    expect(await screen.findByText("Staging document is up to date")).toBeVisible();
    expect(screen.getByRole("heading", { name: "Connection doctor" })).toHaveFocus();
  });

  it("leads the doctor to the ageing environment from a warning, too", async () => {
    const host = await openHealth("stale-proxy", "production");
    const wrong = screen.getByRole("list", { name: "What is wrong" });
    await userEvent.click(within(wrong).getByRole("button", { name: "Run the doctor on it" }));
    await waitFor(() => expect(callsOf(host, "runDoctor")[0]).toMatchObject([{ environment: "staging" }]));
  });

  it("shows an incident with its requests and its page", async () => {
    const host = await openHealth("incident");
    const wrong = screen.getByRole("list", { name: "What is wrong" });
    expect(within(wrong).getByText("Edge API latency in the EU")).toBeVisible();
    await userEvent.click(within(wrong).getByRole("button", { name: "Status page" }));
    expect(callsOf(host, "openLink")).toEqual([["https://status.flagsmith.com/incidents/edge-latency"]]);
    await userEvent.click(within(wrong).getByRole("button", { name: "Show the 8 requests" }));
    expect(screen.getByRole("button", { name: "Activity" })).toHaveAttribute("aria-current", "page");
  });

  it("never shows what is unknown as nothing", async () => {
    await openHealth("limits");
    const server = await card("Self-hosted server");
    expect(within(server).getByText("Unknown")).toBeVisible();
    expect(within(server).getByText(/staff user’s token only/)).toBeVisible();
    const limits = await card("Limits");
    const calls = within(limits).getByText("API calls this month").closest("li");
    expect(calls).toHaveTextContent("Unknown");
    expect(calls).not.toHaveTextContent("0");
    expect(within(limits).queryByRole("meter", { name: "API calls this month" })).toBeNull();
    expect(within(limits).getByRole("meter", { name: "Segment overrides" })).toHaveAttribute(
      "aria-valuetext",
      "87 of 100",
    );
    expect(within(limits).getByRole("img", { name: "Near the limit" })).toBeInTheDocument();
  });

  it("says where a queue is heading", async () => {
    await openHealth("queue-growing");
    const server = await card("Self-hosted server");
    expect(within(server).getByText("1,204")).toBeVisible();
    expect(within(server).getByText("growing")).toBeVisible();
  });

  it("has everything read now, and tells why it was not", async () => {
    const host = await openHealth("unread");
    const freshness = await card("Freshness");
    expect(within(freshness).getAllByText("Not read yet")).toHaveLength(3);
    host.failNext("checkHealth", failure("unreachable", "Nothing answers."));
    await userEvent.click(screen.getByRole("button", { name: "Check now" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("Nothing answers.");
    await userEvent.click(screen.getByRole("button", { name: "Check now" }));
    await waitFor(() => expect(within(freshness).getAllByText("Fresh").length).toBeGreaterThan(2));
  });

  it("says why there is nothing to show, and shows it after all", async () => {
    const host = await openWindow();
    host.failNext("health", failure("mirror", "The local copy cannot be read."));
    await userEvent.click(screen.getByRole("button", { name: "Health" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("The local copy cannot be read.");
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await card("Freshness")).toBeVisible();
  });

  it("knows what EdgeFlags has", async () => {
    await openWindow();
    await userEvent.click(screen.getByRole("button", { name: /^Connection Acme Store/ }));
    await userEvent.click(await screen.findByRole("button", { name: /^Acme Edge, / }));
    await userEvent.keyboard("gh");
    const freshness = await card("Freshness");
    expect(await within(freshness).findByRole("button", { name: "Admin API" })).toBeVisible();
    expect(screen.getByText("No status feed is known for EdgeFlags.")).toBeVisible();
  });
});

describe("the connection doctor", () => {
  it("shows each step as it comes, and can be stopped", async () => {
    const host = await openHealth("fine");
    const release = host.healthOf.holdDoctorAt("clock");
    const doctor = await card("Connection doctor");
    await userEvent.click(within(doctor).getByRole("button", { name: "Run" }));
    const steps = await within(doctor).findByRole("list", { name: "Steps of the doctor" });
    await waitFor(() => expect(within(steps).getByText("Clock")).toBeVisible());
    expect(within(steps).getByRole("img", { name: "Running" })).toBeInTheDocument();
    expect(within(steps).getAllByRole("img", { name: "Passed" })).toHaveLength(4);
    expect(within(doctor).getByRole("combobox")).toBeDisabled();

    await userEvent.click(within(doctor).getByRole("button", { name: "Stop" }));
    release();
    expect(await within(doctor).findByText(/^Ran .*Stopped before its end\.$/)).toBeVisible();
    expect(within(steps).queryByText("Clock")).toBeNull();
    expect(within(doctor).getByRole("button", { name: "Run again" })).toBeVisible();
  });

  it("unfolds what failed, offers the remedy and copies the report", async () => {
    await openHealth("stale-proxy");
    const copied = stubClipboard();
    const doctor = await card("Connection doctor");
    const surfaces = within(doctor).getByRole("combobox", { name: "Surface to look at" });
    await userEvent.selectOptions(surfaces, "Edge Proxy fra-2, Staging");
    await userEvent.click(within(doctor).getByRole("button", { name: "Run" }));
    expect(await within(doctor).findByText(/last four fetches got 401/)).toBeVisible();
    expect(within(doctor).getByText("environment_key_pairs").tagName).toBe("CODE");
    expect(within(doctor).getByText("Waits for the step above")).toBeVisible();
    expect(within(doctor).getByRole("status")).toHaveTextContent(
      "8 steps passed. Failed: Staging document is up to date.",
    );

    expect(within(doctor).queryByText(/503 Service Unavailable/)).toBeNull();
    await userEvent.click(within(doctor).getByRole("button", { name: "Raw response" }));
    expect(within(doctor).getByText(/503 Service Unavailable/)).toBeVisible();
    await userEvent.click(within(doctor).getByRole("button", { name: "Copy config without key" }));
    expect(copied).toHaveBeenLastCalledWith(expect.stringContaining("environment_key_pairs"));
    await userEvent.click(within(doctor).getByRole("button", { name: "Copy report" }));
    expect(copied).toHaveBeenLastCalledWith(expect.stringContaining("Halyard connection doctor"));

    // What was found at one surface is not shown at another, and is there again.
    await userEvent.selectOptions(surfaces, "Admin API, Staging");
    expect(within(doctor).queryByText(/last four fetches/)).toBeNull();
    await userEvent.selectOptions(surfaces, "Edge Proxy fra-2, Staging");
    expect(within(doctor).getByText(/last four fetches/)).toBeVisible();
  });

  it("stays, with a hint, where there is nothing to look at", async () => {
    const host = await openHealth("fine");
    const view = host.health.bind(host);
    vi.spyOn(host, "health").mockImplementation(async (...asked) => ({
      ...(await view(...asked)),
      doctor: [],
    }));
    await userEvent.click(screen.getByRole("button", { name: "Check now" }));
    const doctor = await card("Connection doctor");
    expect(await within(doctor).findByText("No surface can be looked at yet.")).toBeVisible();
    expect(within(doctor).queryByRole("button", { name: "Run" })).toBeNull();
  });

  it("is led to from a warning that names no surface, and waits to be told which", async () => {
    const host = await openHealth("fine");
    const view = host.health.bind(host);
    const button = (action: "run_doctor" | "show_limits", label: string) => ({
      id: label,
      gravity: "warning" as const,
      sentence: `${label}.`,
      cause: null,
      next_step: null,
      since: null,
      remedy: { action, label, surface: null, search: null, link: null, text: null },
    });
    const warnings = [button("run_doctor", "Run the doctor"), button("show_limits", "Show the limits")];
    vi.spyOn(host, "health").mockImplementation(async (...asked) => ({
      ...(await view(...asked)),
      warnings,
    }));
    await userEvent.click(screen.getByRole("button", { name: "Check now" }));
    await userEvent.click(await screen.findByRole("button", { name: "Run the doctor" }));
    await waitFor(() => expect(screen.getByRole("heading", { name: "Connection doctor" })).toHaveFocus());
    expect(callsOf(host, "runDoctor")).toHaveLength(0);
    await userEvent.click(screen.getByRole("button", { name: "Show the limits" }));
    await waitFor(() => expect(screen.getByRole("heading", { name: "Limits" })).toHaveFocus());
  });

  it("tells why it could not look", async () => {
    const host = await openHealth("fine");
    host.failNext("runDoctor", failure("service", "The doctor could not begin."));
    const doctor = await card("Connection doctor");
    await userEvent.click(within(doctor).getByRole("button", { name: "Run" }));
    expect(await within(doctor).findByRole("alert")).toHaveTextContent("The doctor could not begin.");
    await userEvent.click(within(doctor).getByRole("button", { name: "Try again" }));
    expect(await within(doctor).findByText("Evaluates like the mirror")).toBeVisible();
  });
});

describe("the propagation check", () => {
  it("shows a running one with what is late, and an earlier one", async () => {
    const host = await openHealth("propagating");
    const propagation = await card("Propagation check");
    const lanes = within(propagation).getByRole("list", { name: "How long each surface took" });
    const lane = (name: string) => within(lanes).getByText(name).closest("li");
    expect(lane("Flags API")).toHaveTextContent("4.1 s");
    expect(lane("Edge Proxy fra-2")).toHaveTextContent("Waiting");
    expect(lane("Edge Proxy sin-1")).toHaveTextContent("Not yet");
    expect(within(propagation).getByText(/3 of 5 surfaces serve the change/)).toBeVisible();
    await userEvent.click(within(propagation).getByRole("button", { name: "Stop" }));
    expect(callsOf(host, "stopPropagation")).toEqual([["propagation-2"]]);

    await userEvent.click(within(propagation).getByRole("button", { name: "Choose another check" }));
    await userEvent.click(await screen.findByRole("menuitemradio", { name: /homepage_hero/ }));
    expect(within(propagation).getByText(/All 4 surfaces serve the change/)).toBeVisible();
  });

  it("is offered after a publish", async () => {
    await openWindow();
    await userEvent.click(await screen.findByRole("switch", { name: "guest_checkout state" }));
    await screen.findByText("guest_checkout is off in Staging");
    await userEvent.click(screen.getByRole("button", { name: "Follow it" }));
    expect(await screen.findByRole("heading", { level: 1, name: "Health" })).toBeVisible();
    expect(await card("Propagation check")).toBeVisible();
    expect(screen.queryByText("guest_checkout is off in Staging")).toBeNull();
  });

  it("follows a flag on demand, chosen by keyboard", async () => {
    const host = await openHealth("fine");
    const propagation = await card("Propagation check");
    expect(within(propagation).getByText("No change followed yet")).toBeVisible();
    await userEvent.click(within(propagation).getByRole("button", { name: "Follow a flag" }));
    const field = await screen.findByRole("combobox", { name: "Flag" });
    expect(field).toHaveFocus();
    await userEvent.type(field, "nowhere_at_all");
    expect(screen.getByText("No flag matches “nowhere_at_all”.")).toBeVisible();
    await userEvent.clear(field);
    await userEvent.type(field, "guest_check{Enter}");
    await waitFor(() =>
      expect(callsOf(host, "checkPropagation")).toEqual([["acme", "staging", "guest_checkout"]]),
    );
    expect(await within(propagation).findByText(/^guest_checkout, published \d\d:\d\d:\d\d$/)).toBeVisible();
  });
});

describe("the demo’s faults", () => {
  it("are switched where the demo is, and only there", async () => {
    const host = await openWindow("first-run");
    await userEvent.click(screen.getByRole("button", { name: "Explore the demo" }));
    await userEvent.click(await screen.findByRole("button", { name: "Health" }));
    const board = await card("Demo faults");
    const frozen = within(board).getByRole("switch", { name: "Frozen Edge Proxy" });
    expect(frozen).not.toBeChecked();
    await userEvent.click(frozen);
    await waitFor(() => expect(frozen).toBeChecked());
    expect(callsOf(host, "setDemoFault")).toEqual([["frozen", true]]);
    expect(within(board).getByText("1 on")).toBeVisible();
    host.failNext("setDemoFault", failure("gone", "The demo has ended."));
    await userEvent.click(frozen);
    expect(await screen.findByRole("alert")).toHaveTextContent("The demo has ended.");
    expect(frozen).toBeChecked();
  });
});
