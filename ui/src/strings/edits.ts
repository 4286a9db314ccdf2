import { plural } from "./numbers";

/** Edits that wait for a decision or for certainty. */
export const edits = {
  readOnly: (environment: string) =>
    `${environment} is read only, by the protection that Settings shows. Nothing was sent.`,
  conflictTitle: (flag: string, environment: string) => `Resolve conflict in ${flag}, ${environment}`,
  sent: {
    theirs: "Your edit had been sent already; what the service holds now is under Theirs.",
    mine: "Your edit had been sent already; what the service holds now is under Mine, and theirs is in its history.",
    neither: "Your edit had been sent already, and the service holds something else again.",
  },
  contested: "Both sides changed it",
  columns: { field: "Field", base: "Base", theirs: "Theirs", mine: "Mine" },
  columnHints: {
    base: "Where you began",
    theirs: {
      theirs: "What the service holds now",
      mine: "What yours has replaced",
      neither: "What somebody else made of it",
    },
    mine: {
      theirs: "What your edit asks for",
      mine: "What the service holds now",
      neither: "What your edit asks for",
    },
  },
  nothing: "–",
  nothingRead: "No value",
  needsChoice: (fields: number) => `${plural(fields, "field")} changed on both sides`,
  merges: "No field was changed on both sides",
  whatTheirs: "Keep theirs gives your edit up and leaves everything as it is now.",
  whatLeaveMine: "Leave mine closes this and changes nothing. To bring theirs back, edit the flag.",
  whatMine:
    "Send mine on top writes your fields over the newest state and leaves all other fields as they are now.",
  precondition: "Written only if nobody changes the flag again. Otherwise you come back here.",
  keepTheirs: "Keep theirs",
  leaveMine: "Leave mine",
  sendMine: "Send mine on top",
  typeName: (environment: string) => `Type ${environment} to confirm`,
  sendMineIn: (environment: string) => `Send mine to ${environment}`,
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
