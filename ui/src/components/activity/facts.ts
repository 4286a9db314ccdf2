import type { ExchangeDetailView, ExchangeView } from "../../ipc/bindings";
import { text } from "../../strings";
import { duration, exactTime } from "../../strings/activity";
import { count } from "../../strings/numbers";
import { fullTime } from "../../strings/time";

/** One line about a request. */
export interface Fact {
  name: string;
  value: string;
  /** Written in the font of values. */
  mono?: boolean;
}

const words = text.activity;
const names = words.facts;

/** What was asked. The address is known once the rest is read. */
export function askedFacts(row: ExchangeView, detail: ExchangeDetailView | null): Fact[] {
  return [
    { name: names.sent, value: `${fullTime(row.at)} (${exactTime(row.at, row.at_millis)})` },
    { name: names.connection, value: row.connection ?? words.noConnection },
    { name: names.surface, value: row.surface },
    { name: names.address, value: `${detail?.origin ?? ""}${row.path}`, mono: true },
    { name: names.urgency, value: row.background ? words.nobody : words.somebody },
    { name: names.attempt, value: row.attempt <= 1 ? words.firstAttempt : words.attempt(row.attempt) },
    { name: names.waited, value: row.waited_millis === 0 ? words.notWaited : duration(row.waited_millis) },
  ];
}

/** What came back. What the service does not tell is said to be unknown. */
export function answeredFacts(row: ExchangeView, detail: ExchangeDetailView | null): Fact[] {
  const ahead = detail?.clock_ahead_seconds ?? null;
  return [
    { name: names.status, value: words.status(row.status, row.outcome) },
    { name: names.took, value: duration(row.took_millis) },
    { name: names.bytes, value: words.bytes(row.bytes) },
    { name: names.left, value: row.budget_left === null ? words.unknown : count(row.budget_left) },
    { name: names.requestId, value: detail?.request_id ?? words.unknown, mono: detail?.request_id != null },
    { name: names.version, value: detail?.server_version ?? words.unknown },
    { name: names.clock, value: ahead === null ? words.unknown : words.clockAhead(ahead) },
  ];
}

/** A request as text, for whoever helps. */
export function factsAsText(detail: ExchangeDetailView): string {
  const { row, error } = detail;
  const facts = [...askedFacts(row, detail), ...answeredFacts(row, detail)];
  return [
    `${row.method} ${row.path}`,
    ...facts.map(({ name, value }) => `${name}: ${value}`),
    ...(error === null
      ? []
      : [error.sentence, error.cause, ...error.evidence, error.next_step, error.detail].filter(
          (part) => part !== null,
        )),
  ].join("\n");
}
