import type { PlaceView } from "../../ipc/bindings";
import { outliving } from "../../state/outliving.svelte";
import { samePlace } from "../../state/place";
import type { Comparison, Session } from "../../state/session.svelte";
import { Sides } from "./sides.svelte";
import { Timeline } from "./timeline.svelte";

/** What was chosen on the Snapshots page; it outlives the page. */
export class Snapshots {
  readonly timeline: Timeline;
  readonly sides: Sides;
  /** The row that the keyboard acts on, by key. */
  active = $state.raw<string | null>(null);
  #place: PlaceView | null = null;
  #asked: Comparison | null = null;

  constructor(session: Session) {
    this.timeline = new Timeline(session.host);
    this.sides = new Sides(session.host);
  }

  /**
   * The page is shown for an environment. What was asked for elsewhere is compared, once; else a new environment
   * becomes B, beside the one it is usually compared with.
   */
  arrive(place: PlaceView, counterpart: string | null, asked: Comparison | null): void {
    const moved = !samePlace(place, this.#place);
    this.#place = place;
    if (asked !== null && asked !== this.#asked) {
      this.#asked = asked;
      this.sides.query = asked.flag ?? "";
      this.sides.tab = "all";
      this.sides.choose(asked.a, asked.b);
    } else if (moved) {
      const at = (environment: string) => ({ connection: place.connection, environment, moment: null });
      this.sides.choose(at(counterpart ?? place.environment), at(place.environment));
    }
  }
}

/** The Snapshots page of a session. */
export const snapshotsOf = outliving((session) => new Snapshots(session));
