import { describe, expect, it } from "vitest";

import type { EditRequest } from "../bindings";
import { HostError } from "../host";
import { fakeHost, scenarios } from "./index";
import { scenarioNamed } from "./scenarios";

async function edit(host: ReturnType<typeof fakeHost>, over: Partial<EditRequest> = {}) {
  const place = { connection: "acme", environment: over.environment ?? "staging" };
  const { row } = await host.flagDetail(place.connection, place.environment, "guest_checkout");
  return host.edit({
    ...place,
    subject: { kind: "flag_state", flag: "guest_checkout" },
    revision: row.revision,
    changes: [{ field: "enabled", to: { kind: "toggle", on: false } }],
    confirmed: null,
    ...over,
  });
}

async function isOn(host: ReturnType<typeof fakeHost>, flag: string, environment = "staging") {
  return (await host.flagDetail("acme", environment, flag)).row.enabled;
}

function codeOf(promise: Promise<unknown>) {
  return promise.then(
    () => "no error",
    (thrown) => (thrown instanceof HostError ? thrown.wire.code : String(thrown)),
  );
}

describe("the Acme Store", () => {
  it.each([
    ["development", 104],
    ["staging", 96],
    ["production", 87],
    ["eu-production", 81],
  ])("has 128 flags in %s, %i of them on", async (environment, on) => {
    const { flags } = await fakeHost().flags("acme", environment, null);
    expect(flags).toHaveLength(128);
    expect(flags.filter((flag) => flag.enabled)).toHaveLength(on);
  });

  it("gives u_48213 in Production what the drawings show", async () => {
    const host = fakeHost();
    const traits = await host.identityTraits("acme", "production", {
      id: "481",
      identifier: "",
      alias: null,
    });
    const preview = await host.preview({
      connection: "acme",
      environment: "production",
      identifier: "u_48213",
      traits,
      edits: [],
      moment: null,
      change_set: null,
    });
    expect(preview.overrides).toBe(9);
    expect(preview.rows.filter((row) => row.enabled)).toHaveLength(88);
    const why = (flag: string) => preview.rows.find((row) => row.flag === flag)?.why;
    expect(why("new_checkout")).toBe("Bucket 23.19 is in one_page (0 to 30). No override matched.");
    expect(why("free_shipping_threshold")).toBe("In segment Germany: country is DE.");
  });
});

describe("an edit", () => {
  it("changes the state, and undo leads it back", async () => {
    const host = fakeHost();
    const outcome = await edit(host);
    expect(outcome).toMatchObject({ outcome: "confirmed", sentence: "guest_checkout is off in Staging" });
    expect(await isOn(host, "guest_checkout")).toBe(false);
    if (outcome.outcome === "confirmed") await host.undoEdit(outcome.edit);
    expect(await isOn(host, "guest_checkout")).toBe(true);
  });

  it("asks first in a protected environment", async () => {
    const host = fakeHost();
    expect(await codeOf(edit(host, { environment: "production" }))).toBe("confirmation_needed");
    expect(await isOn(host, "guest_checkout", "production")).toBe(true);
    expect(await codeOf(edit(host, { environment: "production", confirmed: "Production" }))).toBe("no error");
  });

  it("is refused when it rests on an older state", async () => {
    expect(await codeOf(edit(fakeHost(), { revision: "guest_checkout@0" }))).toBe("stale_view");
  });

  it.each([
    ["offline", "unreachable"],
    ["rate-limited", "rate_limited"],
    ["missing-key", "key"],
  ] as const)("fails when %s, with the code %s", async (scenario, code) => {
    expect(await codeOf(edit(fakeHost(scenario)))).toBe(code);
  });

  it.each([
    ["keep_theirs", true],
    ["send_mine", false],
  ] as const)("meets Maya once, and %s settles it", async (resolution, on) => {
    const host = fakeHost("conflict");
    const outcome = await edit(host);
    if (outcome.outcome !== "conflict") throw new Error(outcome.outcome);
    const open = async () => (await host.openEdits("acme")).map((each) => each.edit);
    expect(await open()).toContain(outcome.conflict.edit);
    const { edit: id } = outcome.conflict;
    if (resolution === "keep_theirs") await host.keepTheirs(id);
    else await host.resolveConflict(id, [], null);
    expect(await open()).not.toContain(outcome.conflict.edit);
    expect(await isOn(host, "guest_checkout")).toBe(on);
  });

  it("with an unknown outcome stays open until it is read again", async () => {
    const host = fakeHost("unknown-outcome");
    const outcome = await edit(host);
    if (outcome.outcome !== "unknown") throw new Error(outcome.outcome);
    expect(await host.openEdits("acme")).toHaveLength(2);
    expect(await host.settleEdit(outcome.edit)).toMatchObject({ outcome: "confirmed" });
    expect(await host.openEdits("acme")).toHaveLength(1);
    expect(await isOn(host, "guest_checkout")).toBe(false);
  });
});

describe("a scenario", () => {
  it.each(scenarios)("%s answers every reading call about its place", async (scenario) => {
    const host = fakeHost(scenario);
    const { last_place: place, connections } = await host.app();
    expect(connections.length === 0).toBe(place === null);
    if (place === null) return;
    await host.status(place.connection);
    await host.openEdits(place.connection);
    const list = await host.flags(place.connection, place.environment, null);
    for (const row of list.flags.slice(0, 30)) {
      await host.flagDetail(place.connection, place.environment, row.key);
    }
    const preview = await host.preview({
      ...place,
      identifier: "u_48213",
      traits: [],
      edits: [],
      moment: null,
      change_set: null,
    });
    expect(preview.rows).toHaveLength(list.flags.length);
  });

  it("is named in the page's address, and a wrong name is told", () => {
    expect(scenarioNamed(null)).toBe("fresh");
    expect(() => scenarioNamed("sunny")).toThrow("There is no scenario sunny");
  });
});
