import type { FindingView, SeverityView } from "../../ipc/bindings";

/** Findings of one kind. */
export interface FindingKind {
  kind: string;
  heading: string;
  /** What is doubtful and why, where it is the same for all. */
  sentence: string | null;
  all: FindingView[];
}

/** The part of the list that a finding is in: how bad it is, or that only odd values show it. */
export type FindingPart = SeverityView | "rare";

/** What is found where. */
export interface FindingGroup {
  part: FindingPart;
  count: number;
  kinds: FindingKind[];
}

/** What findings are about, as far as it is the same for all of them. */
export type FindingSubject = "condition" | "override" | "segment" | "flag" | "option" | "rule";

/** Kinds whose subject is neither the segment nor the flag they name. */
const SUBJECTS: Record<string, FindingSubject> = {
  unmatched_identifier: "override",
  unreachable_variant: "option",
};

const PARTS: FindingPart[] = ["breaks", "never_matches", "differs", "doubtful", "rare"];

/** The findings by part and kind, the most frequent kind of a part first. */
export function grouped(findings: FindingView[]): FindingGroup[] {
  return PARTS.map((part) => {
    const all = findings.filter((finding) => partOf(finding) === part);
    return { part, count: all.length, kinds: byKind(all) };
  }).filter(({ count }) => count > 0);
}

function partOf({ severity, likelihood }: FindingView): FindingPart {
  return likelihood === "rare" ? "rare" : severity;
}

function byKind(findings: FindingView[]): FindingKind[] {
  const found = new Map<string, FindingKind>();
  for (const finding of findings) {
    const { kind, heading, sentence } = finding;
    const known = found.get(kind);
    if (known === undefined) {
      found.set(kind, { kind, heading, sentence, all: [finding] });
      continue;
    }
    known.all.push(finding);
    if (known.sentence !== sentence) known.sentence = null;
  }
  return [...found.values()].sort((one, other) => other.all.length - one.all.length);
}

/** How many of a severity there are, each condition counted once, and what they are. Odd values do not count. */
export function counted(
  findings: FindingView[],
  severity: SeverityView,
): { count: number; subject: FindingSubject } {
  const all = findings.filter((finding) => partOf(finding) === severity);
  const different = new Set(
    all.map(({ segment, flag, condition, sentence }) =>
      JSON.stringify(condition === null ? [segment, flag, sentence] : [segment, flag, condition]),
    ),
  );
  const subjects = new Set(all.map(subjectOf));
  const [subject] = subjects;
  return { count: different.size, subject: subjects.size === 1 && subject ? subject : "rule" };
}

function subjectOf({ kind, segment, flag, condition }: FindingView): FindingSubject {
  const known = SUBJECTS[kind];
  if (known !== undefined) return known;
  if (condition !== null) return "condition";
  if (segment === null) return flag === null ? "rule" : "flag";
  return flag === null ? "segment" : "override";
}
