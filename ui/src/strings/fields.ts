import { plural } from "./numbers";

/** Fields of an edit in a few words. */
export const fields = {
  overrideFor: (flag: string, identity: string) => `${flag} for ${identity}`,
  unset: "removed",
  set: "added",
  order: (value: number) => `${plural(value, "override")} in another order`,
  rules: (value: number) => plural(value, "rule"),
  rule: {
    and: " and ",
    or: " or ",
    none: (parts: string[]) => `not: ${parts.join(", nor ")}`,
    empty: "no conditions",
  },
  notPercent: "A share is a number from 0 to 100.",
  tooMuch: (sum: number) => `The shares add up to ${sum} %. They may not exceed 100 %.`,
};
