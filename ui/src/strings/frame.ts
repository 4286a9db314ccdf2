import { count, plural } from "./numbers";
import { until } from "./time";

/** The rail, the top bar, the banner and the status bar. */
export const frame = {
  rail: "Navigation",
  environments: "Environments",
  workspace: "Workspace",
  flags: "Flags",
  preview: "Preview",
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
  conflicts: (value: number) => plural(value, "conflict"),
  openEdits: (value: number) => plural(value, "open edit"),
  sync: "Sync",
  syncing: "Syncing",
  notConnected: "Not connected",
  nothingSent: "Nothing being sent",
  writes: (value: number) => `${plural(value, "write")} being sent`,
  progress: (what: string, done: number, total: number | null) =>
    total === null ? `Reading ${what}, ${count(done)}` : `Reading ${what}, ${count(done)} of ${count(total)}`,
  budget: (remaining: number, limit: number | null, resetsAt: number | null, now: number) => {
    const left = limit === null ? `${count(remaining)} left` : `${count(remaining)} of ${count(limit)} left`;
    return resetsAt === null ? left : `${left}, resets in ${until(resetsAt, now)}`;
  },
  budgetName: "Requests left",
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
    rateLimited: (name: string) => `The rate limit of ${name} is reached.`,
    rateLimitedMeans: (at: number, now: number) =>
      `It takes no more requests for now. The next try is in ${until(at, now)}.`,
    stale: (environment: string) => `${environment} is stale.`,
    staleMeans: (age: string) => `Last fetched ${age}.`,
    never: (environment: string) => `${environment} has not been read yet.`,
    readOnly: "Read only.",
    syncNow: "Sync now",
    tryNow: "Try now",
  },
};
