import { describe, expect, it } from "vitest";

import { flagState, replace, turn } from "../../state/fields";
import type { ChangeSetView, FieldEdit, SubjectView } from "../bindings";
import { HostError } from "../host";
import { type FakeHost, fakeHost, refusal, type Scenario } from "./index";

/** A host whose clock a test moves. */
function at(scenario: Scenario = "fresh", begun = 1_790_000_000) {
  let now = begun;
  const host = fakeHost(scenario, { now: () => now });
  return { host, pass: (seconds: number) => (now += seconds) };
}

async function stage(host: FakeHost, subject: SubjectView, changes: FieldEdit[], environment = "staging") {
  const { revision } = await host.subjectFields("acme", environment, subject);
  return host.stageEdit({
    connection: "acme",
    environment,
    subject,
    revision,
    changes,
    change_set: null,
  });
}

async function setOf(host: FakeHost, id: string): Promise<ChangeSetView> {
  const { open, ended } = await host.changes("acme");
  const found = [...open, ...ended].find((set) => set.id === id);
  if (!found) throw new Error(`There is no ${id}.`);
  return found;
}

const statuses = (set: ChangeSetView) => set.edits.map(({ status }) => status.status);

describe("staging", () => {
  it("amends the edit of the same subject, and lays nothing on what is live", async () => {
    const { host } = at();
    const subject = flagState("free_shipping_threshold");
    const first = await stage(host, subject, [turn(false)]);
    const second = await stage(host, subject, [replace({ kind: "number", text: "45" })]);
    expect(second).toMatchObject({ edit: first.edit, change_set: first.change_set });
    const { edits } = await setOf(host, first.change_set);
    expect(edits).toHaveLength(1);
    expect(edits[0]?.fields.map(({ label, after }) => [label, after.kind])).toEqual([
      ["State", "toggle"],
      ["Value", "value"],
    ]);
    const { row, staged } = await host.flagDetail("acme", "staging", "free_shipping_threshold");
    expect(row).toMatchObject({ enabled: true, value: { text: "39" }, edit: "staged" });
    expect(staged?.id).toBe(first.edit);
  });

  it("of many subjects is all or nothing", async () => {
    const { host } = at();
    const request = async (flag: string) => ({
      connection: "acme",
      environment: "staging",
      subject: flagState(flag),
      revision: (await host.flagDetail("acme", "staging", flag)).row.revision,
      changes: [turn(false)],
      change_set: null,
    });
    const good = await request("guest_checkout");
    const stale = { ...(await request("gift_wrapping")), revision: "gift_wrapping@0" };
    await expect(host.stageEdits([good, stale])).rejects.toThrow(HostError);
    expect((await host.changes("acme")).staged).toBe(0);
    await host.stageEdits([good, { ...stale, revision: "gift_wrapping@1" }]);
    expect((await host.changes("acme")).staged).toBe(2);
  });

  it("sees what somebody else does to the same field", async () => {
    const { host } = at();
    const subject = flagState("free_shipping_threshold");
    const { edit, change_set } = await stage(host, subject, [replace({ kind: "number", text: "45" })]);
    host.changeSets.maya(edit);
    expect((await setOf(host, change_set)).edits[0]?.status).toEqual({ status: "behind", contested: 1 });
    expect((await setOf(host, change_set)).blocked).toContain("decision");
    const choices = [{ field: "value", side: { side: "mine" as const } }];
    expect((await host.conflict(edit, [])).contested).toBe(1);
    expect((await host.conflict(edit, choices)).contested).toBe(0);
    expect(await host.resolveConflict(edit, choices, null)).toMatchObject({ outcome: "queued" });
    expect(await setOf(host, change_set)).toMatchObject({ blocked: null, conflicts: 0 });
  });
});

describe("publishing", () => {
  async function publishing(host: FakeHost) {
    const { change_set } = await stage(host, flagState("guest_checkout"), [turn(false)]);
    await stage(host, flagState("gift_wrapping"), [turn(false)]);
    await host.publish(change_set, []);
    return change_set;
  }

  it("sends one after the other, and ends", async () => {
    const { host } = at();
    const id = await publishing(host);
    expect(statuses(await setOf(host, id))).toEqual(["queued", "queued"]);
    host.step();
    expect(statuses(await setOf(host, id))).toEqual(["sent", "queued"]);
    expect((await host.flagDetail("acme", "staging", "guest_checkout")).row.enabled).toBe(false);
    host.step();
    host.step();
    expect((await setOf(host, id)).state).toBe("published");
  });

  it("waits as long as the service asks for", async () => {
    const { host, pass } = at();
    const id = await publishing(host);
    host.changeSets.next({ kind: "limited", seconds: 26 });
    host.step();
    const paused = await setOf(host, id);
    expect(paused.publishing).toMatchObject({ pause_seconds: 26, sent: 0, total: 2 });
    expect(statuses(paused)).toEqual(["waiting", "queued"]);
    expect(host.step()).toBe(false);
    pass(26);
    expect(host.step()).toBe(true);
    expect(statuses(await setOf(host, id))).toEqual(["sent", "queued"]);
  });

  it("can be held, and cancelled so that the rest is staged again", async () => {
    const { host } = at();
    const id = await publishing(host);
    await host.holdPublishing(id);
    expect(host.step()).toBe(false);
    await host.resumePublishing(id);
    expect(host.step()).toBe(true);
    await host.cancelPublishing(id);
    expect(statuses(await setOf(host, id))).toEqual(["sent", "staged"]);
    expect((await setOf(host, id)).state).toBe("open");
  });

  it("stops at a conflict and a refusal after everything else, and goes on with each", async () => {
    const { host } = at();
    const { change_set } = await stage(host, flagState("stock_low_badge"), [
      replace({ kind: "number", text: "9" }),
    ]);
    const refused = await stage(host, flagState("guest_checkout"), [turn(false)]);
    await stage(host, flagState("gift_wrapping"), [turn(false)]);
    await host.publish(change_set, []);
    host.changeSets.next({ kind: "conflict" }, { kind: "refused", refusal });
    while (host.step()) if ((await setOf(host, change_set)).state === "paused") break;
    const stopped = await setOf(host, change_set);
    expect(statuses(stopped)).toEqual(["conflict", "refused", "sent"]);
    expect(stopped.publishing?.needs_you).toBe(true);
    await host.retryEdit(refused.edit);
    host.step();
    expect(statuses(await setOf(host, change_set))).toEqual(["conflict", "sent", "sent"]);
  });

  it("asks for the name of a protected environment", async () => {
    const { host } = at();
    const { change_set } = await stage(host, flagState("guest_checkout"), [turn(false)], "production");
    const { confirmations } = await setOf(host, change_set);
    expect(confirmations).toMatchObject([{ name: "Production", protection: "confirm", edits: 1 }]);
    await expect(host.publish(change_set, [])).rejects.toThrow("protected");
    await host.publish(change_set, [{ environment: "production", name: "Production" }]);
  });

  it("is led back by a change set of its own", async () => {
    const { host } = at();
    const id = await publishing(host);
    for (let step = 0; step < 3; step += 1) host.step();
    const back = await host.rollBack(id);
    expect(back).toMatchObject({ count: 2, rolls_back: "Draft" });
    await host.publish(back.id, []);
    for (let step = 0; step < 3; step += 1) host.step();
    expect((await host.flagDetail("acme", "staging", "guest_checkout")).row.enabled).toBe(true);
  });
});

describe("the change sets of the drawings", () => {
  it("are being published, in conflict, and staged", async () => {
    const { host } = at("changes");
    const { open, staged, conflicts } = await host.changes("acme");
    expect(open.map(({ name, count }) => [name, count])).toEqual([
      ["Black Friday warm-up", 8],
      ["EU launch", 4],
      ["Draft", 3],
    ]);
    expect(open[0]?.publishing).toMatchObject({ sent: 3, total: 8, pause_seconds: 26 });
    expect(staged).toBe(7);
    expect(conflicts).toBe(1);
  });

  it("hold the conflict of the resolver: one contested, four merged", async () => {
    const { host } = at("changes");
    const { fields, contested, name } = await host.conflict("eu-2", []);
    expect([name, contested]).toEqual(["new_checkout", 1]);
    expect(fields.map(({ label, note, how }) => [note?.startsWith("Override") ? note : label, how])).toEqual([
      ["Weights", "contested"],
      ["Override for VIP customers", "theirs"],
      ["EU beta testers", "mine"],
      ["Tags", "both"],
      ["u_20077", "theirs"],
    ]);
  });

  it("say what they do in an environment", async () => {
    const { host } = at("staged");
    const impact = await host.changeSetImpact("draft", "production", null);
    expect(impact.sampled).toBe(2400);
    expect(impact.changed).toBeGreaterThan(0);
    expect(impact.edits).toHaveLength(3);
  });
});

describe("every subject", () => {
  it.each<[SubjectView, FieldEdit[]]>([
    [
      { kind: "flag", flag: "brand_new" },
      [
        { field: "existence", to: { kind: "set" } },
        { field: "description", to: { kind: "text", text: "New." } },
      ],
    ],
    [{ kind: "flag", flag: "guest_checkout" }, [{ field: "tag:eu", to: { kind: "set" } }]],
    [
      { kind: "segment", segment: "new:Swiss" },
      [
        { field: "existence", to: { kind: "set" } },
        { field: "name", to: { kind: "text", text: "Swiss" } },
      ],
    ],
    [
      { kind: "traits", identity: "u_48213" },
      [{ field: "trait:plan", to: { kind: "value", value: { kind: "text", text: "gold" } } }],
    ],
    [{ kind: "identity_override", flag: "guest_checkout", identity: "u_1" }, [turn(false)]],
  ])("%o can be staged and published", async (subject, changes) => {
    const { host } = at();
    const before = await host.subjectFields("acme", "staging", subject);
    const { change_set } = await stage(host, subject, changes);
    await host.publish(change_set, []);
    host.step();
    host.step();
    expect(await setOf(host, change_set)).toMatchObject({ state: "published" });
    const after = await host.subjectFields("acme", "staging", subject);
    const { segments } = await host.segments("acme", "staging");
    const made = after.exists || segments.some(({ name }) => name === "Swiss");
    expect(made && JSON.stringify(after.fields) === JSON.stringify(before.fields) && after.exists).toBe(
      false,
    );
  });

  it("is refused in the service's own words, and nothing is lost", async () => {
    const { host } = at();
    const subject = flagState("new_checkout");
    const rows = [
      { id: "option-one_page", weight: "80" },
      { id: "option-express", weight: "40" },
    ];
    const refused = stage(host, subject, [{ field: "weights", to: { kind: "weights", rows } }]);
    const error = await refused.then(
      () => null,
      (thrown: unknown) => (thrown instanceof HostError ? thrown.wire : null),
    );
    expect(error?.said).toEqual([
      { field: "weights", label: null, words: expect.stringContaining("exceed 100") as string },
    ]);
  });
});
