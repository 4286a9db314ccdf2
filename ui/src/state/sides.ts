import type { AtView, ConnectionView, EnvironmentView } from "../ipc/bindings";

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
