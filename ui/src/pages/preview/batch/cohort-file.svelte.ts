import type { CohortFileView } from "../../../ipc/bindings";
import { asHostError, type Host, HostError } from "../../../ipc/host";
import { base64, type Handover, SLICE_BYTES } from "../../../state/file-slices";
import { text } from "../../../strings";

const words = text.batch.file;

/** A file of identities: chosen, handed over in slices, and read by the application. */
export class CohortFile {
  view = $state.raw<CohortFileView | null>(null);
  error = $state.raw<HostError | null>(null);
  reading = $state.raw<Handover | null>(null);

  readonly #host: Host;
  #turn = 0;
  /** What the application keeps for us. */
  #open: string | null = null;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Reads a file. The one before is kept until this one is read. */
  async read(file: File): Promise<void> {
    this.#abandon();
    const turn = this.#turn;
    this.error = null;
    this.reading = { name: file.name, done: 0, total: file.size };
    try {
      const id = await this.#host.openCohort(file.name);
      if (turn !== this.#turn) return this.#drop(id);
      this.#open = id;
      for (let from = 0; from < file.size; from += SLICE_BYTES) {
        const slice = await base64(file, from, Math.min(from + SLICE_BYTES, file.size)).catch((thrown) => {
          throw unreadable(file.name, thrown);
        });
        if (turn !== this.#turn) return;
        await this.#host.writeCohort(id, slice);
        if (turn !== this.#turn) return;
        this.reading = { name: file.name, done: Math.min(from + SLICE_BYTES, file.size), total: file.size };
      }
      const view = await this.#host.closeCohort(id);
      if (turn !== this.#turn) return;
      this.#open = null;
      if (this.view !== null) this.#drop(this.view.id);
      this.view = view;
    } catch (thrown) {
      if (turn !== this.#turn) return;
      this.error = asHostError(thrown);
      if (this.#open !== null) this.#drop(this.#open);
      this.#open = null;
    } finally {
      if (turn === this.#turn) this.reading = null;
    }
  }

  /** Gives up reading. */
  cancel(): void {
    this.#abandon();
    this.reading = null;
  }

  /** Forgets the file that was read. */
  remove(): void {
    if (this.view !== null) this.#drop(this.view.id);
    this.view = null;
    this.error = null;
  }

  #abandon(): void {
    this.#turn += 1;
    if (this.#open !== null) this.#drop(this.#open);
    this.#open = null;
  }

  #drop(id: string): void {
    // It may be gone already: the application keeps one file.
    void this.#host.dropCohort(id).catch(() => undefined);
  }
}

function unreadable(name: string, error: unknown): HostError {
  return new HostError({
    code: "input",
    sentence: words.unreadable(name),
    cause: words.unreadableCause,
    next_step: words.unreadableNext,
    detail: error instanceof Error ? error.message : null,
    retry_at: null,
    field: null,
    evidence: [],
    remedy: null,
    said: [],
  });
}
