import type {
  ComparisonView,
  DifferenceView,
  PreviewRequest,
  PreviewView,
  SurfaceChoiceView,
} from "../../ipc/bindings";
import { asHostError, type Host, type HostError } from "../../ipc/host";
import { placeKey } from "../../state/place";

/** An answer of a server, and what was on screen when it was asked. */
interface Compared {
  view: ComparisonView;
  request: PreviewRequest;
  question: string;
  /** When the mirror's content had last changed. */
  mirrorOf: number | null;
}

/** How old a comparison is: of what is on screen, or of what was there before. */
export type ComparisonAge = "current" | "typed" | "synced";

/** Asking a server for the same identity. */
export class Comparing {
  /** The servers of a connection; none while they are not known. */
  surfaces = $state.raw<SurfaceChoiceView[]>([]);
  /** Which of them is asked, by its place in `surfaces`. */
  chosen = $state("0");
  comparing = $state(false);
  error = $state.raw<HostError | null>(null);
  #compared = $state.raw<Compared | null>(null);
  #surfacesOf: string | null = null;
  #turn = 0;

  readonly view: ComparisonView | null = $derived(this.#compared?.view ?? null);
  readonly differences: ReadonlyMap<string, DifferenceView> = $derived(
    new Map(this.view?.differences.map((difference) => [difference.flag, difference])),
  );

  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Reads which servers a connection has. Without them there is nobody to compare with. */
  async readSurfaces(connection: string): Promise<void> {
    if (this.#surfacesOf === connection) return;
    this.#surfacesOf = connection;
    this.surfaces = [];
    this.chosen = "0";
    try {
      const surfaces = await this.#host.surfaces(connection);
      if (this.#surfacesOf === connection) this.surfaces = surfaces;
    } catch {
      // Without a server there is nobody to ask; the next visit asks again who there is.
      this.#surfacesOf = null;
    }
  }

  /** Asks the chosen server for what is on screen. */
  async compare(request: PreviewRequest, question: string, result: PreviewView): Promise<void> {
    const surface = this.surfaces[Number(this.chosen)]?.surface;
    if (surface === undefined || this.comparing) return;
    const turn = ++this.#turn;
    this.comparing = true;
    this.error = null;
    try {
      const view = await this.#host.compare({ preview: request, surface });
      if (turn !== this.#turn) return;
      this.#compared = { view, request, question, mirrorOf: result.freshness.changed_at };
    } catch (thrown) {
      if (turn === this.#turn) this.error = asHostError(thrown);
    } finally {
      if (turn === this.#turn) this.comparing = false;
    }
  }

  /** Forgets an answer about another place than this one. */
  keepFor(place: { connection: string; environment: string }): void {
    const of = this.#compared?.request;
    if (of && placeKey(of) !== placeKey(place)) this.forget();
  }

  forget(): void {
    this.#turn += 1;
    this.#compared = null;
    this.error = null;
    this.comparing = false;
  }

  /** Whether the answer is about what is on screen. */
  age(question: string, result: PreviewView | null): ComparisonAge {
    const compared = this.#compared;
    if (compared === null || compared.question !== question) return "typed";
    const same = result === null || result.freshness.changed_at === compared.mirrorOf;
    return same ? "current" : "synced";
  }
}
