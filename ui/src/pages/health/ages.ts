import type { FreshnessStateView, SurfaceFreshnessView } from "../../ipc/bindings";

const gravity: Record<FreshnessStateView, number> = { never: 4, offline: 4, stale: 3, ageing: 2, fresh: 1 };

/**
 * How a surface stands at a moment. Time makes it older and never younger: it may be stale for another reason
 * than its age, such as another content than the mirror's.
 */
export function standingAt(view: SurfaceFreshnessView, now: number): FreshnessStateView {
  const { state, as_of, stale_after_seconds: limit } = view;
  if (as_of === null || limit === null) return state;
  const age = now - as_of;
  const byAge: FreshnessStateView = age >= limit ? "stale" : age >= limit / 2 ? "ageing" : "fresh";
  return gravity[state] >= gravity[byAge] ? state : byAge;
}

/** Where the limit stands on the bar of an age. */
export const LIMIT_AT = 0.75;

/** How much of its bar an age fills; null where there is no age or no limit. */
export function shareOf(view: SurfaceFreshnessView, now: number): number | null {
  const { as_of, stale_after_seconds: limit } = view;
  if (as_of === null || limit === null || limit === 0) return null;
  return Math.min(Math.max(((now - as_of) / limit) * LIMIT_AT, 0.01), 1);
}

/** The rule that all proxies follow, or that all surfaces do; null where each has its own. */
export function commonRule(surfaces: SurfaceFreshnessView[]): string | null {
  const proxies = surfaces.filter((each) => each.surface.kind === "edge_proxy");
  const rules = new Set((proxies.length > 0 ? proxies : surfaces).map((each) => each.rule));
  const [only] = rules;
  return rules.size === 1 ? (only ?? null) : null;
}
