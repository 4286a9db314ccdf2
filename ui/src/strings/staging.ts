import { count, plural } from "./numbers";

/** What is told of change sets wherever something is staged or published. */
export const staging = {
  review: "Review",
  stagedMany: (edits: number, sentence: string) => `${plural(edits, "edit")} staged. ${sentence}`,
  discarded: (name: string) => `The edit of ${name} is discarded.`,
  discardedSet: (name: string) => `${name} is discarded.`,
  cancelled: "Nothing more is sent. What was not sent is staged again.",
  rolledBack: (name: string) => `What leads it back is staged as ${name}.`,
  badge: {
    staged: (value: number) => `${count(value)} staged`,
    publishing: (sent: number, total: number) => `${count(sent)} of ${count(total)}`,
    conflicts: (value: number) => (value === 1 ? "1 edit needs you" : `${count(value)} edits need you`),
  },
};
