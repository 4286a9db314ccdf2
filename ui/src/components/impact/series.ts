import type { FlagSharesView, ShareView, VariantView } from "../../ipc/bindings";
import { letterOf, lookOf, type Look } from "../shared/looks";

/** A result that some identities get, now or after. */
export interface Result {
  /** Tells results with the same label apart. */
  key: string;
  label: string;
  /** The whole value, for the tooltip. */
  value: string;
  /** Null where the label says it all: on and off. */
  letter: string | null;
  look: Look;
  now: ShareView | null;
  after: ShareView | null;
}

function keyOf(share: ShareView): string {
  return JSON.stringify([share.enabled, share.label, share.value.kind, share.value.text]);
}

/**
 * The results of a flag in the order they are drawn: options as the flag lists them, other values by size, off
 * last. A result has the same letter and look now and after.
 */
export function resultsOf(shares: FlagSharesView, variants: VariantView[] = []): Result[] {
  const after = shares.after ?? [];
  const found = new Map<string, { now: ShareView | null; after: ShareView | null; share: ShareView }>();
  for (const share of shares.now) found.set(keyOf(share), { now: share, after: null, share });
  for (const share of after) {
    const known = found.get(keyOf(share));
    if (known) known.after = share;
    else found.set(keyOf(share), { now: null, after: share, share });
  }
  // An option keeps its letter also where nobody gets it.
  const place = ({ share }: { share: ShareView }) => {
    if (!share.enabled) return Number.POSITIVE_INFINITY;
    const at = variants.findIndex((variant) => variant.label === share.label);
    return at < 0 ? variants.length : at;
  };
  const size = (one: { now: ShareView | null; after: ShareView | null }) =>
    Math.max(one.now?.count ?? 0, one.after?.count ?? 0);
  const sorted = [...found.entries()].sort(
    ([, one], [, other]) => compare(place(one), place(other)) || size(other) - size(one),
  );
  let further = variants.length;
  return sorted.map(([key, { now, after, share }]) => {
    const at = variants.findIndex((variant) => variant.label === share.label);
    const plain = !share.enabled || share.value.kind === "none";
    const index = plain ? -1 : at >= 0 ? at : further++;
    return {
      key,
      label: share.label,
      value: share.value.text === "" ? share.label : share.value.text.slice(0, 2000),
      letter: plain ? null : letterOf(index),
      look: !share.enabled ? "off" : plain ? "on" : lookOf(index),
      now,
      after,
    };
  });
}

function compare(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
