import { count } from "./numbers";

/** Who gets what, and whom an edit changes. */
export const impact = {
  title: "Who gets what",
  draft: "Draft",
  now: "Now",
  then: "Then",
  rows: { draft: "Draft", after: "After" },
  /** `A`, so that a share is told by more than its colour. */
  share: (label: string, percent: string) => `${label} ${percent}`,
  counted: (label: string, value: number) => `${label} ${count(value)}`,
  bar: (row: string, parts: string[]) => `${row}: ${parts.join(", ")}`,
  becomes: "to",
  legend: "Shares",
  nobody: "Nobody",
  counting: "Counting who gets what",
  older: "Counting again",
  copy: "Copy",
  copied: "The impact is copied",
  notCopied: "The impact could not be copied",
  note: {
    head: (flag: string, environment: string) => `Impact on ${flag} in ${environment}`,
    weighed: "Weighed against",
    mirror: (environment: string, freshness: string) => `the mirror of ${environment}. ${freshness}`,
    now: "Now",
    then: "Then",
    after: "With the edit",
  },
  show: "Show them",
  hide: "Hide them",
  moves: "Who changes",
  move: (from: string, to: string) => `${from} to ${to}`,
  rules: (from: string, to: string) =>
    from === to ? `Decided by: ${from}` : `Decided by: ${from}, then ${to}`,
  examples: "For example",
  preview: (identifier: string) => `Preview ${identifier}`,
  previewCloses: (identifier: string) => `Preview ${identifier}. Closes this sheet, nothing is sent.`,
  surprises: (value: number) =>
    value === 1 ? "Also changes, though not edited:" : "Also change, though not edited:",
  openFlag: (flag: string) => `Open ${flag}`,
  more: (value: number) => `and ${count(value)} more`,
  invalidDraft: "The draft is counted once its value can be sent.",
  remote: "EdgeFlags evaluates by itself, so nobody can be counted here before the edit is sent.",
};
