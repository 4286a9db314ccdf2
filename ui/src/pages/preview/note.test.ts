import { afterEach, expect, it, vi } from "vitest";

import { replace, turn } from "../../state/fields";
import { fullTime } from "../../strings/time";
import { copyText, supportNote } from "./note";

afterEach(() => vi.unstubAllGlobals());

it("tells the identity, its traits, the age and one line per flag", () => {
  const note = supportNote({
    identity: "u_48213",
    environment: "Production",
    project: "Acme Store",
    source: "The mirror of Production",
    freshness: "Synced 12 s ago",
    when: "today",
    traits: [{ name: "country", kind: "text", text: "DE" }],
    edits: [],
    failure: null,
    trace: null,
    comparison: null,
    rows: [
      {
        flag: "fraud_score_cutoff",
        multivariate: false,
        enabled: true,
        value: { kind: "number", text: "0.82" },
        decided_by: "default",
        why: "Environment default.",
        caveat: "Left out for client-side keys.",
        expected: null,
      },
      {
        flag: "long",
        multivariate: false,
        enabled: null,
        value: { kind: "text", text: "x".repeat(20_000) },
        decided_by: "service",
        why: "EdgeFlags decided.",
        caveat: null,
        expected: null,
      },
    ],
  });
  expect(note.split("\n")).toEqual([
    "Preview of u_48213 in Production (Acme Store)",
    "Made today",
    "Evaluated against: The mirror of Production. Synced 12 s ago.",
    "",
    "Traits:",
    "  country = DE",
    "",
    "fraud_score_cutoff: On, 0.82. Environment default. Left out for client-side keys.",
    `long: ${"x".repeat(120)}…. EdgeFlags decided.`,
  ]);
});

it("tells the edits, the failure, the trace of the open row, and what a server said", () => {
  const note = supportNote({
    identity: "u_48213",
    environment: "Production",
    project: "Acme Store",
    source: "The mirror of Production plus 1 edit",
    freshness: "Synced 12 s ago",
    when: "today",
    traits: [],
    edits: [
      {
        subject: { kind: "flag_state", flag: "stock_low_badge" },
        changes: [turn(false), replace({ kind: "number", text: "9" })],
      },
    ],
    failure: "The server would fail for this identity: the pattern is broken.",
    rows: [],
    trace: {
      flag: "new_checkout",
      steps: [
        {
          kind: "segment",
          title: "1. EU beta testers",
          outcome: "no_match",
          outcome_text: "No match",
          gives: "On, express",
          note: null,
          conditions: [
            {
              verdict: "holds",
              depth: 0,
              join: "all",
              property: "country",
              asks: "is one of DE, AT",
              saw: '"DE"',
              because: null,
              bucket: null,
              warning: "The Rust SDK trims.",
            },
            {
              verdict: "fails",
              depth: 1,
              join: "none",
              property: "the identity",
              asks: "is in the first 25%",
              saw: null,
              because: null,
              bucket: {
                hashed: "118,u_48213",
                bucket: "22.42",
                bucket_basis_points: 2242,
                threshold_basis_points: 2500,
              },
              warning: null,
            },
          ],
          split: null,
        },
        {
          kind: "default",
          title: "Environment default",
          outcome: "decides",
          outcome_text: "Decides",
          gives: "On, one_page",
          note: null,
          conditions: [],
          split: {
            hashed: "4127,production_u_48213",
            bucket: "23.19",
            bucket_basis_points: 2319,
            ranges: [
              { label: "one_page", from_basis_points: 0, until_basis_points: 3000, chosen: true },
              { label: "control", from_basis_points: 3000, until_basis_points: 10_000, chosen: false },
            ],
          },
        },
      ],
      dependencies: ["It reads the flag guest_checkout."],
      ways: [{ goal: "express", sentence: "set beta_opt_in to true", traits: [], try_label: null }],
      caveats: ["Client-side keys do not get this flag."],
    },
    comparison: {
      age: "typed",
      view: {
        label: "Flags API",
        asked_at: 0,
        took_ms: 84,
        compared: 128,
        differences: [
          {
            flag: "stock_low_badge",
            theirs: "4",
            value: { kind: "number", text: "4" },
            because: "because its document is older",
            verified: false,
            remedy: null,
          },
        ],
        sentence: "1 of 128 flags differs.",
        stored_traits: null,
      },
    },
  });
  const when = fullTime(0);
  expect(note.split("\n").slice(7)).toEqual([
    "Typed and not sent:",
    "  stock_low_badge: Off, 9",
    "",
    "The server would fail for this identity: the pattern is broken.",
    "",
    "",
    "How new_checkout came to this:",
    "  1. EU beta testers: No match",
    '    [True] country is one of DE, AT: saw "DE" The Rust SDK trims.',
    "    [False] none of: the identity is in the first 25%: bucket 22.42, limit 25",
    "  Environment default: Decides",
    "    Bucket 23.19 of 100. one_page 0 to 30, control 30 to 100. Hashed 4127,production_u_48213.",
    "  It reads the flag guest_checkout.",
    "  Client-side keys do not get this flag.",
    "  To get express: set beta_opt_in to true.",
    "",
    `Compared with Flags API, ${when}:`,
    "  Asked before your last change.",
    "  1 of 128 flags differs.",
    "  stock_low_badge: the server says 4 probably because its document is older.",
  ]);
});

it("copies through the clipboard", async () => {
  const writeText = vi.fn(() => Promise.resolve());
  vi.stubGlobal("navigator", { clipboard: { writeText } });
  expect(await copyText("note")).toBe(true);
  expect(writeText).toHaveBeenCalledExactlyOnceWith("note");
});

it("falls back to a selection where the clipboard is closed, and leaves nothing behind", async () => {
  vi.stubGlobal("navigator", { clipboard: { writeText: () => Promise.reject(new Error("denied")) } });
  let selected = "";
  document.execCommand = () => {
    selected = (document.activeElement as HTMLTextAreaElement).value;
    return true;
  };
  expect(await copyText("note")).toBe(true);
  expect(selected).toBe("note");
  expect(document.querySelector("textarea")).toBeNull();
});
