import type { WeightInput, WeightView } from "../../ipc/bindings";
import { percentOf } from "../../state/fields";

/** The shares as they are, as they would be typed. */
export function inputsOf(rows: WeightView[]): WeightInput[] {
  return rows.flatMap(({ id, weight }) => (id === null ? [] : [{ id, weight }]));
}

/** The same shares with another one for one option. */
export function withShare(rows: WeightInput[], id: string, weight: string): WeightInput[] {
  return rows.map((row) => (row.id === id ? { id, weight } : row));
}

/** What the options leave, in percent; null where a share cannot be read or they are too much. */
export function restOf(rows: WeightInput[]): number | null {
  let sum = 0;
  for (const { weight } of rows) {
    const share = percentOf(weight);
    if (share === null) return null;
    sum += share;
  }
  const rest = Math.round((100 - sum) * 10_000) / 10_000;
  return rest < 0 ? null : rest;
}

/** The whole given to one option, or to control. */
export function pin(rows: WeightView[], option: string | null): WeightInput[] {
  return inputsOf(rows).map(({ id }) => ({ id, weight: id === option ? "100" : "0" }));
}

/** The option that has the whole: its identifier, `null` for control, `undefined` where they share. */
export function pinnedIn(rows: WeightInput[]): string | null | undefined {
  const whole = rows.find(({ weight }) => percentOf(weight) === 100);
  if (whole !== undefined) return whole.id;
  return restOf(rows) === 100 ? null : undefined;
}
