import { count, plural } from "./numbers";
import { dateAndTime, span, until } from "./time";

/** The rail, the top bar, the banner and the status bar. */
export const frame = {
  rail: "Navigation",
  environments: "Environments",
  workspace: "Workspace",
  flags: "Flags",
  preview: "Preview",
  activity: "Activity",
  health: "Health",
  warnings: (value: number) => plural(value, "warning"),
  settings: "Settings",
  connections: "Connections",
  switchConnection: (name: string) => `Connection ${name}`,
  addFlagsmith: "Connect Flagsmith",
  addEdgeFlags: "Connect EdgeFlags",
  addDemo: "Explore the demo",
  forget: (name: string) => `Forget ${name}`,
  forgetTitle: (name: string) => `Forget ${name}?`,
  forgetLead:
    "Its key and the local copy of its flags are removed from this computer. The service itself keeps everything.",
  forgetLeadKeyless:
    "The local copy of its flags is removed from this computer. The keychain does not answer, so a key that it holds under Halyard stays there. The service itself keeps everything.",
  forgetConfirm: "Forget connection",
  keep: "Keep",
  services: { flagsmith: "Flagsmith", edge_flags: "EdgeFlags" },
  demo: "Demo",
  file: {
    of: (at: number, now: number) => `Snapshot file of ${dateAndTime(at, now)}`,
    short: (at: number, now: number) => `File of ${dateAndTime(at, now)}`,
    kind: "Snapshot file",
    close: "Close file",
    closeName: (name: string) => `Close ${name}`,
    closed: (name: string) => `${name} is closed. The file itself stays.`,
    neverSynced: "A snapshot file shows what was, so there is nothing to sync.",
    means: "Everything in it can be looked at, evaluated and compared. Nothing can be written to it.",
    nothingAsked: "Snapshot file, no server is asked",
  },
  conflicts: (value: number) => plural(value, "conflict"),
  openEdits: (value: number) => plural(value, "open edit"),
  sync: "Sync",
  syncing: "Syncing",
  notConnected: "Not connected",
  notTried: "Nothing asked yet",
  givesWay: "Background sync gives way to writes",
  incidents: (value: number, first: string) => `${plural(value, "provider incident")}: ${first}`,
  progress: (what: string, done: number, total: number | null) =>
    total === null ? `Reading ${what}, ${count(done)}` : `Reading ${what}, ${count(done)} of ${count(total)}`,
  budgets: {
    title: "Requests left",
    meter: (name: string) => `${name} requests left`,
    unknown: (name: string, limit: number | null) =>
      limit === null ? `${name}: no limit known` : `${name}: limit ${count(limit)}, use not known`,
    /** Behind the number. */
    left: (limit: number | null, until_: number | null, now: number) => {
      const left = limit === null ? "left" : `of ${count(limit)} left`;
      return until_ === null ? left : `${left}, resets in ${until(until_, now)}`;
    },
    more: (others: number) => `and ${plural(others, "other")}`,
    waiting: (requests: string) => `${requests} waiting for it.`,
    health: "Limits in Health",
  },
  queue: {
    title: "Queue",
    nothing: "Nothing queued",
    waiting: (requests: number, seconds: number | null) =>
      seconds === null || seconds === 0
        ? `${count(requests)} waiting`
        : `${count(requests)} waiting, about ${span(seconds)}`,
    writes: (value: number) => `${plural(value, "write")} queued`,
    nothingMeans: "No request waits for its turn.",
    means: (requests: number, seconds: number | null) =>
      `${plural(requests, "request")} ${requests === 1 ? "waits" : "wait"} for the rate budget, ${
        seconds === null ? "nobody knows how long" : seconds === 0 ? "a moment" : `about ${span(seconds)}`
      }.`,
    writesMean: (value: number) =>
      `${plural(value, "write")} ${value === 1 ? "is" : "are"} waiting or on the way.`,
    giveUp: "Give up what waits",
    giveUpMeans: "Nothing of it was sent, so giving it up changes nothing on the server.",
    givenUp: (requests: number) =>
      `${plural(requests, "request")} given up. Nothing of ${requests === 1 ? "it" : "them"} was sent.`,
    nothingGivenUp: "Nothing was waiting any more.",
    activity: "Open Activity",
  },
  version: (version: string) => `Version ${version}`,
  shortcuts: "Shortcuts",
  readingApp: "Opening the local copy",
  dismiss: "Close",
  banner: {
    missingKey: (name: string) => `The key for ${name} is missing.`,
    missingKeyMeans: "What is shown is the local copy, and nothing can be sent.",
    enterKey: "Enter the key again",
    offline: (name: string) => `${name} cannot be reached.`,
    offlineMeans: "What is shown is the local copy.",
    paused: "Paused by the rate limit.",
    pausedUntil: (at: number, now: number) => `Paused by the rate limit, goes on in ${until(at, now)}`,
    takesNoMore: (name: string) => `${name} answered that there were too many requests.`,
    waits: (requests: number) =>
      requests === 0
        ? "Nothing waits."
        : `${plural(requests, "request")} ${requests === 1 ? "waits" : "wait"}; nothing is lost and nothing is sent twice.`,
    health: "Health",
    stale: (environment: string) => `${environment} is stale.`,
    staleMeans: (age: string) => `Last fetched ${age}.`,
    never: (environment: string) => `${environment} has not been read yet.`,
    readOnly: "Read only.",
    syncNow: "Sync now",
    tryNow: "Try now",
  },
};
