import type { ExchangeOutcomeView, SurfaceKindView } from "../ipc/bindings";
import { count, plural } from "./numbers";

/** How outcomes are called; `failed` is every one that is none of the first two. */
const outcomes: Record<ExchangeOutcomeView, string> = {
  done: "Done",
  unchanged: "Unchanged",
  throttled: "Paused",
  refused: "Refused",
  server_fault: "Server fault",
  broken: "No answer",
};

const surfaces: Record<Exclude<SurfaceKindView, "mirror">, string> = {
  admin: "Admin API",
  flags_api: "Flags API",
  edge_proxy: "Edge Proxy",
};

/** Requests that were made. */
export const activity = {
  title: "Activity",
  grid: "Requests",
  reading: "Reading requests",
  filter: "Filter requests",
  filterHint: (total: number) => `Filter ${plural(total, "request")}`,
  clearFilter: "Clear the filter",
  chips: { outcome: "Outcome", surface: "Surface", of: "Of" },
  failed: "Failed",
  outcomes,
  surfaces,
  scopes: { here: "this connection", all: "all connections" },
  shown: (total: number) => plural(total, "request"),
  fresh: (value: number, atLeast: boolean) => `${count(value)}${atLeast ? " or more" : ""} new`,
  showFresh: (value: number, atLeast: boolean) =>
    `Show ${count(value)}${atLeast ? " or more" : ""} new ${value === 1 ? "request" : "requests"}`,
  columns: {
    time: "Time",
    method: "Method",
    path: "Path",
    surface: "Surface",
    status: "Status",
    took: "Took",
    waited: "Waited",
    attempt: "Try",
    left: "Left",
  },
  status: (status: number | null, outcome: ExchangeOutcomeView) =>
    status === null ? outcomes[outcome] : `${status} ${outcomes[outcome]}`,
  rowName: (method: string, path: string, status: string, took: string) =>
    `${method} ${path}, ${status}, ${took}`,
  attempt: (value: number) => `try ${count(value)}`,
  firstAttempt: "First try",
  background: "Background: nobody waited for it",
  none: "None",
  unknown: "Not known",
  empty: "No requests yet",
  emptyHint: (kept: number) =>
    `Every request that Halyard makes is listed here, the newest ${count(kept)} of them.`,
  noMatch: "No request matches the filter",
  export: "Export",
  exportHint: (total: number) =>
    `${plural(total, "listed request")}, without keys, query values and personal data.`,
  formats: { csv: "Copy as CSV", json_lines: "Copy as JSON lines" },
  copied: (total: number) => `${plural(total, "request")} copied`,
  notCopied: "The clipboard does not answer. Nothing was copied.",
  clear: "Forget requests",
  clearTitle: (connection: string | null) =>
    connection === null ? "Forget all requests?" : `Forget the requests of ${connection}?`,
  clearLead: "The list on this computer is emptied. Nothing changes on a server.",
  clearConfirm: "Forget requests",
  keep: "Keep",
  panel: (method: string, path: string) => `${method} ${path}`,
  closePanel: "Close the panel",
  copyRequest: "Copy this request",
  requestCopied: "Copied",
  request: "Request",
  answer: "Answer",
  facts: {
    sent: "Sent",
    connection: "Connection",
    surface: "Surface",
    address: "Address",
    status: "Status",
    took: "Took",
    waited: "Waited for its turn",
    attempt: "Attempt",
    urgency: "Asked by",
    bytes: "Size",
    left: "Requests left after it",
    requestId: "Request ID",
    version: "Server version",
    clock: "Server clock",
  },
  noConnection: "None yet",
  somebody: "Somebody who waited",
  nobody: "Background",
  notWaited: "No",
  bytes: (value: number) =>
    value < 1024 ? `${count(value)} B` : `${(value / 1024).toFixed(value < 10_240 ? 1 : 0)} KB`,
  clockAhead: (seconds: number) =>
    Math.abs(seconds) <= 1
      ? "As here, within a second"
      : `${count(Math.abs(seconds))} s ${seconds > 0 ? "ahead" : "behind"}`,
};

/** `212 ms`, `1.24 s`, `31 s`: how long a request took. */
export function duration(millis: number): string {
  if (millis < 1000) return `${millis} ms`;
  const seconds = millis / 1000;
  return `${seconds.toFixed(seconds < 10 ? 2 : seconds < 100 ? 1 : 0)} s`;
}

/** `14:36:08.211`: a moment of today to the millisecond. */
export function exactTime(at: number, millis: number): string {
  const time = new Date(at * 1000).toLocaleTimeString("en-GB");
  return `${time}.${String(millis).padStart(3, "0")}`;
}
