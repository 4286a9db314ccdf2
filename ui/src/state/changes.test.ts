import { describe, expect, it } from "vitest";

import { failure, type FakeHost, fakeHost, type Scenario } from "../ipc/fake";
import { callsOf } from "../testing/open-window";
import { draftKey } from "./drafts.svelte";
import { flagState, replace, turn } from "./fields";
import { Session } from "./session.svelte";

async function begin(
  scenario: Scenario = "fresh",
  environment = "staging",
  host: FakeHost = fakeHost(scenario),
) {
  host.world.lastPlace = { connection: "acme", environment };
  const session = new Session(host);
  const end = session.start();
  await session.reload();
  await session.changes.reload();
  await session.edits.recall();
  return { host, session, changes: session.changes, end };
}

async function stageIn(session: Session, host: FakeHost, flag: string) {
  const place = session.place ?? { connection: "", environment: "" };
  const { row } = await host.flagDetail(place.connection, place.environment, flag);
  return session.changes.stage([
    { ...place, subject: flagState(flag), revision: row.revision, changes: [turn(!row.enabled)] },
  ]);
}

describe("the change sets of a connection", () => {
  it("are read with the connection, and what is being published is on screen", async () => {
    const { changes } = await begin("changes");
    expect(changes.open).toHaveLength(3);
    expect(changes.chosen?.name).toBe("Black Friday warm-up");
    expect(changes.into?.name).toBe("Draft");
    expect(changes.badge).toEqual({ kind: "publishing", sent: 3, total: 8, still: true });
  });

  it("keep what they last knew when they cannot be read", async () => {
    const { host, changes } = await begin("staged");
    host.failNext("changes", failure("service", "It broke."));
    await changes.reload();
    expect(changes.error?.message).toBe("It broke.");
    expect(changes.open).toHaveLength(1);
    await changes.reload();
    expect(changes.error).toBeNull();
  });

  it("take what is staged, count it, and tell where it is", async () => {
    const { host, session, changes } = await begin();
    expect(changes.badge).toEqual({ kind: "nothing" });
    expect(await stageIn(session, host, "guest_checkout")).toHaveLength(1);
    expect(changes.badge).toEqual({ kind: "staged", count: 1 });
    const [toast] = session.toasts.list;
    expect(toast?.sentence).toMatch(/^Staged in /);
    toast?.further?.act();
    expect(session.page).toEqual({ name: "changes" });
    expect(changes.chosen?.edits).toHaveLength(1);
  });

  it("tell why nothing was staged", async () => {
    const { host, session, changes } = await begin();
    host.failNext("stageEdit", failure("stale_view", "guest_checkout changed after it was shown."));
    expect(await stageIn(session, host, "guest_checkout")).toBeNull();
    expect(session.toasts.list[0]?.sentence).toContain("changed after it was shown");
    expect(changes.badge).toEqual({ kind: "nothing" });
  });

  it("show a tick and a move at once, and take them back when they fail", async () => {
    const { host, changes } = await begin("staged");
    const ids = () => changes.chosen?.edits.map(({ id }) => id);
    const release = host.hold();
    const ticked = changes.tick("draft-1", false);
    const moved = changes.move("draft-3", 0);
    expect(changes.edit("draft-1")?.edit.ticked).toBe(false);
    expect(ids()).toEqual(["draft-3", "draft-1", "draft-2"]);
    release();
    expect(await Promise.all([ticked, moved])).toEqual([true, true]);
    host.failNext("moveEdit", failure("service", "It broke."));
    expect(await changes.move("draft-2", 0)).toBe(false);
    expect(ids()).toEqual(["draft-3", "draft-1", "draft-2"]);
  });

  it("give an edit up, and back by the toast", async () => {
    const { session, changes } = await begin("staged");
    await changes.discard({ id: "draft-1", name: "homepage_hero" });
    expect(changes.edit("draft-1")?.edit.status.status).toBe("discarded");
    session.toasts.list.at(-1)?.action?.act();
    await expect.poll(() => changes.edit("draft-1")?.edit.status.status).toBe("staged");
  });

  it("ask before they go to a protected environment, and keep the sheet through an error", async () => {
    const { host, changes } = await begin("staged", "production");
    const draft = changes.set("draft");
    if (draft === null) throw new Error("There is no draft.");
    changes.publish(draft);
    expect(changes.asking).toMatchObject({ set: "draft", error: null });
    expect(callsOf(host, "publish")).toEqual([]);
    await changes.confirm([{ environment: "production", name: "Prod" }]);
    expect(changes.asking?.error?.wire.code).toBe("confirmation_needed");
    await changes.confirm([{ environment: "production", name: "Production" }]);
    expect(changes.asking).toBeNull();
    expect(changes.badge).toMatchObject({ kind: "publishing", sent: 0, total: 3, still: false });
  });

  it("follow publishing by events", async () => {
    const { host, session, changes } = await begin();
    await stageIn(session, host, "guest_checkout");
    const set = changes.chosen;
    if (set === null) throw new Error("Nothing is staged.");
    changes.publish(set);
    await expect.poll(() => changes.set(set.id)?.state).toBe("publishing");
    host.step();
    await expect.poll(() => changes.edit(set.edits[0]?.id ?? "")?.edit.status.status).toBe("sent");
    await expect.poll(() => session.flags.row("guest_checkout")?.enabled).toBe(false);
    host.step();
    await expect.poll(() => changes.ended.map(({ id }) => id)).toEqual([set.id]);
    await changes.rollBack(set.id);
    expect(changes.chosen?.rolls_back).toBe(set.name);
  });

  it("ask once for their effect, and again when a tick changes it", async () => {
    const { host, changes } = await begin("staged", "production");
    const load = async () => {
      const draft = changes.set("draft");
      if (draft !== null) await changes.loadImpact(draft, "production");
    };
    await load();
    await load();
    expect(callsOf(host, "changeSetImpact")).toHaveLength(1);
    expect(changes.impact("draft", "production")?.edits).toHaveLength(3);
    await changes.tick("draft-1", false);
    await load();
    expect(changes.impact("draft", "production")?.edits).toHaveLength(2);
  });
});

describe("what is typed", () => {
  const subject = flagState("free_shipping_threshold");
  const typed = replace({ kind: "number", text: "45" }).to;

  async function type() {
    const opened = await begin();
    const row = opened.session.flags.row("free_shipping_threshold");
    const rest = {
      revision: row?.revision ?? "",
      was: { kind: "value" as const, value: { kind: "number" as const, text: "39" } },
    };
    opened.session.edits.setField(subject, "value", typed, rest);
    return { ...opened, edits: opened.session.edits, rest };
  }

  it("is staged, and no longer typed", async () => {
    const { edits, changes, rest } = await type();
    edits.setField(
      subject,
      "enabled",
      { kind: "toggle", on: false },
      { ...rest, was: { kind: "toggle", on: true } },
    );
    expect(await edits.stage(subject, rest.revision)).toBe(true);
    expect(edits.draft(subject)).toBeNull();
    expect(changes.chosen?.edits[0]?.fields.map(({ field }) => field)).toEqual(["enabled", "value"]);
  });

  it("stays typed when staging fails", async () => {
    const { host, edits, rest } = await type();
    host.failNext("stageEdit", failure("service", "It broke."));
    expect(await edits.stage(subject, rest.revision)).toBe(false);
    expect(edits.draft(subject)?.changes).toHaveLength(1);
  });

  it("is no longer a change once it is as it was", async () => {
    const { edits, rest } = await type();
    edits.setField(subject, "value", rest.was, rest);
    expect(edits.draft(subject)).toBeNull();
  });

  it("keeps what was typed while the rest was on its way", async () => {
    const { host, edits, rest } = await type();
    const release = host.hold();
    edits.publish(subject, rest.revision);
    edits.setField(
      subject,
      "enabled",
      { kind: "toggle", on: false },
      { ...rest, was: { kind: "toggle", on: true } },
    );
    release();
    await expect.poll(() => edits.draft(subject)?.changes.map(({ field }) => field)).toEqual(["enabled"]);
  });

  it("is there again after a restart, and gone with its connection", async () => {
    const { edits, session, host } = await type();
    await expect.poll(() => host.world.unsent.length).toBe(1);
    const restart = () => begin("fresh", "staging", host);
    const again = await restart();
    expect(again.session.edits.draft(subject)).toEqual(edits.draft(subject));
    const acme = again.session.connection;
    if (acme === null || session.place === null) throw new Error("There is no connection.");
    await again.session.forget(acme);
    expect(host.world.unsent).toEqual([]);
    expect(again.session.edits.draft(subject)).toBeNull();
  });

  it("is forgotten by the host once it is given up", async () => {
    const { edits, host } = await type();
    await expect.poll(() => host.world.unsent.length).toBe(1);
    edits.discard(subject);
    await expect.poll(() => host.world.unsent).toEqual([]);
  });

  it("is taken over once from where earlier versions kept it", async () => {
    const { edits, session, host } = await type();
    await expect.poll(() => host.world.unsent.length).toBe(1);
    const draft = edits.draft(subject);
    if (draft === null || session.place === null) throw new Error("Nothing is typed.");
    host.world.unsent = [];
    localStorage.setItem("halyard.drafts", JSON.stringify({ [draftKey(session.place, subject)]: draft }));
    const again = await begin("fresh", "staging", host);
    expect(again.session.edits.draft(subject)).toEqual(draft);
    expect(localStorage.getItem("halyard.drafts")).toBeNull();
    expect(host.world.unsent).toHaveLength(1);
  });

  it("is kept with what is typed next where the host could not", async () => {
    const { host, session } = await begin();
    host.failNext("keepUnsent", failure("service", "The disk is full."));
    const rest = { revision: "1", was: { kind: "toggle" as const, on: true } };
    session.edits.setField(flagState("guest_checkout"), "enabled", { kind: "toggle", on: false }, rest);
    await expect.poll(() => callsOf(host, "keepUnsent")).toHaveLength(1);
    expect(host.world.unsent).toEqual([]);
    session.edits.setField(flagState("new_checkout"), "enabled", { kind: "toggle", on: false }, rest);
    await expect.poll(() => host.world.unsent).toHaveLength(2);
  });

  it("is not read from what is no draft", async () => {
    const host = fakeHost("fresh");
    const records = [JSON.stringify({ subject: 7 }), "null", "{", "[]"];
    host.world.unsent = records.map((record, at) => ({
      connection: "acme",
      subject: `staging\u0000${at}`,
      record,
    }));
    expect((await begin("fresh", "staging", host)).session.edits.drafts).toEqual([]);
    localStorage.setItem("halyard.drafts", "{");
    expect((await begin()).session.edits.drafts).toEqual([]);
  });

  it("can be staged from the sheet that asks", async () => {
    const { session, changes } = await begin("fresh", "production");
    const row = session.flags.row("guest_checkout");
    if (row === null) throw new Error("There is no guest_checkout.");
    session.edits.toggle(row);
    expect(session.edits.confirmation?.name).toBe("guest_checkout");
    await session.edits.stageAsked();
    expect(session.edits.confirmation).toBeNull();
    expect(changes.chosen?.edits.map(({ name }) => name)).toEqual(["guest_checkout"]);
  });
});
