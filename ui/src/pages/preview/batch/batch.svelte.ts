import type {
  BatchProgress,
  BatchView,
  CohortChoiceView,
  DraftEditView,
  EnvironmentView,
  PlaceView,
} from "../../../ipc/bindings";
import { asHostError, type Host, type HostError } from "../../../ipc/host";
import { outliving } from "../../../state/outliving.svelte";
import { samePlace } from "../../../state/place";
import { CohortFile } from "./cohort-file.svelte";
import { MadeUp } from "./made-up.svelte";

/** Whom to evaluate. */
export type Choice = CohortChoiceView["cohort"];

/** A run that goes on. */
export interface Running {
  job: string;
  environment: string;
  /** In milliseconds, as `performance.now()` counts. */
  began: number;
  progress: BatchProgress | null;
  perSecond: number | null;
  stopping: boolean;
}

/** What a run found, and where and against what. */
export interface Found {
  view: BatchView;
  place: PlaceView;
  /** When the mirror had last changed as it was run. */
  changedAt: number | null;
}

/** Many identities at once: whom, with which edits, and what came of it. Outlives the page. */
export class Batch {
  choice = $state<Choice>("file");
  /** Weigh what is typed in the flag panel. */
  withEdits = $state(true);
  /** How many personas there are; null until it is known. */
  personas = $state<number | null>(null);
  running = $state.raw<Running | null>(null);
  found = $state.raw<Found | null>(null);
  error = $state.raw<HostError | null>(null);

  readonly file: CohortFile;
  readonly madeUp: MadeUp;
  readonly #host: Host;
  #jobs = 0;

  constructor(host: Host) {
    this.#host = host;
    this.file = new CohortFile(host);
    this.madeUp = new MadeUp(host);
  }

  /** Whether whoever was chosen can be evaluated. */
  readonly ready: boolean = $derived.by(() => {
    switch (this.choice) {
      case "file":
        return this.file.view !== null && this.file.reading === null;
      case "generated":
        return this.madeUp.ready;
      case "personas":
        return this.personas !== 0;
      case "overridden":
        return true;
    }
  });

  /** The result of the place on screen. */
  foundIn(place: PlaceView): Found | null {
    return this.found !== null && samePlace(this.found.place, place) ? this.found : null;
  }

  async countPersonas(connection: string): Promise<void> {
    this.personas = null;
    try {
      this.personas = (await this.#host.personas(connection)).length;
    } catch {
      // The run tells what is the matter.
    }
  }

  /** Runs. The last result stays until this one is there. */
  async run(
    place: PlaceView,
    environment: EnvironmentView,
    edits: DraftEditView[],
    moment: string | null = null,
  ): Promise<void> {
    const cohort = this.#cohort();
    if (this.running !== null || cohort === null) return;
    this.#jobs += 1;
    const job = `batch-${Date.now()}-${this.#jobs}`;
    this.error = null;
    this.running = {
      job,
      environment: environment.name,
      began: performance.now(),
      progress: null,
      perSecond: null,
      stopping: false,
    };
    const changedAt = environment.freshness.changed_at;
    const end = this.#host.onBatchProgress((progress) => this.#follow(progress));
    try {
      const view = await this.#host.runBatch({
        job,
        ...place,
        cohort,
        edits,
        moment,
        change_set: null,
      });
      this.found = { view, place: { ...place }, changedAt };
    } catch (thrown) {
      this.error = asHostError(thrown);
    } finally {
      end();
      this.running = null;
    }
  }

  /** Stops the run; what was evaluated until then is its result. */
  async cancel(): Promise<void> {
    const { running } = this;
    if (running === null || running.stopping) return;
    this.running = { ...running, stopping: true };
    try {
      await this.#host.cancelBatch(running.job);
    } catch (thrown) {
      this.error = asHostError(thrown);
      if (this.running?.job === running.job) this.running = { ...this.running, stopping: false };
    }
  }

  #follow(progress: BatchProgress): void {
    const { running } = this;
    if (running === null || progress.job !== running.job) return;
    const seconds = (performance.now() - running.began) / 1000;
    const perSecond = progress.done > 0 && seconds > 0 ? rounded(progress.done / seconds) : null;
    this.running = { ...running, progress, perSecond };
  }

  #cohort(): CohortChoiceView | null {
    if (!this.ready) return null;
    switch (this.choice) {
      case "file":
        return this.file.view === null ? null : { cohort: "file", id: this.file.view.id };
      case "generated":
        return this.madeUp.choice;
      default:
        return { cohort: this.choice };
    }
  }
}

/** Two digits, so that a rate can be read while it changes. */
function rounded(value: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return Math.round(value / step) * step;
}

/** The batch of a session: what was chosen and the last result outlive the page. */
export const batchOf = outliving((session) => new Batch(session.host));
