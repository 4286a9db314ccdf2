import { describe, expect, it } from "vitest";

import type { TraitKindView } from "../../ipc/bindings";
import { editsOf, problemsOf, toViews, type TraitDraft, withKind, withTries } from "./traits";

function trait(name: string, kind: TraitKindView, text: string, id = 1): TraitDraft {
  return { id, name, kind, text };
}

describe("what is the matter with a trait", () => {
  it.each([
    ["number", "7", null],
    ["number", " -418.50 ", null],
    ["number", "1e3", null],
    ["number", "", "number"],
    ["number", "seven", "number"],
    ["number", "0x10", "number"],
    ["number", "Infinity", "number"],
    ["number", "1,5", "number"],
    ["number", "+7", "number"],
    ["number", ".5", "number"],
    ["number", "7.", "number"],
    ["number", "007", "number"],
    ["number", "-0.5E-3", null],
    ["boolean", "true", null],
    ["boolean", "yes", "boolean"],
    ["text", "", null],
    ["text", "7", null],
  ] as const)("of the kind %s holding %j: %s", (kind, text, matter) => {
    const problem = problemsOf([trait("x", kind, text)]).get(1)?.text;
    if (matter === null) expect(problem).toBeUndefined();
    else expect(problem).toMatch(matter === "number" ? /not a number/ : /true or false/);
  });

  it("is a name that is missing or here twice; a blank row is no matter", () => {
    const rows = [
      trait("a", "text", "1", 1),
      trait(" a ", "text", "2", 2),
      trait("", "text", "3", 3),
      trait("", "text", "", 4),
    ];
    const problems = problemsOf(rows);
    expect([...problems.keys()]).toEqual([2, 3]);
    expect(problems.get(2)?.name).toBe("a is here twice.");
  });
});

it("leaves blank rows out and trims names and numbers, never texts", () => {
  expect(toViews([trait(" n ", "number", " 7 "), trait("t", "text", " x "), trait("", "text", "")])).toEqual([
    { name: "n", kind: "number", text: "7" },
    { name: "t", kind: "text", text: " x " },
  ]);
});

it("keeps what was typed when the kind changes, where that can be", () => {
  expect(withKind(trait("a", "text", "7"), "number").text).toBe("7");
  expect(withKind(trait("a", "text", "7"), "boolean").text).toBe("true");
  expect(withKind(trait("a", "text", "false"), "boolean").text).toBe("false");
});

it("names what differs from what is stored", () => {
  const stored = [
    { name: "kept", kind: "text", text: "1" },
    { name: "gone", kind: "text", text: "1" },
    { name: "kind", kind: "text", text: "1" },
  ] as const;
  const now = [trait("kept", "text", "1"), trait("kind", "number", "1"), trait("new", "text", "1")];
  expect(editsOf(now, [...stored])).toEqual([
    { name: "kind", was: stored[2], removed: false },
    { name: "new", was: null, removed: false },
    { name: "gone", was: stored[1], removed: true },
  ]);
});

it("lays tries over the traits: a new one last, a known one in its place, one without a kind taken away", () => {
  const now = [trait("a", "text", "1", 1), trait("b", "text", "2", 2), trait("", "text", "", 3)];
  const tried = withTries(
    now,
    [
      { name: "c", kind: "boolean", text: "true" },
      { name: "a", kind: "number", text: "10" },
      { name: "b", kind: null, text: "" },
    ],
    () => 9,
  );
  expect(tried).toEqual([trait("a", "number", "10", 1), trait("c", "boolean", "true", 9)]);
});
