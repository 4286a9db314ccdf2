import type { MomentView, PlaceView } from "../../ipc/bindings";
import { asHostError, type HostError } from "../../ipc/host";
import { coalesced } from "../../state/coalesced";
import type { Session } from "../../state/session.svelte";

/** The moments that touched a flag, the newest first. */
export class FlagHistory {
  /** Null before the first answer. */
  moments = $state.raw<MomentView[] | null>(null);
  error = $state.raw<HostError | null>(null);

  readonly load: () => Promise<void>;
  readonly #session: Session;

  constructor(
    session: Session,
    private readonly place: PlaceView,
    private readonly flag: string,
  ) {
    this.#session = session;
    this.load = coalesced(() => this.#read());
  }

  /** Reads, and again whenever a moment is added, until the answer is called. */
  start(): () => void {
    void this.load();
    return this.#session.host.onChanged(({ tags }) => {
      const { connection } = this.place;
      if (tags.some((tag) => tag.what === "timeline" && tag.connection === connection)) void this.load();
    });
  }

  async #read(): Promise<void> {
    const { connection, environment } = this.place;
    try {
      this.moments = await this.#session.host.flagHistory(connection, environment, this.flag);
      this.error = null;
    } catch (thrown) {
      this.error = asHostError(thrown);
    }
  }
}
