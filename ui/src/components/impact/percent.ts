/** `18.4%` of hundredths of a percent. Somebody is never shown as nobody, and not quite all never as all. */
export function percent(basisPoints: number, some: number, all: number): string {
  if (some === 0) return "0%";
  if (some >= all) return "100%";
  if (basisPoints < 5) return "<0.1%";
  if (basisPoints > 9994) return ">99.9%";
  return `${(basisPoints / 100).toFixed(1)}%`;
}

/** Hundredths of a percent that some are of all. */
export function basisPoints(some: number, all: number): number {
  return all === 0 ? 0 : Math.round((some / all) * 10_000);
}
