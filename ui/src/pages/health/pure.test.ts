import { describe, expect, it } from "vitest";

import type { FreshnessStateView, PropagationView, SurfaceFreshnessView } from "../../ipc/bindings";
import { exactAge, health as words, took } from "../../strings/health";
import { commonRule, LIMIT_AT, shareOf, standingAt } from "./ages";
import { marksOf, stepOf } from "./axis";

const NOW = 1_000_000;

function surface(over: Partial<SurfaceFreshnessView>): SurfaceFreshnessView {
  return {
    surface: { kind: "edge_proxy", address: "https://a.example/", name: "a" },
    environment: null,
    environment_name: null,
    as_of: NOW,
    checked_at: NOW,
    stale_after_seconds: 100,
    state: "fresh",
    rule: "R",
    sentence: null,
    cause: null,
    next_step: null,
    remedy: null,
    ...over,
  };
}

describe("how a surface stands", () => {
  it.each<[FreshnessStateView, number | null, number | null, FreshnessStateView]>([
    ["fresh", 0, 100, "fresh"],
    ["fresh", 49, 100, "fresh"],
    ["fresh", 50, 100, "ageing"],
    ["fresh", 99, 100, "ageing"],
    ["fresh", 100, 100, "stale"],
    // Stale by its content and not by its age.
    ["stale", 3, 100, "stale"],
    ["offline", 3, 100, "offline"],
    ["offline", 300, 100, "offline"],
    ["never", null, 100, "never"],
    // Never stale by its own rule.
    ["fresh", 90_000, null, "fresh"],
  ])("told %s, %s s old against %s s: %s", (state, age, limit, expected) => {
    const view = surface({ state, as_of: age === null ? null : NOW - age, stale_after_seconds: limit });
    expect(standingAt(view, NOW)).toBe(expected);
  });

  it("reaches the mark of the limit exactly when it is stale", () => {
    expect(shareOf(surface({ as_of: NOW - 100 }), NOW)).toBeCloseTo(LIMIT_AT);
    expect(shareOf(surface({ as_of: NOW - 900 }), NOW)).toBe(1);
    expect(shareOf(surface({ as_of: null }), NOW)).toBeNull();
    expect(shareOf(surface({ stale_after_seconds: null }), NOW)).toBeNull();
  });

  it("tells a rule once only where it is the same for every proxy", () => {
    const mirror = surface({ surface: { kind: "mirror", address: "", name: "m" }, rule: "own" });
    expect(commonRule([mirror, surface({}), surface({})])).toBe("R");
    expect(commonRule([mirror, surface({}), surface({ rule: "other" })])).toBeNull();
    expect(commonRule([mirror])).toBe("own");
    expect(commonRule([])).toBeNull();
  });
});

describe("the axis of a propagation check", () => {
  const check = (running: boolean, took: (number | null)[], ago: number): PropagationView => ({
    id: "p",
    flag: "f",
    environment: "e",
    published_at: NOW - ago,
    running,
    lanes: took.map((took_millis) => ({
      surface: { kind: "admin", address: "", name: "" },
      state: took_millis === null ? "waiting" : "served",
      took_millis,
      cause: null,
      remedy: null,
    })),
    sentence: "",
    remedy: null,
  });

  it.each<[boolean, (number | null)[], number, number]>([
    [false, [400, 12_300], 600, 5],
    [false, [400, 2_900], 600, 0.5],
    [true, [400, null], 31, 10],
    // Nobody follows it any more: its age says nothing.
    [false, [400, null], 9000, 0.5],
    [true, [null], 86_400 * 20, 86_400 * 4],
  ])("holds every bar: running %s, %j, %i s ago: %s s a step", (running, took, ago, step) => {
    expect(stepOf(check(running, took, ago), NOW)).toBe(step);
  });

  it("is marked in a unit to count in", () => {
    expect(marksOf(5)).toEqual(["0 s", "5 s", "10 s", "15 s", "20 s", "25 s", "30 s"]);
    expect(marksOf(0.5).slice(0, 3)).toEqual(["0 s", "0.5 s", "1 s"]);
    expect(marksOf(120)[6]).toBe("12 min");
  });
});

describe("amounts and ages in words", () => {
  it.each([
    [12, "12 s"],
    [66, "1 min 06 s"],
    [242, "4 min 02 s"],
    [18_120, "5 h 02 min"],
    [270_000, "3 d 3 h"],
  ])("%i s is %s", (seconds, expected) => expect(exactAge(seconds)).toBe(expected));

  it("tells milliseconds in seconds", () => {
    expect(took(400)).toBe("0.4 s");
    expect(took(124_000)).toBe("2 min 04 s");
  });

  it("writes limits in the unit of the greater amount", () => {
    expect(words.limits.amount(312 * 1024, 400 * 1024, "bytes")).toBe("312 of 400 KB");
    expect(words.limits.amount(1820, 65_536, "bytes")).toBe("1.8 of 64 KB");
    expect(words.limits.amount(88, 500, "per_minute")).toBe("88 of 500 / min");
    expect(words.limits.amount(1204, null, "count")).toBe("1,204");
  });
});
