import type { DemoFaultView, HealthView, PlaceView } from "../../ipc/bindings";
import { asHostError, type HostError } from "../../ipc/host";
import { coalesced } from "../../state/coalesced";
import { outliving } from "../../state/outliving.svelte";
import { samePlace } from "../../state/place";
import type { Session } from "../../state/session.svelte";
import { Doctor } from "./doctor.svelte";

/** What Health shows. The last answer stays until the next one, also while another page is on screen. */
export class Health {
  /** Why there is no newer answer. */
  error = $state.raw<HostError | null>(null);
  checking = $state(false);
  faults = $state.raw<DemoFaultView[]>([]);
  /** The chosen propagation check; null for the newest. */
  followed = $state<string | null>(null);

  readonly doctor: Doctor;
  readonly #session: Session;
  readonly #load: () => Promise<void>;
  #answer = $state.raw<{ place: PlaceView; view: HealthView } | null>(null);

  constructor(session: Session) {
    this.#session = session;
    this.doctor = new Doctor(session.host);
    this.#load = coalesced(() => this.#read());
  }

  /** The newest answer for the place on screen; null before the first. */
  readonly view: HealthView | null = $derived.by(() =>
    this.#answer !== null && samePlace(this.#answer.place, this.#session.place) ? this.#answer.view : null,
  );

  /** Reads again whenever something changed, until the answer is called. */
  start(): () => void {
    return this.#session.host.onChanged(({ tags }) => {
      const here = this.#session.place?.connection;
      // Freshness stands with each environment, so a refresh makes Health new, too.
      const mine = tags.some(
        (tag) => (tag.what === "health" || tag.what === "environment") && tag.connection === here,
      );
      if (mine) void this.load();
    });
  }

  load(): Promise<void> {
    return this.#load();
  }

  /** Has everything read from the services now. */
  async check(): Promise<void> {
    const { place } = this.#session;
    if (place === null || this.checking) return;
    this.checking = true;
    try {
      await this.#session.host.checkHealth(place.connection, place.environment);
      this.error = null;
    } catch (thrown) {
      this.#session.toasts.fail(asHostError(thrown));
    } finally {
      this.checking = false;
    }
    await this.load();
  }

  async setFault(id: string, on: boolean): Promise<void> {
    await this.#session.attempt(async () => {
      this.faults = await this.#session.host.setDemoFault(id, on);
    });
  }

  /** Follows a flag as it is now. Says whether it began. */
  async follow(flag: string): Promise<boolean> {
    const { place } = this.#session;
    if (place === null) return false;
    const began = await this.#session.attempt(async () => {
      this.followed = await this.#session.host.checkPropagation(place.connection, place.environment, flag);
    });
    await this.load();
    return began;
  }

  async stopFollowing(id: string): Promise<void> {
    await this.#session.attempt(() => this.#session.host.stopPropagation(id));
    await this.load();
  }

  async #read(): Promise<void> {
    const { place, host } = this.#session;
    if (place === null) return;
    try {
      const [view, faults] = await Promise.all([
        host.health(place.connection, place.environment),
        host.demoFaults(),
      ]);
      this.#answer = { place: { ...place }, view };
      this.faults = faults;
      this.error = null;
    } catch (thrown) {
      this.error = asHostError(thrown);
    }
  }
}

/** The health of a session: the doctor's last run and the last answer outlive the page. */
export const healthOf = outliving((session) => new Health(session));
