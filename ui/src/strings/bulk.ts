import { count, plural } from "./numbers";

/** Many flags at once. */
export const bulk = {
  column: "Selected",
  region: "Selected flags",
  all: "Select all flags on screen",
  one: (flag: string) => `Select ${flag}`,
  selected: (value: number) => `${count(value)} selected`,
  outOfSight: (value: number) => `${count(value)} of them not on screen`,
  turn: (on: boolean, value: number) => `Turn ${on ? "on" : "off"} ${count(value)}`,
  allOn: "All of them are on",
  allOff: "All of them are off",
  addTag: "Add tag",
  removeTag: "Remove tag",
  tag: "Tag",
  newTag: "A tag for all of them",
  add: "Add",
  noTags: "None of them has a tag.",
  tagOf: (tag: string, value: number) => `${tag}, on ${plural(value, "flag")}`,
  archive: (value: number) => `Archive ${count(value)}`,
  allArchived: "All of them are archived",
  staging: "Staging",
  clear: "Clear selection",
  into: (set: string | null) => (set === null ? "Staged in a new change set" : `Staged in ${set}`),
  nothingSent: "nothing is sent before you publish",
  guarded: (environment: string, value: number) =>
    `${environment} is protected: publishing asks once for all ${count(value)}`,
  everywhere: "Tags and archiving hold in every environment.",
};
