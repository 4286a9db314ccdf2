import { count } from "./numbers";
import { ago, day, until } from "./time";

/** Words that more than one screen uses. */
export const shared = {
  appName: "Halyard",
  /** The key that turns a letter into an act, as this system names it. */
  modifier: navigator.platform.startsWith("Mac") ? "Cmd" : "Ctrl",
  on: "On",
  off: "Off",
  any: "any",
  environments: "Environments",
  /** What is typed to confirm stands between. */
  typedName: { lead: "Type", tail: "to confirm", matches: "Matches" },
  none: "None",
  noValue: "No value",
  emptyText: "Empty text",
  sending: "Sending",
  cancel: "Cancel",
  close: "Close",
  undo: "Undo",
  readAgain: "Read again",
  tryAgain: "Try again",
  possibleIn: (at: number, now: number) => `Possible again in ${until(at, now)}.`,
  copyDetails: "Copy details",
  detailsCopied: "Details copied",
  errorCode: (code: string) => `Halyard error: ${code}`,
  showDetails: "Raw response",
  why: "Why",
  copied: "Copied",
  protected: "Protected",
  toastRegion: "Messages",
  switchName: (flag: string) => `${flag} state`,
  freshness: {
    fresh: (at: number, now: number) => `Synced ${ago(at, now)}`,
    stale: (at: number, now: number) => `Stale: document ${age(at, now)}`,
    offline: (at: number, now: number) => `Offline: showing snapshot of ${day(at, now)}`,
    offlineEmpty: "Offline: nothing read yet",
    never: "Not read yet",
    refreshing: "Syncing",
    refreshingCount: (done: number, total: number) => `Syncing, ${count(done)} of ${count(total)}`,
    states: {
      never: "Not read yet",
      fresh: "Fresh",
      ageing: "Ageing",
      stale: "Stale",
      offline: "Offline",
    },
    checked: "Checked",
    changed: "Content changed",
    notYet: "not yet",
    limit: "Stale from",
    seconds: (value: number) =>
      value < 120 ? `an age of ${count(value)} s` : `an age of ${count(Math.round(value / 60))} min`,
    failure: "Last failure",
    retry: "Next try",
    retryIn: (at: number, now: number) => (at > now ? `in ${until(at, now)}` : "now"),
    warned: (sentence: string) => `${sentence}, with a warning`,
    warning: "Warning",
    health: "Freshness of every surface",
    popover: "Freshness",
  },
  valueKinds: { none: "No value", text: "Text", number: "Number", boolean: "Boolean", json: "JSON" },
  multivariate: "Multivariate",
  marks: {
    development: "Development",
    staging: "Staging",
    production: "Production",
    second_production: "Further production",
  },
};

function age(at: number, now: number): string {
  const text = ago(at, now);
  return text.endsWith(" ago") ? `${text.slice(0, -4)} old` : `of ${text}`;
}
