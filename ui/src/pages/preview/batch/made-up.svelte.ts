import type { AtView, CohortChoiceView } from "../../../ipc/bindings";
import { asHostError, type Host, type HostError } from "../../../ipc/host";
import { atKey } from "../../../state/place";
import { countProblem, draftOf, problemsOf, type RangeDraft, seedProblem, toRanges } from "./ranges";

/** Identities to make up: how many, and with which traits. */
export class MadeUp {
  count = $state("10000");
  seed = $state("1");
  ranges = $state<RangeDraft[]>([]);
  suggesting = $state(false);
  error = $state.raw<HostError | null>(null);
  /** Whose suggestion is on screen, and was not typed over. */
  #suggestedFor = $state("");

  readonly problems = $derived(problemsOf(this.ranges));
  readonly countProblem = $derived(countProblem(this.count));
  readonly seedProblem = $derived(seedProblem(this.seed));
  readonly ready: boolean = $derived(
    this.problems.size === 0 && this.countProblem === null && this.seedProblem === null && !this.suggesting,
  );

  readonly #host: Host;
  #nextId = 1;
  #turn = 0;
  #typedFor = "";

  constructor(host: Host) {
    this.#host = host;
  }

  /** Whether the traits are the suggested ones of an environment, now or at a moment. */
  isSuggestedFor(at: AtView): boolean {
    return this.#suggestedFor === atKey(at);
  }

  get choice(): CohortChoiceView {
    return {
      cohort: "generated",
      count: Number(this.count),
      seed: Number(this.seed),
      ranges: toRanges($state.snapshot(this.ranges)),
    };
  }

  /** Suggests traits for an environment, now or at a moment, unless some were suggested or typed for it. */
  async suggestOnce(at: AtView): Promise<void> {
    if (this.isSuggestedFor(at) || this.#typedFor === atKey(at)) return;
    await this.suggest(at);
  }

  /** Replaces the traits by those of the conditions there are. */
  async suggest(at: AtView): Promise<void> {
    const turn = ++this.#turn;
    this.suggesting = true;
    this.error = null;
    this.#suggestedFor = atKey(at);
    this.#typedFor = "";
    try {
      const ranges = await this.#host.suggestedRanges(at);
      if (turn !== this.#turn) return;
      this.ranges = ranges.map((range) => draftOf(range, this.#nextId++));
    } catch (thrown) {
      if (turn !== this.#turn) return;
      this.error = asHostError(thrown);
      this.#suggestedFor = "";
    } finally {
      if (turn === this.#turn) this.suggesting = false;
    }
  }

  /** Something was typed: it is no longer what was suggested. */
  typed(at: AtView): void {
    this.#typedFor = atKey(at);
    this.#suggestedFor = "";
  }

  add(at: AtView): number {
    const id = this.#nextId++;
    this.ranges.push(draftOf(null, id));
    this.typed(at);
    return id;
  }

  remove(at: AtView, id: number): void {
    this.ranges = this.ranges.filter((range) => range.id !== id);
    this.typed(at);
  }
}
