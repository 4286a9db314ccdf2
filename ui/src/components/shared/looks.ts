/** How a value is drawn in a bar of shares: on, off, or a place in the series; `s0` for all behind the fourth. */
export type Look = "on" | "off" | "s1" | "s2" | "s3" | "s4" | "s0";

const SERIES: Look[] = ["s1", "s2", "s3", "s4"];
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** How the option at a place is drawn, control being the first. */
export function lookOf(index: number): Look {
  return SERIES[index] ?? "s0";
}

/** The letter of the option at a place. */
export function letterOf(index: number): string {
  return LETTERS[index] ?? "…";
}
