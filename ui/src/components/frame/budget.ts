import type { BudgetView, FreshnessView, StatusView } from "../../ipc/bindings";

/** How a budget stands: nothing known, known and enough, less than a fifth left, none left or paused. */
export type BudgetStanding = "unknown" | "enough" | "low" | "empty";

/** What may be said of a budget at a moment. */
export interface BudgetReading {
  budget: BudgetView;
  standing: BudgetStanding;
  /** Requests left; null when nobody knows. */
  remaining: number | null;
  /** When there are more, in seconds since the Unix epoch. */
  until: number | null;
}

const LOW_SHARE = 0.2;

/** Reads a budget at a moment: once its window is over, nobody knows what is left. */
export function readBudget(budget: BudgetView, now: number): BudgetReading {
  if (budget.paused_until !== null && budget.paused_until > now) {
    return { budget, standing: "empty", remaining: 0, until: budget.paused_until };
  }
  const over = budget.resets_at !== null && budget.resets_at <= now;
  const { remaining, limit } = budget;
  if (over || remaining === null) return { budget, standing: "unknown", remaining: null, until: null };
  const low = limit !== null && remaining < limit * LOW_SHARE;
  const standing = remaining === 0 ? "empty" : low ? "low" : "enough";
  return { budget, standing, remaining, until: budget.resets_at };
}

/** Every budget at a moment: what takes nothing comes first, then the host's order, the scarcest first. */
export function readBudgets(status: StatusView | null, now: number): BudgetReading[] {
  const readings = (status?.budgets ?? []).map((budget) => readBudget(budget, now));
  const empty = readings.filter(({ standing }) => standing === "empty");
  return [...empty, ...readings.filter(({ standing }) => standing !== "empty")];
}

/** The budget that holds everything up, the one that opens last; null when none does or nobody knows how long. */
export function pausedBudget(status: StatusView | null, now: number): BudgetReading | null {
  return readBudgets(status, now)
    .filter(({ standing, until }) => standing === "empty" && until !== null)
    .reduce<BudgetReading | null>(
      (last, reading) => ((reading.until ?? 0) > (last?.until ?? 0) ? reading : last),
      null,
    );
}

/**
 * The pause that holds everything up: either the service said when to come back, or its window has nothing left.
 * `otherwise` says why when no budget does.
 */
export function pauseOf(
  status: StatusView | null,
  freshness: FreshnessView | null,
  now: number,
  otherwise: string,
): { at: number; asked: string } | null {
  const budget = pausedBudget(status, now);
  const at = budget?.until ?? freshness?.retry_at ?? null;
  if (at === null || at <= now) return null;
  return { at, asked: budget?.budget.known ?? otherwise };
}

/** What waits for its turn. */
export interface Waiting {
  requests: number;
  /** How long the slowest of it takes; null when unknown. */
  seconds: number | null;
}

/** What waits for a connection's budgets, all together: they are worked off side by side. */
export function waitingFor(status: StatusView | null): Waiting {
  const queues = (status?.budgets ?? []).filter(({ waiting }) => waiting > 0);
  const seconds = queues.map(({ waiting_seconds }) => waiting_seconds);
  return {
    requests: queues.reduce((sum, { waiting }) => sum + waiting, 0),
    seconds: seconds.every((each) => each !== null) && seconds.length > 0 ? Math.max(...seconds) : null,
  };
}
