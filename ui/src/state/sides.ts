import type { AtView, ConnectionView, EnvironmentView, SidesView } from "../ipc/bindings";

/** One string for an environment now, or at a moment. */
export function atKey({ connection, environment, moment }: AtView): string {
  return `${connection}\u0000${environment}\u0000${moment ?? ""}`;
}

export function sameAt(one: AtView | null, other: AtView | null): boolean {
  return one !== null && other !== null && atKey(one) === atKey(other);
}

/** The environment that another one is compared with, unless somebody chose: Staging, or Production for Staging. */
export function counterpart({ environments }: ConnectionView, { key, mark }: EnvironmentView): string | null {
  const wanted = mark === "staging" ? "production" : "staging";
  const others = environments.filter((each) => each.key !== key);
  return (others.find((each) => each.mark === wanted) ?? others[0])?.key ?? null;
}

/** What tells a side from the other one: its environment, and when it was where that is the same. */
export function calledIn({ a, b }: SidesView, side: "a" | "b"): string {
  const own = side === "a" ? a : b;
  if (a.environment_name !== b.environment_name) return own.environment_name;
  if (a.at.connection !== b.at.connection) return `${own.environment_name}, ${own.connection_name}`;
  return `${own.environment_name}, ${own.when}`;
}
