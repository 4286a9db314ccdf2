import type { LimitUnitView } from "../ipc/bindings";
import { count, plural } from "./numbers";
import { ago } from "./time";

const KIBIBYTE = 1024;
const MEBIBYTE = KIBIBYTE * KIBIBYTE;

/** Health: the doctor, freshness, propagation, limits, the server and the demo's faults. */
export const health = {
  title: "Health",
  about: (service: string, connection: string) => `${service}, ${connection}`,
  seenFrom: (environment: string) => `Seen from ${environment}`,
  checkNow: "Check now",
  checking: "Checking",
  reading: "Reading what is known",
  since: (at: number, now: number) => `Began ${ago(at, now)}.`,
  warnings: "What is wrong",
  gravities: { note: "Note", warning: "Warning", danger: "Danger" },
  statusPage: "Status page",

  doctor: {
    title: "Connection doctor",
    surface: "Surface to look at",
    run: "Run",
    runAgain: "Run again",
    stop: "Stop",
    stopping: "Stopping",
    none: "No surface can be looked at yet.",
    noneHint: "Sync once, so that Halyard knows what this connection has.",
    before: "The doctor makes the checks a support engineer would, one after the other, for real.",
    beginning: "The first step begins",
    steps: "Steps of the doctor",
    states: {
      running: "Running",
      passed: "Passed",
      noted: "Worth a look",
      failed: "Failed",
      waits: "Not run",
      skipped: "Does not apply",
    },
    waits: "Waits for the step above",
    skipped: "Does not apply here",
    raw: "Raw response",
    copyReport: "Copy report",
    looked: (at: number, now: number) => `Ran ${ago(at, now)}.`,
    stopped: "Stopped before its end.",
    passed: (steps: number) => (steps === 1 ? "1 step passed." : `${count(steps)} steps passed.`),
    failed: (title: string) => `Failed: ${title}.`,
  },

  limits: {
    title: "Limits",
    unknown: "Unknown",
    unknownOf: (limit: string) => `Unknown of ${limit}`,
    near: "Near the limit",
    at: "At the limit",
    note: "Worth a look",
    empty: "Limits are known after the first sync.",
    amount: (used: number, limit: number | null, unit: LimitUnitView) => {
      if (unit === "bytes") return bytes(used, limit);
      const per = { count: "", per_minute: " / min", per_month: " / month" }[unit];
      return limit === null ? `${count(used)}${per}` : `${count(used)} of ${count(limit)}${per}`;
    },
  },

  freshness: {
    title: "Freshness",
    surface: "Surface",
    age: "Age",
    against: "Age against limit",
    state: "State",
    never: "–",
    neverWord: "not read yet",
    noLimit: "Never stale by its own rule",
    limit: (seconds: string) => `stale from ${seconds}`,
    asked: (at: number, now: number) => `Last asked ${ago(at, now)}.`,
    notAsked: "Not asked yet.",
    inEnvironment: (surface: string, environment: string) => `${surface}, ${environment}`,
    empty: "No surface has been read yet.",
  },

  propagation: {
    title: "Propagation check",
    published: (flag: string, time: string) => `${flag}, published ${time}`,
    publishedIn: (flag: string, environment: string, time: string) =>
      `${flag} in ${environment}, published ${time}`,
    choose: "Choose another check",
    earlier: "Checks",
    running: "Running",
    follow: "Follow a flag",
    followIt: "Follow it",
    followTitle: "Follow a flag as it is now",
    followHint: "Until each surface serves its state in the mirror.",
    find: "Flag",
    findHint: "Key of a flag",
    noFlag: (typed: string) => `No flag matches “${typed}”.`,
    noFlags: "No flags have been read yet.",
    stop: "Stop",
    emptyTitle: "No change followed yet",
    empty: "After a publish Halyard follows the change until each surface serves it.",
    chart: "How long each surface took",
    notYet: "Not yet",
    waiting: "Waiting",
    unreachable: "No answer",
    overtaken: "Overtaken",
    lane: (surface: string, result: string) => `${surface}: ${result}`,
  },

  server: {
    title: "Self-hosted server",
    connection: (host: string) => `Connection ${host}`,
    health: "Health",
    version: "Version",
    queue: "Task queue",
    read: "Read",
    unknown: "Unknown",
    changed: (at: number, now: number) => `changed ${ago(at, now)}`,
    trends: { draining: "draining", steady: "steady", growing: "growing" },
    never: "Not yet",
  },

  feed: {
    off: "The provider’s status feed is switched off.",
    none: (service: string) => `No status feed is known for ${service}.`,
    quiet: (at: string) => `The provider tells of no incident. Status feed read ${at}.`,
    incidents: (value: number, at: string) =>
      `${plural(value, "incident")} told by the provider, read ${at}.`,
    unread: "The provider’s status feed has not been read yet.",
    failed: (failure: string) => `The provider’s status feed could not be read: ${failure}`,
    lastCopy: (at: string) => `What is shown is the copy of ${at}.`,
    settings: "Settings",
  },

  demo: {
    title: "Demo faults",
    hint: "The demo’s server can go wrong on purpose. Watch what Halyard makes of it.",
    on: (value: number) => `${count(value)} on`,
  },
};

/** `312 of 400 KB`, both in the unit of the greater. */
function bytes(used: number, limit: number | null): string {
  const greatest = limit ?? used;
  const [size, name] =
    greatest >= MEBIBYTE ? [MEBIBYTE, "MB"] : greatest >= KIBIBYTE ? [KIBIBYTE, "KB"] : [1, "bytes"];
  const shown = (value: number) => {
    const amount = value / size;
    return amount >= 10 || Number.isInteger(amount) ? count(Math.round(amount)) : amount.toFixed(1);
  };
  return limit === null ? `${shown(used)} ${name}` : `${shown(used)} of ${shown(limit)} ${name}`;
}

/** `12 s`, `4 min 02 s`, `5 h 02 min`, `3 d 4 h`: an age of which the second part matters, too. */
export function exactAge(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
  return `${count(Math.floor(whole / 86_400))} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** `0.4 s`, `12.3 s`, `2 min 04 s`. */
export function took(millis: number): string {
  return millis < 60_000 ? `${(millis / 1000).toFixed(1)} s` : exactAge(millis / 1000);
}

/** `14:24:05`. */
export function timeOfDay(at: number): string {
  return new Date(at * 1000).toLocaleTimeString("en-GB");
}
