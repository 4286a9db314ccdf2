/** Hundredths of a percent as a person writes percent: `23.19`, `30`. */
export function percent(basisPoints: number): string {
  return String(Math.round(basisPoints) / 100);
}

/** A mark on a ruler from 0 to 100. */
export interface Tick {
  /** In hundredths of a percent. */
  at: number;
  label: string;
}

/** Marks closer than this to another are hidden behind it, in hundredths of a percent. */
const CLOSEST = 450;

/** The marks that have room: the ends first, then from the left; none under the label of the pin. */
export function ticksOf(bounds: number[], pin: number): Tick[] {
  const shown: number[] = [];
  for (const at of [0, 10_000, ...bounds]) {
    if (Math.abs(at - pin) < CLOSEST || shown.some((other) => Math.abs(other - at) < CLOSEST)) continue;
    shown.push(at);
  }
  return shown.toSorted((one, other) => one - other).map((at) => ({ at, label: percent(at) }));
}
