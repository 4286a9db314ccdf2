import type { AtView, PlaceView } from "../ipc/bindings";

/** One string for a place, to look things up by. */
export function placeKey(place: PlaceView): string {
  return `${place.connection}\u0000${place.environment}`;
}

/** One string for an environment now, or at a moment. */
export function atKey(at: AtView): string {
  return `${placeKey(at)}\u0000${at.moment ?? ""}`;
}

/** One string for a flag in a place. */
export function flagKey(place: PlaceView, flag: string): string {
  return `${placeKey(place)}\u0000${flag}`;
}

/** Whether two places are the same one. */
export function samePlace(a: PlaceView | null, b: PlaceView | null): boolean {
  return a !== null && b !== null && a.connection === b.connection && a.environment === b.environment;
}
