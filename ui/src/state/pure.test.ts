import { describe, expect, it } from "vitest";

import type { FreshnessView, ValueKindView } from "../ipc/bindings";
import { ago, day, shortAge } from "../strings/time";
import { coalesced } from "./coalesced";
import { freshnessAt, freshnessSentence } from "./freshness";
import { fuzzyScore } from "./fuzzy";
import { formatJson, whyInvalid } from "./values";

describe("fuzzy search", () => {
  it.each([
    ["checkout", ["checkout", "new_checkout", "precheckout", "c_h_e_c_k_o_u_t"]],
    ["nc", ["nc_flag", "announce", "new_checkout"]],
    ["new check", ["new_checkout"]],
  ])("ranks what a person means by %s first", (query, ranked) => {
    const shuffled = ranked.toReversed();
    const scored = shuffled.map((text) => ({ text, score: fuzzyScore(query, text) }));
    expect(scored.every(({ score }) => score !== null)).toBe(true);
    const sorted = scored.toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0)).map(({ text }) => text);
    expect(sorted).toEqual(ranked);
  });

  it("refuses letters in another order", () => {
    expect(fuzzyScore("tuo", "checkout")).toBeNull();
  });
});

describe("freshness", () => {
  const NOW = 1_800_000_000;
  const view = (age: number | null, more: Partial<FreshnessView> = {}): FreshnessView => ({
    state: "fresh",
    checked_at: age === null ? null : NOW - age,
    changed_at: null,
    stale_after_seconds: 120,
    failure: null,
    retry_at: null,
    refreshing: false,
    ...more,
  });

  it.each([
    [view(12), "fresh", "Synced 12 s ago"],
    [view(59), "fresh", "Synced 59 s ago"],
    [view(60), "ageing", "Synced 1 min ago"],
    [view(120), "stale", "Stale: document 2 min old"],
    [view(null), "never", "Not read yet"],
    [view(null, { state: "offline" }), "offline", "Offline: nothing read yet"],
  ])("follows from the fact and the rule, whatever the host last said", (facts, state, sentence) => {
    expect(freshnessAt(facts, NOW)).toBe(state);
    expect(freshnessSentence(facts, NOW)).toBe(sentence);
  });

  it("stays offline however young the copy is", () => {
    expect(freshnessAt(view(3, { state: "offline" }), NOW)).toBe("offline");
    expect(freshnessSentence(view(3, { state: "offline" }), NOW)).toMatch(
      /^Offline: showing snapshot of \d\d:\d\d$/,
    );
  });
});

describe("times", () => {
  const at = (text: string) => new Date(text).getTime() / 1000;
  const now = at("2026-11-21T15:00:00");

  it.each([
    ["2026-11-21T14:59:48", "12 s ago"],
    ["2026-11-21T14:56:00", "4 min ago"],
    ["2026-11-21T09:41:00", "09:41"],
    ["2026-11-20T23:59:00", "Yesterday"],
    ["2026-09-08T10:00:00", "8 Sep"],
    ["2025-11-18T10:00:00", "18 Nov 2025"],
    ["2026-11-21T15:00:30", "0 s ago"],
  ])("%s is %s", (moment, said) => expect(ago(at(moment), now)).toBe(said));

  it("counts days by the calendar", () => {
    expect(day(at("2026-11-20T00:01:00"), now)).toBe("Yesterday");
    expect(shortAge(at("2026-11-19T15:00:00"), now)).toBe("2 d");
  });
});

describe("typed values", () => {
  it.each<[ValueKindView, string, RegExp | null]>([
    ["number", "0.82", null],
    ["number", "-1e3", null],
    ["number", "", /number/],
    ["number", "012", /number/],
    ["text", "anything", null],
    ["json", '{"slot":"autumn"}', null],
    ["json", '{"slot":', /^Line 1, column \d+: a value is missing\.$/],
    ["json", '{\n  "slot" 1\n}', /^Line 2, column \d+: a colon is missing\.$/],
    ["json", '{"a":1,}', /Line 1/],
    ["json", "{} {}", /is over before this/],
    ["json", "", /a value is missing/],
  ])("%s %j", (kind, text, expected) => {
    const why = whyInvalid({ kind, text });
    if (expected === null) expect(why).toBeNull();
    else expect(why).toMatch(expected);
  });

  it("formats JSON without touching a digit", () => {
    expect(formatJson('{"id":12345678901234567890.10,"a":[1]}')).toBe(
      '{\n  "id": 12345678901234567890.10,\n  "a": [\n    1\n  ]\n}',
    );
  });
});

describe("coalesced work", () => {
  it("runs once at a time and once more for everybody who came meanwhile", async () => {
    let runs = 0;
    const releases: (() => void)[] = [];
    const run = coalesced(() => {
      runs += 1;
      return new Promise((resolve) => releases.push(resolve));
    });
    const first = run();
    const waiting = [run(), run(), run()];
    expect(runs).toBe(1);
    releases[0]?.();
    await first;
    await Promise.resolve();
    expect(runs).toBe(2);
    releases[1]?.();
    await Promise.all(waiting);
    expect(runs).toBe(2);
  });
});
