import { resultsOf } from "../../../components/impact/series";
import type { BatchView, FlagSharesView } from "../../../ipc/bindings";
import { text } from "../../../strings";

const words = text.batch.table;

/** A result as text, one line for each flag and result, separated by tabs: a table for a sheet. */
export function asTable(view: BatchView): string {
  const weighed = view.changed !== null;
  const head = [
    words.flag,
    ...(weighed ? [words.marked] : []),
    words.result,
    words.now,
    words.nowPercent,
    ...(weighed ? [words.after, words.afterPercent, words.flips] : []),
  ];
  return [
    cell(`${text.batch.facts(view.cohort, text.batch.took(view.took_ms))}. ${view.source}`),
    head.join("\t"),
    ...view.flags.flatMap((flag) => lines(flag, weighed)),
  ].join("\n");
}

function lines(flag: FlagSharesView, weighed: boolean): string[] {
  const marked = flag.edited ? words.edited : flag.surprise ? words.surprise : "";
  return resultsOf(flag).map(({ label, now, after }) =>
    [
      flag.flag,
      ...(weighed ? [marked] : []),
      label,
      ...numbers(now),
      ...(weighed ? [...numbers(after), String(flag.flips)] : []),
    ]
      .map(cell)
      .join("\t"),
  );
}

function numbers(share: { count: number; basis_points: number } | null): string[] {
  return [String(share?.count ?? 0), ((share?.basis_points ?? 0) / 100).toFixed(2)];
}

/** Without what would begin another cell or line. */
function cell(of: string): string {
  return of.replace(/[\t\r\n]+/g, " ");
}
