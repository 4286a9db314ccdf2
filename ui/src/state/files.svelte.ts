import type { ChosenFileView, FileProgress } from "../ipc/bindings";
import { asHostError, HostError } from "../ipc/host";
import { text } from "../strings";
import { base64, type Handover, SLICE_BYTES } from "./file-slices";
import type { Session } from "./session.svelte";

/** How far the opening of a snapshot file is. */
export type Opening =
  | { step: "choose" }
  | { step: "reading"; handover: Handover }
  | { step: "looking"; name: string }
  | { step: "chosen"; file: ChosenFileView }
  | { step: "opening"; file: ChosenFileView; progress: FileProgress };

/** What is over before this shows no progress, in milliseconds: it would only flash. */
const SHOWN_FROM = 400;

/** Snapshot files as they are opened: chosen or dropped, handed over, looked into, and opened. */
export class Files {
  /** Null while no file is being opened. */
  opening = $state.raw<Opening | null>(null);
  error = $state.raw<HostError | null>(null);
  /** The chosen file is being opened. */
  busy = $state(false);

  readonly #session: Session;
  #turn = 0;
  /** What the application keeps for us. */
  #kept: string | null = null;
  #offered: string | null = null;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Asks for a file. */
  begin(): void {
    if (this.opening === null) this.opening = { step: "choose" };
  }

  /** A file that was handed to the application waits: it is asked about once. */
  offer(file: ChosenFileView): void {
    if (this.#offered === file.id) return;
    this.#offered = file.id;
    this.#abandon();
    this.#kept = file.id;
    this.error = null;
    this.opening = { step: "chosen", file };
  }

  /** Reads a file that was chosen or dropped. Nothing is imported by that. */
  async read(file: File): Promise<void> {
    this.#abandon();
    const turn = this.#turn;
    const { host } = this.#session;
    const { name, size } = file;
    this.error = null;
    this.opening = { step: "reading", handover: { name, done: 0, total: size } };
    try {
      const id = await host.chooseFile(name);
      if (turn !== this.#turn) return this.#drop(id);
      this.#kept = id;
      for (let from = 0; from < size; from += SLICE_BYTES) {
        const until = Math.min(from + SLICE_BYTES, size);
        const slice = await base64(file, from, until).catch((thrown) => {
          throw unreadable(name, thrown);
        });
        if (turn !== this.#turn) return;
        await host.feedFile(id, slice);
        if (turn !== this.#turn) return;
        this.opening = { step: "reading", handover: { name, done: until, total: size } };
      }
      this.opening = { step: "looking", name };
      const chosen = await host.lookIntoFile(id, null);
      if (turn === this.#turn) this.opening = { step: "chosen", file: chosen };
    } catch (thrown) {
      if (turn !== this.#turn) return;
      this.error = asHostError(thrown);
      this.#abandon();
      this.opening = { step: "choose" };
    }
  }

  /** Opens the chosen file and shows it. */
  async open(passphrase: string | null): Promise<void> {
    const { opening } = this;
    if (opening?.step !== "chosen" || this.busy) return;
    const { file } = opening;
    const turn = this.#turn;
    const began = performance.now();
    const end = this.#session.host.onFileProgress((progress) => {
      if (turn !== this.#turn || progress.file !== file.id || performance.now() - began < SHOWN_FROM) return;
      this.opening = { step: "opening", file, progress };
    });
    this.busy = true;
    this.error = null;
    try {
      const connection = await this.#session.host.openFile(file.id, passphrase);
      if (turn !== this.#turn) return;
      // It is a connection now, and no chosen file any more.
      this.#kept = null;
      this.opening = null;
      await this.#session.showConnection(connection);
      this.#session.toasts.say(text.files.open.opened(file.name));
    } catch (thrown) {
      // What was given up meanwhile is refused, which is what was wanted.
      if (turn !== this.#turn) return;
      this.error = asHostError(thrown);
      this.opening = { step: "chosen", file };
    } finally {
      end();
      if (turn === this.#turn) this.busy = false;
    }
  }

  /** Opens nothing. What is half open is given up, and nothing of it is left. */
  close(): void {
    this.#abandon();
    this.opening = null;
    this.error = null;
  }

  #abandon(): void {
    this.#turn += 1;
    this.busy = false;
    if (this.#kept !== null) this.#drop(this.#kept);
    this.#kept = null;
  }

  #drop(id: string): void {
    // It may be gone already.
    void this.#session.host.dropFile(id).catch(() => undefined);
  }
}

function unreadable(name: string, thrown: unknown): HostError {
  const words = text.files.open;
  return new HostError({
    code: "input",
    sentence: words.unreadable(name),
    cause: words.unreadableCause,
    next_step: words.unreadableNext,
    detail: thrown instanceof Error ? thrown.message : null,
    retry_at: null,
    field: null,
    evidence: [],
    remedy: null,
    said: [],
  });
}
