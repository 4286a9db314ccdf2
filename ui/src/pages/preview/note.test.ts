import { afterEach, expect, it, vi } from "vitest";

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
