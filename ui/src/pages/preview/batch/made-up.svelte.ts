import type { CohortChoiceView, PlaceView } from "../../../ipc/bindings";
import { asHostError, type Host, type HostError } from "../../../ipc/host";
import { placeKey } from "../../../state/place";
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

  /** Whether the traits are the suggested ones of a place. */
  isSuggestedFor(place: PlaceView): boolean {
    return this.#suggestedFor === placeKey(place);
  }

  get choice(): CohortChoiceView {
    return {
      cohort: "generated",
      count: Number(this.count),
      seed: Number(this.seed),
      ranges: toRanges($state.snapshot(this.ranges)),
    };
  }

  /** Suggests traits for a place, unless some were suggested or typed for it. */
  async suggestOnce(place: PlaceView): Promise<void> {
    if (this.isSuggestedFor(place) || this.#typedFor === placeKey(place)) return;
    await this.suggest(place);
  }

  /** Replaces the traits by those of the conditions of a place. */
  async suggest(place: PlaceView): Promise<void> {
    const turn = ++this.#turn;
    this.suggesting = true;
    this.error = null;
    this.#suggestedFor = placeKey(place);
    this.#typedFor = "";
    try {
      const ranges = await this.#host.suggestedRanges(place.connection, place.environment);
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
  typed(place: PlaceView): void {
    this.#typedFor = placeKey(place);
    this.#suggestedFor = "";
  }

  add(place: PlaceView): number {
    const id = this.#nextId++;
    this.ranges.push(draftOf(null, id));
    this.typed(place);
    return id;
  }

  remove(place: PlaceView, id: number): void {
    this.ranges = this.ranges.filter((range) => range.id !== id);
    this.typed(place);
  }
}
