import { describe, expect, it } from "vitest";

import type { TraitRangeView } from "../../../ipc/bindings";
import {
  countProblem,
  draftOf,
  joinValues,
  problemsOf,
  type RangeDraft,
  seedProblem,
  splitValues,
  toRanges,
} from "./ranges";

describe("values in a line", () => {
  it.each([
    ["", []],
    ["DE", ["DE"]],
    [" DE , AT,, FR,", ["DE", "AT", "FR"]],
    ['"one, two", three', ["one, two", "three"]],
    ['"say ""hi""", ""', ['say "hi"', ""]],
  ])("%j are %j", (line, values) => {
    expect(splitValues(line)).toEqual(values);
  });

  it.each([[["a", "b"]], [["a, b", " padded ", "", 'q"uote']], [["ünï"]]])(
    "%j come back as they went",
    (values) => {
      expect(splitValues(joinValues(values))).toEqual(values);
    },
  );
});

describe("ranges", () => {
  const ranges: TraitRangeView[] = [
    {
      name: "country",
      range: { kind: "one_of", value_kind: "text", values: ["DE", "a, b"] },
      absent_percent: 5,
    },
    {
      name: "price",
      range: { kind: "one_of", value_kind: "number", values: ["1", "2.5"] },
      absent_percent: 0,
    },
    { name: "age", range: { kind: "whole", from: -5, to: 90 }, absent_percent: 100 },
    { name: "vip", range: { kind: "boolean", true_percent: 12 }, absent_percent: 20 },
  ];

  it("come back from typing as they were suggested", () => {
    expect(toRanges(ranges.map(draftOf))).toEqual(ranges);
  });

  it("of true and false are a share of true", () => {
    const both: TraitRangeView = {
      name: "vip",
      range: { kind: "one_of", value_kind: "boolean", values: ["true", "false", "false", "false"] },
      absent_percent: 0,
    };
    expect(toRanges([draftOf(both, 1)])[0]?.range).toEqual({ kind: "boolean", true_percent: 25 });
  });

  it.each<[Partial<RangeDraft>, string | undefined]>([
    [{}, undefined],
    [{ name: " " }, "A trait needs a name."],
    [{ values: " , " }, "At least one value, with commas between."],
    [{ kind: "numbers", values: "1, x" }, "x is not a number."],
    [{ kind: "numbers", values: "1, 2.5, -3" }, undefined],
    [{ kind: "whole", from: "5", to: "4" }, "Two whole numbers, the smaller one first."],
    [{ kind: "whole", from: "5", to: "" }, "Two whole numbers, the smaller one first."],
    [{ kind: "whole", from: "-2", to: "-2" }, undefined],
    [{ kind: "whole", from: "0", to: "3000000000" }, "Two whole numbers, the smaller one first."],
    [{ kind: "boolean", truePercent: "101" }, "A percentage is a whole number from 0 to 100."],
    [{ absent: "1.5" }, "A percentage is a whole number from 0 to 100."],
    // What another kind would use is not looked at.
    [{ kind: "boolean", values: "", from: "x" }, undefined],
  ])("with %j: %s", (change, problem) => {
    const draft = { ...draftOf(null, 7), name: "country", values: "DE", ...change };
    expect(problemsOf([draft]).get(7)).toBe(problem);
  });

  it("need different names", () => {
    const draft = { ...draftOf(null, 1), name: "country", values: "DE" };
    expect([...problemsOf([draft, { ...draft, id: 2, name: " country" }])]).toEqual([
      [2, "country is here twice."],
    ]);
  });

  it.each([
    ["1", null],
    ["10000000", null],
    ["0", "A whole number from 1 to 10,000,000."],
    ["10000001", "A whole number from 1 to 10,000,000."],
    ["many", "A whole number from 1 to 10,000,000."],
  ])("are made up %s times: %s", (typed, problem) => {
    expect(countProblem(typed)).toBe(problem);
  });

  it.each([
    ["0", null],
    ["4294967295", null],
    ["4294967296", "A whole number from 0 on."],
    ["-1", "A whole number from 0 on."],
  ])("grow from the seed %s: %s", (typed, problem) => {
    expect(seedProblem(typed)).toBe(problem);
  });
});
