import { count, plural } from "./numbers";

/** The page of configs. */
export const configs = {
  title: "Configs",
  grid: "Configs",
  filter: "Filter configs",
  filterHint: (value: number) => `Filter ${plural(value, "config")}`,
  shown: (shown: number, all: number) =>
    shown === all ? plural(all, "config") : `${count(shown)} of ${count(all)}`,
  columns: { key: "Config", value: "Value here", from: "From", environments: "Own values" },
  own: (environment: string) => `${environment} alone`,
  base: "Everywhere else",
  ownIn: (environments: string[]) =>
    environments.length === 0
      ? "No environment has a value of its own"
      : `Own value in ${environments.join(", ")}`,
  empty: "No configs yet",
  emptyHint: "A config is a value that an application reads as it is, without targeting.",
  onlyEdgeFlags: "Flagsmith has no configs",
  onlyEdgeFlagsHint: "There a flag's value does their work.",
  open: "New config",
  create: {
    title: "New config",
    lead: "It holds in every environment. Its value is said next.",
    label: "Key",
    hint: "such as checkout.limits",
    spaces: "A key has no spaces.",
    taken: (key: string) => `There is a config ${key} already.`,
    button: "Go on",
  },
  panel: (key: string) => `Details of ${key}`,
  reading: "Reading the config",
  baseTitle: "Value",
  baseNote: "where an environment has none of its own",
  value: "Value",
  kind: "Kind of the value",
  environments: "In one environment",
  valueIn: (environment: string) => `Value in ${environment}`,
  kindIn: (environment: string) => `Kind of the value in ${environment}`,
  usesBase: "Uses the value above",
  set: "Set a value",
  setIn: (environment: string) => `Set a value in ${environment}`,
  removeIn: (environment: string) => `Remove the value in ${environment}`,
  restoreIn: (environment: string) => `The value in ${environment} as before`,
  was: (value: string) => `was ${value}`,
  missing: "A config needs a value.",
  deletion: {
    title: (key: string) => `Delete ${key}?`,
    lead: "It is deleted in every environment. Applications that read it get their fallback.",
    base: (value: string) => `Everywhere: ${value}`,
    own: (environment: string, value: string) => `${environment}: ${value}`,
  },
};
