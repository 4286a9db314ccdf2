/** The change sets that some scenarios begin with. */
import type { ConflictFieldView, FieldEdit, FieldValueView, SubjectView } from "../../bindings";
import { segmentId } from "../segments";
import type { FakeConnection, World } from "../world";
import { type FakeChangeSet, type FakeEdit, newEdit } from "./edit";
import { fieldsOf, write } from "./subjects";
import { overrideValue, weighed, weightsValue } from "./values";

const state = (flag: string): SubjectView => ({ kind: "flag_state", flag });
const turn = (on: boolean): FieldEdit => ({ field: "enabled", to: { kind: "toggle", on } });
const number = (text: string, field = "value"): FieldEdit => ({
  field,
  to: { kind: "value", value: { kind: "number", text } },
});
const json = (text: string): FieldEdit => ({
  field: "value",
  to: { kind: "value", value: { kind: "json", text } },
});
const weights = (rows: Record<string, string>): FieldEdit => ({
  field: "weights",
  to: {
    kind: "weights",
    rows: Object.entries(rows).map(([label, weight]) => ({ id: `option-${label}`, weight })),
  },
});

/** The change sets of a scenario. */
export function setsOf({ scenario }: World, acme: FakeConnection, now: number): FakeChangeSet[] {
  const draft = draftSet(acme, now);
  return scenario === "staged" ? [draft] : [blackFriday(acme, now), euLaunch(acme, now), draft];
}

function newSet(id: string, name: string, edits: FakeEdit[], at: number): FakeChangeSet {
  return {
    id,
    name,
    state: "open",
    edits,
    createdAt: at,
    endedAt: null,
    rollsBack: null,
    publishing: null,
  };
}

/** Stages into an environment of the Acme Store. */
function staging(acme: FakeConnection, key: string, prefix: string, at: number) {
  const environment = acme.environments.find((each) => each.key === key);
  if (!environment) throw new Error(`There is no ${key}.`);
  const spot = { connection: acme, environment };
  let count = 0;
  return (subject: SubjectView, ...changes: FieldEdit[]): FakeEdit => {
    count += 1;
    const base = fieldsOf(spot, subject);
    return { ...newEdit(`${prefix}-${count}`, key, subject, base, at + count * 20), changes };
  };
}

function draftSet(acme: FakeConnection, now: number): FakeChangeSet {
  const edit = staging(acme, "production", "draft", now - 900);
  return newSet(
    "draft",
    "Draft",
    [
      edit(state("homepage_hero"), json('{"slot":"autumn","cta":"Early deals"}')),
      edit(state("delivery_slot_picker"), turn(true)),
      edit(state("black_friday_banner"), turn(true)),
    ],
    now - 900,
  );
}

/** Eight edits, of which three are sent and one waits for the rate limit. */
function blackFriday(acme: FakeConnection, now: number): FakeChangeSet {
  const edit = staging(acme, "production", "friday", now - 1800);
  const edits = [
    edit(state("free_shipping_threshold"), number("39")),
    edit(state("guest_checkout"), turn(false)),
    edit({ kind: "flag", flag: "black_friday_banner" }, { field: "tag:black-friday", to: { kind: "set" } }),
    edit(state("new_checkout"), weights({ one_page: "40", express: "10" })),
    edit(state("express_checkout_wallets"), turn(true)),
    edit({ kind: "identity_override", flag: "product_recs_model", identity: "u_20077" }, turn(true), {
      field: "value",
      to: { kind: "value", value: { kind: "text", text: "hybrid-2025-11" } },
    }),
    edit(state("max_items_per_order"), number("100", `override_value:${segmentId("Returning customers")}`)),
    edit(state("stock_low_badge"), number("10")),
  ];
  const spot = { connection: acme, environment: acme.environments[2] ?? acme.environments[0] };
  edits.slice(0, 3).forEach((each, at) => {
    for (const { field, to } of each.changes) {
      const value: FieldValueView =
        to.kind === "toggle"
          ? { kind: "toggle", on: to.on, text: to.on ? "On" : "Off" }
          : to.kind === "value"
            ? { kind: "value", value: to.value }
            : { kind: "text", text: field.slice(4) };
      if (spot.environment) write({ ...spot, environment: spot.environment }, each.subject, field, value);
    }
    each.status = { status: "sent", at: now - 11 + at, millis: [212, 188, 241][at] ?? 200 };
  });
  edits.slice(3).forEach((each) => (each.status = { status: "queued" }));
  const waiting = edits[3];
  if (waiting) {
    waiting.status = { status: "waiting", sentence: "429, try 2 of 5", until: now + 18 };
    waiting.tries = 1;
  }
  return {
    ...newSet("friday", "Black Friday warm-up", edits, now - 1800),
    state: "publishing",
    publishing: {
      begunAt: now - 12,
      pausedUntil: now + 18,
      pauseSeconds: 26,
      limitedAt: now - 8,
      held: false,
    },
  };
}

/** Four edits, of which one met Maya's. */
function euLaunch(acme: FakeConnection, now: number): FakeChangeSet {
  const begun = now - 900;
  const edit = staging(acme, "eu-production", "eu", begun);
  const eu = acme.environments[3];
  const checkout = eu?.flags.get("new_checkout");
  if (!eu || !checkout) return newSet("eu", "EU launch", [], begun);
  const spot = { connection: acme, environment: eu };
  // Where mine began: no override for the testers, and 60 / 30 / 10.
  const beta = segmentId("EU beta testers");
  const vip = segmentId("VIP customers");
  checkout.options = checkout.options.map((option) =>
    option.label === "one_page" ? { ...option, weight: 30 } : option,
  );
  checkout.overrides = checkout.overrides.filter(({ segment }) => segment !== "EU beta testers");
  const base = fieldsOf(spot, state("new_checkout"));
  const rows = base.get("weights")?.value;
  const known = rows?.kind === "weights" ? rows.rows : [];
  const klarna = edit(state("klarna_pay_later"), turn(true));
  const conflict: FakeEdit = {
    ...edit(state("new_checkout"), weights({ one_page: "30", express: "30" }), {
      field: `override:${beta}`,
      to: { kind: "text", text: "EU beta testers" },
    }),
    base,
    beside: besides(),
  };
  write(
    spot,
    state("new_checkout"),
    "weights",
    weightsValue(weighed(known, [{ id: "option-one_page", weight: "40" }])),
  );
  const express = known.map((row) => {
    const all = row.label === "express";
    return { ...row, weight: all ? "100" : "0", weight_basis_points: all ? 10_000 : 0 };
  });
  const value = { kind: "text" as const, text: "control" };
  write(spot, state("new_checkout"), `override:${vip}`, overrideValue(true, value, express, 0));
  checkout.revision += 1;
  checkout.changedAt = now - 360;
  return newSet(
    "eu",
    "EU launch",
    [klarna, conflict, edit(state("store_pickup"), turn(true)), edit(state("gift_wrapping"), turn(true))],
    begun,
  );
}

/** Tags and an identity's override, as the drawing has them beside the flag's state. */
function besides(): ConflictFieldView[] {
  const tags = (labels: string[], fresh: string[] = []): FieldValueView => ({ kind: "tags", labels, fresh });
  const none: FieldValueView = { kind: "absent", text: "No override" };
  const control: FieldValueView = { kind: "value", value: { kind: "text", text: "control" } };
  return [
    {
      field: "tags",
      label: "Tags",
      note: "All environments",
      why: null,
      base: tags(["checkout"]),
      theirs: tags(["checkout", "q4-launch"], ["q4-launch"]),
      mine: tags(["checkout", "eu"], ["eu"]),
      merged: tags(["checkout", "q4-launch", "eu"]),
      how: "both",
      editable: false,
    },
    {
      field: "identity",
      label: "u_20077",
      note: "Identity override",
      why: null,
      base: control,
      theirs: none,
      mine: control,
      merged: none,
      how: "theirs",
      editable: false,
    },
  ];
}
