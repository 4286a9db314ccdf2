import { asHostError, type HostError } from "../ipc/host";

/** Something that is read from the host: its newest answer, kept while a newer one is read. */
export class Reading<T> {
  view = $state.raw<T | null>(null);
  /** Why there is no newer answer. */
  error = $state.raw<HostError | null>(null);
  busy = $state(false);

  #of: string | null = null;
  /** The newest question: an older answer that comes late is dropped. */
  #asked = 0;

  /** Reads what `of` names. The answer about something else is not kept meanwhile. */
  async read(of: string, ask: () => Promise<T>): Promise<void> {
    this.#asked += 1;
    const turn = this.#asked;
    if (of !== this.#of) {
      this.#of = of;
      this.view = null;
      this.error = null;
    }
    this.busy = true;
    try {
      const answer = await ask();
      if (turn !== this.#asked) return;
      this.view = answer;
      this.error = null;
    } catch (thrown) {
      if (turn === this.#asked) this.error = asHostError(thrown);
    } finally {
      if (turn === this.#asked) this.busy = false;
    }
  }
}
