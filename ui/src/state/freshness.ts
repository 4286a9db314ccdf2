import type { FreshnessStateView, FreshnessView } from "../ipc/bindings";
import { text } from "../strings";

/** The state at a moment: the host tells facts and the rule, time does the rest. */
export function freshnessAt(view: FreshnessView, now: number): FreshnessStateView {
  if (view.state === "offline") return "offline";
  if (view.checked_at === null) return "never";
  const age = now - view.checked_at;
  if (age >= view.stale_after_seconds) return "stale";
  return age >= view.stale_after_seconds / 2 ? "ageing" : "fresh";
}

/** The sentence of the freshness pill. */
export function freshnessSentence(view: FreshnessView, now: number): string {
  const words = text.shared.freshness;
  const state = freshnessAt(view, now);
  if (view.checked_at === null) return state === "offline" ? words.offlineEmpty : words.never;
  if (state === "offline") return words.offline(view.checked_at, now);
  return state === "stale" ? words.stale(view.checked_at, now) : words.fresh(view.checked_at, now);
}
