import { describe, expect, it } from "vitest";

import type { BatchView, FlagSharesView, ShareView } from "../../../ipc/bindings";
import { FlipFilter } from "./flips.svelte";
import { asTable } from "./table";

function share(label: string, count: number, basis_points: number): ShareView {
  return { label, enabled: label !== "Off", value: { kind: "none", text: "" }, count, basis_points };
}

function flag(name: string, change: Partial<FlagSharesView> = {}): FlagSharesView {
  const now = [share("On", 2400, 10_000)];
  return { flag: name, edited: false, surprise: false, now, after: now, flips: 0, moves: [], ...change };
}

describe("the filter of a result", () => {
  const rows = [
    flag("beta"),
    flag("alpha"),
    flag("gamma", { flips: 3, edited: true }),
    flag("delta", { flips: 7, surprise: true }),
  ];

  it.each([
    [{}, ["delta", "gamma", "alpha", "beta"]],
    [{ sort: "name" as const }, ["alpha", "beta", "delta", "gamma"]],
    [{ shown: "change" as const }, ["delta", "gamma"]],
    [{ shown: "surprises" as const }, ["delta"]],
    [{ query: " ALP " }, ["alpha"]],
    [{ query: "alpha", shown: "change" as const }, []],
  ])("with %j shows %j", (change, names) => {
    const filter = new FlipFilter(() => rows);
    Object.assign(filter, change);
    expect(filter.rows.map((row) => row.flag)).toEqual(names);
    expect(filter.counts).toEqual({ all: 4, change: 2, surprises: 1 });
    filter.clear();
    expect(filter.rows).toHaveLength(4);
  });
});

describe("a result as text", () => {
  const view = (flags: FlagSharesView[], changed: number | null): BatchView => ({
    cohort: "2,400 sampled identities",
    identities: 2400,
    stopped: false,
    took_ms: 1234,
    failed: 0,
    failures: [],
    changed,
    flags,
    source: "The mirror of Production",
  });

  it("has a line for each flag and result", () => {
    const gained = flag("wallets\tnew\n", {
      edited: true,
      flips: 2112,
      now: [share("Off", 2400, 10_000)],
      after: [share("On", 2112, 8800), share("Off", 288, 1200)],
    });
    const gift = flag("gift", { surprise: true, flips: 1 });
    expect(asTable(view([gained, gift], 2112)).split("\n")).toEqual([
      "2,400 sampled identities, in 1.2 s. The mirror of Production",
      "flag\tmarked\tresult\tnow\tnow %\tafter\tafter %\tchanges",
      "wallets new \tedited\tOn\t0\t0.00\t2112\t88.00\t2112",
      "wallets new \tedited\tOff\t2400\t100.00\t288\t12.00\t2112",
      "gift\tchanges, not edited\tOn\t2400\t100.00\t2400\t100.00\t1",
    ]);
  });

  it("has no after where nothing was weighed", () => {
    expect(
      asTable(view([flag("gift", { after: null })], null))
        .split("\n")
        .slice(1),
    ).toEqual(["flag\tresult\tnow\tnow %", "gift\tOn\t2400\t100.00"]);
  });
});
