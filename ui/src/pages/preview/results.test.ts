import { expect, it } from "vitest";

import type { PreviewRowView } from "../../ipc/bindings";
import { offsetsOf, rowAt } from "./results.svelte";

it("finds the row at any height, with rows of different heights", () => {
  const heights = [36, 56, 36, 36, 56];
  const rows = heights.map((height) => ({ caveat: String(height) }) as PreviewRowView);
  const offsets = offsetsOf(rows, (row) => Number(row.caveat));
  expect([...offsets]).toEqual([0, 36, 92, 128, 164, 220]);
  const slow = (height: number) =>
    Math.max(
      0,
      [...offsets].slice(0, -1).findLastIndex((begin) => begin <= height),
    );
  for (let height = 0; height <= 400; height += 1) expect(rowAt(offsets, height)).toBe(slow(height));
});

it("has no row to find in an empty list", () => {
  expect(
    rowAt(
      offsetsOf([], () => 36),
      100,
    ),
  ).toBe(0);
});
