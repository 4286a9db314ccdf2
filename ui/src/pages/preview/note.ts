import type { PreviewRowView, TraitView } from "../../ipc/bindings";
import { text } from "../../strings";

const words = text.preview;

/** What a support note tells. */
export interface NoteFacts {
  identity: string;
  environment: string;
  project: string;
  source: string;
  freshness: string;
  when: string;
  traits: TraitView[];
  rows: PreviewRowView[];
}

const LONGEST_VALUE = 120;

/** A preview as plain text for a support ticket: the rows on screen, one line each. */
export function supportNote(facts: NoteFacts): string {
  const traits = facts.traits.map((trait) => `  ${trait.name} = ${trait.text}`);
  return [
    words.note.head(facts.identity, facts.environment, facts.project),
    words.note.made(facts.when),
    `${words.note.source}: ${facts.source}. ${facts.freshness}.`,
    "",
    `${words.traits}:`,
    ...(traits.length === 0 ? [`  ${words.note.none}`] : traits),
    "",
    ...facts.rows.map(line),
  ].join("\n");
}

function line(row: PreviewRowView): string {
  const state = row.enabled === null ? "" : `${row.enabled ? words.on : words.off}, `;
  const text =
    row.value.text.length > LONGEST_VALUE ? `${row.value.text.slice(0, LONGEST_VALUE)}…` : row.value.text;
  const value = row.value.kind === "none" ? words.note.noValue : text;
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
