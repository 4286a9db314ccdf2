import type {
  ComparisonView,
  DraftEditView,
  PreviewRowView,
  TraceConditionView,
  TraceStepView,
  TraceView,
  TraitView,
} from "../../ipc/bindings";
import { inWords, subjectWords } from "../../state/fields";
import { text } from "../../strings";
import { fullTime } from "../../strings/time";
import type { ComparisonAge } from "./comparing.svelte";
import { percent } from "./percent";

const words = text.preview;

/** What a support note tells. */
export interface NoteFacts {
  identity: string;
  environment: string;
  project: string;
  source: string;
  /** Of the mirror; null where a moment was evaluated, whose age the source tells. */
  freshness: string | null;
  when: string;
  traits: TraitView[];
  /** Laid over the mirror. */
  edits: DraftEditView[];
  /** Why the server would not answer. */
  failure: string | null;
  rows: PreviewRowView[];
  /** Of the row that is open. */
  trace: TraceView | null;
  comparison: { view: ComparisonView; age: ComparisonAge } | null;
}

const LONGEST_VALUE = 120;

/** A preview as plain text for a support ticket: the rows on screen, one line each. */
export function supportNote(facts: NoteFacts): string {
  const traits = facts.traits.map((trait) => `  ${trait.name} = ${trait.text}`);
  return [
    words.note.head(facts.identity, facts.environment, facts.project),
    words.note.made(facts.when),
    `${words.note.source}: ${facts.source}.${facts.freshness === null ? "" : ` ${facts.freshness}.`}`,
    "",
    `${words.traits}:`,
    ...(traits.length === 0 ? [`  ${words.note.none}`] : traits),
    ...block(words.note.edits, facts.edits.map(editLine)),
    ...(facts.failure === null ? [] : ["", facts.failure]),
    "",
    ...facts.rows.map(line),
    ...(facts.trace === null ? [] : traceLines(facts.trace)),
    ...(facts.comparison === null ? [] : comparisonLines(facts.comparison)),
  ].join("\n");
}

function block(title: string, lines: string[]): string[] {
  return lines.length === 0 ? [] : ["", `${title}:`, ...lines.map((each) => `  ${each}`)];
}

function short(text: string): string {
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

function editLine({ subject, changes }: DraftEditView): string {
  return `${subjectWords(subject)}: ${changes.map(({ to }) => short(inWords(to))).join(", ")}`;
}

function traceLines(trace: TraceView): string[] {
  const ways = trace.ways.map((way) => `${words.trace.toGet} ${way.goal}${words.trace.way(way.sentence)}`);
  return block(words.note.trace(trace.flag), [
    ...trace.steps.flatMap(stepLines),
    ...trace.dependencies,
    ...trace.caveats,
    ...ways,
  ]);
}

function stepLines(step: TraceStepView): string[] {
  const note = step.note === null ? "" : ` (${step.note})`;
  const conditions = step.conditions.map((condition) => `  ${conditionLine(condition)}`);
  const split =
    step.split === null
      ? []
      : [
          `  ${words.trace.splitLabel(
            step.split.bucket,
            step.split.ranges.map((range) =>
              words.trace.range(
                range.label,
                percent(range.from_basis_points),
                percent(range.until_basis_points),
              ),
            ),
            step.split.hashed,
          )}`,
        ];
  return [`${step.title}: ${step.outcome_text}${note}`, ...conditions, ...split];
}

function conditionLine(condition: TraceConditionView): string {
  const { bucket, saw, because, warning } = condition;
  const told = [
    ...(bucket === null ? [] : [words.trace.bucket(bucket.bucket, percent(bucket.threshold_basis_points))]),
    ...(saw === null ? [] : [`${words.trace.saw} ${short(saw)}`]),
    ...(because === null ? [] : [because]),
  ];
  const join = condition.join === "all" ? "" : `${words.trace.joins[condition.join]}: `;
  const verdict = words.trace.truth[condition.verdict];
  const doubt = warning === null ? "" : ` ${warning}`;
  return `[${verdict}] ${join}${condition.property} ${condition.asks}: ${told.join(", ")}${doubt}`;
}

function comparisonLines({ view, age }: { view: ComparisonView; age: ComparisonAge }): string[] {
  const older = age === "current" ? [] : [words.compare.older[age]];
  return block(`${words.note.compared} ${view.label}, ${fullTime(view.asked_at)}`, [
    ...older,
    view.sentence,
    ...view.differences.map(
      ({ flag, theirs, because, verified }) =>
        `${words.note.differs(flag, short(theirs))} ${verified ? words.difference.sure(because) : words.difference.likely(because)}`,
    ),
  ]);
}

function line(row: PreviewRowView): string {
  const state = row.enabled === null ? "" : `${row.enabled ? words.on : words.off}, `;
  const value = row.value.kind === "none" ? words.note.noValue : short(row.value.text);
  const caveat = row.caveat === null ? "" : ` ${row.caveat}`;
  return `${row.flag}: ${state}${value}. ${row.why}${caveat}`;
}

/** Puts text on the clipboard; says whether it worked. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** For web views that keep the clipboard to themselves. */
function copyBySelection(text: string): boolean {
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("aria-hidden", "true");
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.focus();
  area.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    area.remove();
    if (before instanceof HTMLElement) before.focus();
  }
}
