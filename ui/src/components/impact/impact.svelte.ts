import type { ImpactRequest, ImpactView } from "../../ipc/bindings";
import { asHostError, type Host, type HostError } from "../../ipc/host";
import { flagKey } from "../../state/place";

/** A wait of this length is told. */
const SLOW_MS = 300;

/**
 * What edits would do to one flag, asked while they are typed: one question at a time, and of those typed
 * meanwhile only the newest.
 */
export class Impact {
  /** The last answer for the flag on screen. */
  view = $state.raw<ImpactView | null>(null);
  error = $state.raw<HostError | null>(null);
  /** The wait is long enough to be told. */
  slow = $state(false);
  #asked = $state("");
  #answered = $state("");
  /** Whether `view` answers what is asked, and not what was asked before. */
  readonly current = $derived(this.view !== null && this.#asked === this.#answered);

  readonly #host: Host;
  #about = "";
  #waiting: ImpactRequest | null = null;
  #running = false;
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Asks. `state` names the state of the mirror that the answer is about. */
  ask(request: ImpactRequest, state: string): void {
    const question = JSON.stringify([request, state]);
    if (question === this.#asked && this.error === null) return;
    // What is counted of another time answers nothing that is asked now.
    const about = `${flagKey(request, request.flag)}\u0000${request.moment ?? ""}`;
    if (about !== this.#about) this.view = null;
    this.#about = about;
    this.#asked = question;
    this.#turn += 1;
    this.#waiting = request;
    if (this.#timer === undefined) this.#timer = setTimeout(() => (this.slow = true), SLOW_MS);
    void this.#askWaiting();
  }

  /** Stops asking: an answer that is still on its way is not shown. */
  rest(): void {
    this.#turn += 1;
    this.#waiting = null;
    this.#asked = "";
    this.#about = "";
    this.view = null;
    this.error = null;
    this.#settle();
  }

  async #askWaiting(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting !== null) {
      const request: ImpactRequest = this.#waiting;
      const [question, turn, about] = [this.#asked, this.#turn, this.#about];
      this.#waiting = null;
      // Also one that is no longer the newest is kept, marked as older, so that typing can be followed.
      const wanted = () => turn === this.#turn || (this.#waiting !== null && about === this.#about);
      try {
        const view = await this.#host.impact(request);
        if (!wanted()) continue;
        this.view = view;
        this.#answered = question;
        this.error = null;
      } catch (thrown) {
        if (turn !== this.#turn) continue;
        this.view = null;
        this.error = asHostError(thrown);
      }
    }
    this.#running = false;
    this.#settle();
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.slow = false;
  }
}
