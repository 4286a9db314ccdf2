import { count } from "./numbers";

/** Snapshot files: written, opened and refused. And a local copy that cannot be opened. */
export const files = {
  export: {
    title: (title: string) => `Export the snapshot ${title}`,
    lead: "One file that a colleague opens without any key. Keys are never part of it.",
    what: "What",
    one: "This snapshot alone",
    since: "Everything from it until now",
    range: "Everything from A to B",
    passphrase: "Passphrase",
    passphraseHint: "Optional. Without one, everybody who gets the file can read it.",
    again: "Passphrase again",
    different: "The two are not the same.",
    forgotten: "Type the passphrase again, so that the file is not written without one.",
    strengths: {
      none: "",
      weak: "Weak: easy to guess. Take four words that do not belong together.",
      fair: "Fair. Another word makes it much better.",
      strong: "Strong.",
    },
    strength: "Strength",
    identities: "Keep identities and their overrides",
    identitiesOn:
      "Identifiers of people and what they get for themselves are in the file. Share it only with those who may see them.",
    identitiesOff:
      "People are left out: no identifiers and no identity overrides. Evaluating somebody in the file can then come out otherwise than it did.",
    save: "Export",
    saving: "Exporting",
    done: "Exported",
    show: "Show in folder",
    close: "Close",
  },
  open: {
    title: "Open a snapshot file",
    lead: "It is read on this computer and opened as a connection that nothing can be written to.",
    choose: "Choose a file",
    another: "Choose another file",
    drop: "Drop a snapshot file here",
    or: "or",
    dropAnywhere: "Drop the snapshot file to open it",
    reading: (name: string) => `Reading ${name}`,
    progress: (done: number, total: number) => `${megabytes(done)} of ${megabytes(total)}`,
    comingIn: (name: string) => `Opening ${name}`,
    cameIn: (done: number, total: number, size: string) =>
      `${count(done)} of ${count(total)} snapshots, ${size}`,
    looking: "Looking into it",
    encrypted: "It is encrypted.",
    passphrase: "Passphrase",
    unlock: "Unlock",
    unlocking: "Unlocking",
    open: "Open",
    opening: "Opening",
    opened: (name: string) => `${name} is open. Nothing can be written to it.`,
    several: (value: number, name: string) => `${count(value)} files were dropped. ${name} is read.`,
    unreadable: (name: string) => `${name} cannot be read.`,
    unreadableCause: "The browser part of Halyard was not allowed to read it, or it changed meanwhile.",
    unreadableNext: "Choose it again.",
    inside: "What is in it",
  },
  locked: {
    title: "The local copy is locked",
    tryAgain: "Try again",
    trying: "Trying",
    still: "Tried just now. Still locked, for the reason above.",
    aside: "Set it aside and begin anew",
    asideTitle: "Set the local copy aside?",
    asideLead:
      "Halyard keeps it under another name and begins with an empty one. Connections, staged edits and the history in it are not shown any more. Keys in the keychain stay.",
    asideConfirm: "Set it aside",
    settingAside: "Setting it aside",
    keep: "Keep waiting",
  },
};

function megabytes(bytes: number): string {
  return bytes < 1_000_000 ? `${count(Math.ceil(bytes / 1000))} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
