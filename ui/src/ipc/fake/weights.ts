/** Shares of options and overrides as the window is given them. */
import type { SegmentOverrideView, ValueView, WeightView } from "../bindings";
import type { OverrideSeed } from "./acme-flags";
import { segmentId } from "./segments";
import type { FakeConnection, FakeFlag } from "./world";

/** The identifier of a segment by its name. */
export function idOfSegment(connection: FakeConnection, name: string): string {
  return [...connection.segments.values()].find((each) => each.name === name)?.id ?? segmentId(name);
}

/** Shares of a flag's options, control first. */
export function weightViews(flag: FakeFlag, options: { label: string; weight: number }[]): WeightView[] {
  if (options.length === 0) return [];
  const rest = 100 - options.reduce((sum, option) => sum + option.weight, 0);
  const view = (id: string | null, label: string, value: string, weight: number): WeightView => ({
    id,
    label,
    value: { kind: "text", text: value },
    weight: String(weight),
    weight_basis_points: Math.round(weight * 100),
  });
  return [
    view(null, "control", flag.value.text, rest),
    ...options.map(({ label, weight }) => view(`option-${label}`, label, label, weight)),
  ];
}

/** A segment's override as it is shown and edited. */
export function overrideView(
  connection: FakeConnection,
  flag: FakeFlag,
  override: OverrideSeed,
): SegmentOverrideView {
  const value: ValueView = { kind: flag.value.kind, text: override.value };
  // Where the flag has options, the seed's value names the one that members get.
  const pinned = flag.options.map(({ label }) => ({ label, weight: label === override.value ? 100 : 0 }));
  const shares = override.weights ?? pinned;
  return {
    segment_id: idOfSegment(connection, override.segment),
    segment: override.segment,
    enabled: override.enabled,
    value,
    own_value: flag.options.length === 0 ? value : flag.value,
    weights: weightViews(flag, shares),
  };
}
