import type { SeverityView } from "../ipc/bindings";
import { count, plural } from "./numbers";

/** What is doubtful about an environment as a whole. */
export const lint = {
  title: "Lint",
  reading: "Looking through the environment",
  seen: (environment: string, findings: number) =>
    findings === 0 ? environment : `${environment}, ${plural(findings, "finding")}`,
  severities: {
    breaks: "Breaks",
    never_matches: "Never applies",
    differs: "Differs",
    doubtful: "Doubtful",
  } satisfies Record<SeverityView, string>,
  group: (heading: string, findings: number) => `${heading}, ${count(findings)}`,
  nothing: "Nothing doubtful found",
  days: {
    label: "A flag counts as left alone after",
    days: (value: number) => plural(value, "day"),
    other: "Another number…",
    number: "Days",
    notNumber: "Type a whole number from 1.",
    set: "Set",
    saving: "Setting",
  },
  staged: "Staged",
  stageName: (label: string, name: string) => `${label}: ${name}`,
  skipped: "Not looked at",
  all: (value: number) => `Show all ${count(value)}`,
  fewer: "Show fewer",
};
