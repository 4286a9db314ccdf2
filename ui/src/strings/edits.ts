import { plural } from "./numbers";

/** Edits that wait for a decision or for certainty. */
export const edits = {
  conflictTitle: (flag: string, environment: string) => `Resolve conflict in ${flag}, ${environment}`,
  sent: "Your edit had been sent already; what the service holds now is under Theirs.",
  contested: "Both sides changed it",
  columns: { field: "Field", base: "Base", theirs: "Theirs", mine: "Mine" },
  columnHints: {
    base: "Where you began",
    theirs: "What the service holds now",
    mine: "What your edit asks for",
  },
  nothing: "–",
  nothingRead: "No value",
  needsChoice: (fields: number) => `${plural(fields, "field")} changed on both sides`,
  merges: "No field was changed on both sides",
  whatTheirs: "Keep theirs gives your edit up and leaves everything as it is now.",
  whatMine:
    "Send mine on top writes your fields over the newest state and leaves all other fields as they are now.",
  precondition: "Written only if nobody changes the flag again. Otherwise you come back here.",
  keepTheirs: "Keep theirs",
  sendMine: "Send mine on top",
  later: "Decide later",
  open: {
    region: "Open edits",
    unknown: (value: number) =>
      value === 1 ? "The outcome of 1 edit is not known." : `The outcome of ${value} edits is not known.`,
    conflicts: (value: number) =>
      value === 1 ? "1 edit met a newer change." : `${value} edits met newer changes.`,
    readAgain: "Read again",
    reading: "Reading",
    resolve: "Resolve",
    readAgainName: (flag: string) => `Read ${flag} again`,
    resolveName: (flag: string) => `Resolve ${flag}`,
    conflict: "Conflict",
    unknownOutcome: "Outcome unknown",
  },
};
