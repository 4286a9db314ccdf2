import type { SubjectView } from "../../bindings";

/** Whether two subjects are the same. */
export function sameSubject(one: SubjectView, other: SubjectView): boolean {
  const text = (subject: SubjectView) => JSON.stringify(Object.entries(subject).sort());
  return text(one) === text(other);
}
