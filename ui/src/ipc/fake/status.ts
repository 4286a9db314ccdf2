/** What the status bar shows of the fake service. */
import type { BudgetView, HealthView, StatusView } from "../bindings";
import type { Situation } from "./health-views";
import type { FakeConnection } from "./world";

const PAUSE_SECONDS = 18;

/** What waits for the budgets, and since when the service asks for a pause. */
export class FakeQueue {
  /** When the pause ends, in seconds since the Unix epoch. */
  readonly pausedUntil: number;
  #waiting: number;

  constructor(begun: number, situation: Situation) {
    this.pausedUntil = begun + PAUSE_SECONDS;
    this.#waiting = situation === "rate-limited" || situation === "limits" ? 62 : 0;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Gives everything up; answers how much it was. */
  giveUp(): number {
    const given = this.#waiting;
    this.#waiting = 0;
    return given;
  }
}

/** The status of a connection. */
export function statusOf(
  connection: FakeConnection,
  situation: Situation,
  health: HealthView,
  queue: FakeQueue,
  now: number,
): StatusView {
  const tried = situation !== "unread";
  const offline = situation === "offline" || connection.key === "missing";
  const name = connection.service === "flagsmith" ? "Flagsmith 2.265.0" : "EdgeFlags";
  const paused = situation === "rate-limited" && queue.pausedUntil > now;
  return {
    connected: tried && !offline,
    sentence: offline ? "Not connected" : `Connected, ${name}`,
    tried,
    budgets: !tried || offline ? [] : budgetsOf(connection, situation, paused, queue, now),
    writes: (paused && queue.waiting > 0 ? 5 : 0) + queuedEdits(connection),
    incidents: health.status_feed.incidents.map(({ title }) => title),
    warnings: health.warnings.length,
  };
}

function queuedEdits({ changeSets }: FakeConnection): number {
  const waits = ["queued", "waiting", "sending"];
  return changeSets.flatMap(({ edits }) => edits).filter(({ status }) => waits.includes(status.status))
    .length;
}

function budgetsOf(
  connection: FakeConnection,
  situation: Situation,
  paused: boolean,
  queue: FakeQueue,
  now: number,
): BudgetView[] {
  const waiting = { waiting: queue.waiting, waiting_seconds: queue.waiting > 0 ? 15 : null };
  if (connection.service === "flagsmith") {
    return [
      {
        name: "Admin",
        remaining: paused ? 0 : situation === "limits" ? 61 : 412,
        limit: 500,
        resets_at: paused ? queue.pausedUntil : now + 23,
        paused_until: paused ? queue.pausedUntil : null,
        known: paused
          ? "Flagsmith answered 429 and asked for a pause of 18 s."
          : "Counted here against the documented limit of 500 a minute.",
        ...waiting,
      },
    ];
  }
  const known = "Told by the service with each answer.";
  const open = { resets_at: now + 23, paused_until: null, known, waiting: 0, waiting_seconds: null };
  return [
    { name: "Management", remaining: 812, limit: 1000, ...open },
    { name: "Evaluation", remaining: 9_204, limit: 10_000, ...open },
  ];
}
