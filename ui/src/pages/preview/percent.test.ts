import { expect, it } from "vitest";

import type { JoinView, TraceConditionView } from "../../ipc/bindings";
import { inGroups } from "./groups";
import { percent, ticksOf } from "./percent";

it.each([
  [2319, "23.19"],
  [3000, "30"],
  [3333, "33.33"],
  [0, "0"],
  [10_000, "100"],
])("%i hundredths of a percent read %s", (basisPoints, read) => {
  expect(percent(basisPoints)).toBe(read);
});

it.each([
  { bounds: [3000, 4000, 10_000], pin: 2319, labels: ["0", "30", "40", "100"] },
  { bounds: [3000, 4000, 10_000], pin: 3100, labels: ["0", "40", "100"] },
  { bounds: [100, 200, 10_000], pin: 5000, labels: ["0", "100"] },
  { bounds: [10_000], pin: 10, labels: ["100"] },
  { bounds: [3000, 3200, 10_000], pin: 9000, labels: ["0", "30", "100"] },
])("a ruler marks $labels where there is room beside $pin", ({ bounds, pin, labels }) => {
  expect(ticksOf(bounds, pin).map((tick) => tick.label)).toEqual(labels);
});

it("conditions stand together by their rule, and only an unusual one has a word", () => {
  const condition = (property: string, join: JoinView, depth: number, rule: number) =>
    ({ property, join, depth, rule }) as TraceConditionView;
  const groups = inGroups([
    condition("a", "all", 0, 1),
    condition("b", "all", 0, 1),
    condition("c", "any", 1, 2),
    condition("d", "any", 1, 2),
    condition("e", "any", 1, 3),
    condition("f", "none", 1, 4),
    condition("g", "all", 1, 5),
    condition("h", "all", 1, 6),
    condition("i", "all", 1, 6),
  ]);
  expect(
    groups.map(({ join, joined, conditions }) => [join, joined, conditions.map((each) => each.property)]),
  ).toEqual([
    ["all", false, ["a", "b"]],
    ["any", true, ["c", "d"]],
    ["any", true, ["e"]],
    ["none", true, ["f"]],
    ["all", false, ["g"]],
    ["all", true, ["h", "i"]],
  ]);
});
