import type { PreviewRequest, TraceView } from "../../ipc/bindings";
import { asHostError, type Host, type HostError } from "../../ipc/host";

/** Which row is open, and how it came to its value. */
export class Tracing {
  /** The flag whose row is open. */
  open = $state<string | null>(null);
  /** The last trace; of the open flag, or none. */
  view = $state.raw<TraceView | null>(null);
  error = $state.raw<HostError | null>(null);

  readonly #host: Host;
  #waiting: { request: PreviewRequest; flag: string } | null = null;
  #running = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Opens a row, or closes it. */
  toggle(flag: string): void {
    if (this.open === flag) this.close();
    else {
      this.close();
      this.open = flag;
    }
  }

  close(): void {
    this.open = null;
    this.view = null;
    this.error = null;
    this.#waiting = null;
  }

  /** Asks for the trace of the open row. One at a time: of what comes meanwhile, the newest is asked next. */
  async ask(request: PreviewRequest): Promise<void> {
    if (this.open === null) return;
    this.#waiting = { request, flag: this.open };
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting !== null) {
      const asked: { request: PreviewRequest; flag: string } = this.#waiting;
      this.#waiting = null;
      await this.#read(asked.request, asked.flag);
    }
    this.#running = false;
  }

  async #read(request: PreviewRequest, flag: string): Promise<void> {
    try {
      const view = await this.#host.trace(request, flag);
      if (flag !== this.open) return;
      this.view = view;
      this.error = null;
    } catch (thrown) {
      if (flag === this.open) this.error = asHostError(thrown);
    }
  }
}
