import type { DoctorChoiceView, DoctorProgress, DoctorStepView, SurfaceNameView } from "../../ipc/bindings";
import { asHostError, type Host, type HostError } from "../../ipc/host";

/** A run of the doctor, while it goes on and after it. */
export interface Run {
  id: string;
  connection: string;
  /** What it looks at. */
  key: string;
  steps: DoctorStepView[];
  /** When it began; null until its end. */
  at: number | null;
  stopped: boolean;
  /** As text to copy; null until its end. */
  report: string | null;
}

/** One string for a choice, to look it up by. */
export function choiceKey(choice: Pick<DoctorChoiceView, "surface" | "environment">): string {
  return [choice.surface.kind, choice.surface.address, choice.environment].join("\u0000");
}

/** Whether two names mean the same surface. */
export function sameSurface(one: SurfaceNameView, other: SurfaceNameView): boolean {
  return one.kind === other.kind && one.address === other.address;
}

/** The choice that is about a surface, of an environment where there is one. */
export function choiceFor(
  choices: DoctorChoiceView[],
  surface: SurfaceNameView,
  environment: string | null,
): DoctorChoiceView | null {
  const about = choices.filter((each) => sameSurface(each.surface, surface));
  return about.find((each) => each.environment === environment) ?? about[0] ?? null;
}

/** Looks at one surface at a time, step by step. */
export class Doctor {
  /** The chosen surface, by its key; null for the first. */
  chosen = $state<string | null>(null);
  run = $state.raw<Run | null>(null);
  running = $state(false);
  stopping = $state(false);
  /** Why a run came to nothing, and which. */
  failed = $state.raw<{ connection: string; key: string; error: HostError } | null>(null);

  readonly #host: Host;
  #runs = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Looks at a surface. A run that goes on is not disturbed. */
  async look(connection: string, choice: DoctorChoiceView): Promise<void> {
    if (this.running) return;
    this.#runs += 1;
    const id = `doctor-${Date.now()}-${this.#runs}`;
    const { surface, environment } = choice;
    this.chosen = choiceKey(choice);
    const run = { id, connection, key: this.chosen, steps: [], at: null, stopped: false, report: null };
    this.run = run;
    this.failed = null;
    this.running = true;
    const end = this.#host.onDoctorProgress((progress) => this.#follow(progress));
    try {
      const { steps, at, stopped, report } = await this.#host.runDoctor({
        run: id,
        connection,
        environment,
        surface,
      });
      this.run = { ...run, steps, at, stopped, report };
    } catch (thrown) {
      this.failed = { connection, key: run.key, error: asHostError(thrown) };
      this.run = null;
    } finally {
      end();
      this.running = false;
      this.stopping = false;
    }
  }

  /** Stops the run; what was found until then stays. */
  async stop(): Promise<void> {
    const { run } = this;
    if (!this.running || this.stopping || run === null) return;
    this.stopping = true;
    try {
      await this.#host.stopDoctor(run.id);
    } catch {
      // It goes on, which is what the card shows; it can be stopped again.
      this.stopping = false;
    }
  }

  #follow({ run: id, step }: DoctorProgress): void {
    const { run } = this;
    if (run === null || run.id !== id) return;
    const known = run.steps.some((each) => each.id === step.id);
    const steps = known ? run.steps.map((each) => (each.id === step.id ? step : each)) : [...run.steps, step];
    this.run = { ...run, steps };
  }
}
