import type { FieldEdit, SegmentOverrideView } from "../../ipc/bindings";
import type { Drafting } from "./drafting.svelte";

/** A segment's override as the panel shows it, with what is typed. */
export interface ShownOverride {
  id: string;
  segment: string;
  /** As the mirror has it; null for one that is to be added. */
  known: SegmentOverrideView | null;
}

/** What changes make of a list of overrides. */
export interface ShownOverrides {
  /** The one tried first in front. */
  kept: ShownOverride[];
  removed: SegmentOverrideView[];
}

const whole = (id: string) => `override:${id}`;
const ORDER = "override_order";

/** The parts of an override that are edited on their own. */
export const partsOf = (id: string) => ({
  enabled: `override_enabled:${id}`,
  value: `override_value:${id}`,
  weights: `override_weights:${id}`,
});

export function shownOverrides(known: SegmentOverrideView[], changes: FieldEdit[]): ShownOverrides {
  const gone = (id: string) => changes.some(({ field, to }) => field === whole(id) && to.kind === "unset");
  const there = known.filter(({ segment_id }) => !gone(segment_id));
  const added = changes.flatMap(({ field, to }): ShownOverride[] =>
    field.startsWith("override:") && to.kind === "text"
      ? [{ id: field.slice("override:".length), segment: to.text, known: null }]
      : [],
  );
  const natural = [
    ...there.map((each): ShownOverride => ({ id: each.segment_id, segment: each.segment, known: each })),
    ...added,
  ];
  const order = changes.find(({ field }) => field === ORDER)?.to;
  const ids = order?.kind === "order" ? order.ids : [];
  const place = ({ id }: ShownOverride) => (ids.includes(id) ? ids.indexOf(id) : ids.length);
  return {
    kept: ids.length === 0 ? natural : natural.toSorted((one, other) => place(one) - place(other)),
    removed: known.filter(({ segment_id }) => gone(segment_id)),
  };
}

/** A list with one of its members at another place. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const rest = list.filter((_, at) => at !== from);
  const one = list[from];
  return one === undefined ? [...list] : [...rest.slice(0, to), one, ...rest.slice(to)];
}

/** Types an order; the one that follows from what is added and removed needs no saying. */
export function setOrder(drafting: Drafting, known: SegmentOverrideView[], ids: string[]): void {
  const others = drafting.changes.filter(({ field }) => field !== ORDER);
  const natural = shownOverrides(known, others).kept.map(({ id }) => id);
  const was = { kind: "order" as const, ids: known.map(({ segment_id }) => segment_id) };
  const same = natural.join("\n") === ids.join("\n");
  drafting.set(ORDER, same ? null : { kind: "order", ids }, was);
}

/** Adds an override for a segment, behind the others. */
export function addOverride(
  drafting: Drafting,
  known: SegmentOverrideView[],
  segment: { id: string; name: string },
): void {
  const before = shownOverrides(known, drafting.changes).kept.map(({ id }) => id);
  drafting.set(whole(segment.id), { kind: "text", text: segment.name }, null);
  setOrder(drafting, known, [...before, segment.id]);
}

/** Removes an override, or gives up one that was to be added. */
export function removeOverride(drafting: Drafting, known: SegmentOverrideView[], id: string): void {
  const rest = shownOverrides(known, drafting.changes).kept.filter((each) => each.id !== id);
  for (const part of Object.values(partsOf(id))) drafting.set(part, null, null);
  const own = known.find(({ segment_id }) => segment_id === id);
  if (own === undefined) drafting.set(whole(id), null, null);
  else drafting.set(whole(id), { kind: "unset" }, { kind: "text", text: own.segment });
  setOrder(
    drafting,
    known,
    rest.map((each) => each.id),
  );
}

/** Keeps an override that was to be removed. */
export function keepOverride(drafting: Drafting, known: SegmentOverrideView[], id: string): void {
  drafting.set(whole(id), null, null);
  const order = drafting.to(ORDER);
  if (order?.kind === "order") setOrder(drafting, known, [...order.ids, id]);
}
