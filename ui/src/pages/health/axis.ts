import type { PropagationView } from "../../ipc/bindings";

/** How many steps the axis has. */
export const STEPS = 6;

/** Seconds that are easy to count in. */
const ROUND = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 43_200, 86_400];

/**
 * The step of the axis in seconds, so that all bars fit: those of surfaces that serve the change, and of those
 * that do not yet as long as it is followed.
 */
export function stepOf(check: PropagationView, now: number): number {
  const served = check.lanes.map((lane) => (lane.took_millis ?? 0) / 1000);
  const longest = Math.max(...served, check.running ? now - check.published_at : 0, 0);
  const last = ROUND[ROUND.length - 1] ?? 1;
  return ROUND.find((step) => step * STEPS >= longest) ?? Math.ceil(longest / STEPS / last) * last;
}

/** `0 s`, `5 s`, `2 min`, `1 h`: the marks of the axis, from the left. */
export function marksOf(step: number): string[] {
  const [size, name] = step >= 3600 ? [3600, "h"] : step >= 60 ? [60, "min"] : [1, "s"];
  return Array.from({ length: STEPS + 1 }, (_, at) => {
    const value = (at * step) / size;
    return `${Number.isInteger(value) ? value : value.toFixed(1)} ${name}`;
  });
}
