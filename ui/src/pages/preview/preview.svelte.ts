import type {
  ConnectionView,
  IdentityView,
  PlaceView,
  PreviewView,
  TraitKindView,
  TraitView,
} from "../../ipc/bindings";
import { asHostError, type Host, type HostError } from "../../ipc/host";
import { placeKey } from "../../state/place";
import type { Session } from "../../state/session.svelte";
import { editedNames, problemsOf, toViews, type TraitDraft, withKind } from "./traits";

/** After the last key, before the mirror is evaluated. */
const LOCAL_PAUSE_MS = 80;
/** The same where each evaluation is a request to the service. */
const REMOTE_PAUSE_MS = 400;
/** After the last key, before identities are searched. */
const SEARCH_PAUSE_MS = 200;

/** Whose flags are previewed, and the last answer. */
export class Preview {
  identifier = $state("");
  traits = $state<TraitDraft[]>([]);
  /** What the service stores, once an identity was picked. */
  stored = $state.raw<TraitView[] | null>(null);
  readingTraits = $state(false);
  traitsError = $state.raw<HostError | null>(null);

  suggestions = $state.raw<IdentityView[] | null>(null);
  searchError = $state.raw<HostError | null>(null);

  /** The last answer for the place on screen. */
  result = $state.raw<PreviewView | null>(null);
  error = $state.raw<HostError | null>(null);
  evaluating = $state(false);
  /** What was asked last, and what `result` answers: place, identifier and traits. */
  #asked = $state("");
  #answered = $state("");
  /** Whether `result` answers what is typed, and not what was typed before. */
  readonly current = $derived(this.result !== null && this.#asked === this.#answered);

  readonly problems = $derived(problemsOf(this.traits));
  readonly edited = $derived(this.stored === null ? [] : editedNames(this.traits, this.stored));

  readonly #host: Host;
  #nextTrait = 1;
  #turn = 0;
  #searchTurn = 0;
  #traitsTurn = 0;
  #resultOf = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #searchTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Asks again after a pause. Read what it depends on before calling: the call itself tracks nothing. */
  ask(place: PlaceView, connection: ConnectionView): void {
    clearTimeout(this.#timer);
    this.#turn += 1;
    const identifier = this.identifier.trim();
    this.#asked = this.#question(place);
    if (this.#resultOf !== placeKey(place) || identifier === "") {
      this.result = null;
      this.error = null;
    }
    this.evaluating = false;
    // Nobody is evaluated with the traits of somebody else.
    if (identifier === "" || this.readingTraits || this.problems.size > 0) return;
    this.#resultOf = placeKey(place);
    const turn = this.#turn;
    const pause = connection.service === "edge_flags" ? REMOTE_PAUSE_MS : LOCAL_PAUSE_MS;
    this.#timer = setTimeout(() => void this.#evaluate(place, identifier, turn), pause);
  }

  /** Stops asking, such as when the page is left. */
  rest(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#searchTimer);
    this.#turn += 1;
    this.#searchTurn += 1;
    this.suggestions = null;
  }

  /** The identifier was typed: its stored identity is no longer the one on screen. */
  type(place: PlaceView, connection: ConnectionView): void {
    this.searchError = null;
    clearTimeout(this.#searchTimer);
    this.#searchTurn += 1;
    const search = this.identifier.trim();
    if (search === "" || connection.service === "edge_flags") {
      this.suggestions = null;
      return;
    }
    const turn = this.#searchTurn;
    this.#searchTimer = setTimeout(() => void this.#search(place, search, turn), SEARCH_PAUSE_MS);
  }

  /** An identity was picked: its stored traits replace the ones on screen. */
  async pick(place: PlaceView, identity: IdentityView): Promise<void> {
    this.closeSuggestions();
    this.identifier = identity.identifier;
    this.readingTraits = true;
    this.traitsError = null;
    if (this.stored !== null) {
      this.stored = null;
      this.traits = [];
    }
    const turn = ++this.#traitsTurn;
    try {
      const traits = await this.#host.identityTraits(place.connection, place.environment, identity);
      if (turn !== this.#traitsTurn) return;
      this.stored = traits;
      this.reset();
    } catch (thrown) {
      if (turn === this.#traitsTurn) this.traitsError = asHostError(thrown);
    } finally {
      if (turn === this.#traitsTurn) this.readingTraits = false;
    }
  }

  closeSuggestions(): void {
    clearTimeout(this.#searchTimer);
    this.#searchTurn += 1;
    this.suggestions = null;
  }

  clear(): void {
    this.#traitsTurn += 1;
    this.identifier = "";
    this.stored = null;
    this.readingTraits = false;
    this.traitsError = null;
    this.searchError = null;
    this.closeSuggestions();
  }

  /** The stored traits again. */
  reset(): void {
    this.traits = (this.stored ?? []).map((trait) => ({ ...trait, id: this.#nextTrait++ }));
  }

  addTrait(): number {
    const id = this.#nextTrait++;
    this.traits.push({ id, name: "", kind: "text", text: "" });
    return id;
  }

  removeTrait(id: number): void {
    this.traits = this.traits.filter((trait) => trait.id !== id);
  }

  setKind(id: number, kind: TraitKindView): void {
    this.traits = this.traits.map((trait) => (trait.id === id ? withKind(trait, kind) : trait));
  }

  #question(place: PlaceView): string {
    return JSON.stringify([placeKey(place), this.identifier.trim(), toViews(this.traits)]);
  }

  async #evaluate(place: PlaceView, identifier: string, turn: number): Promise<void> {
    this.evaluating = true;
    const question = this.#question(place);
    try {
      const result = await this.#host.preview({
        ...place,
        identifier,
        traits: toViews(this.traits),
        edits: [],
      });
      if (turn !== this.#turn) return;
      this.result = result;
      this.#answered = question;
      this.error = null;
    } catch (thrown) {
      if (turn === this.#turn) this.error = asHostError(thrown);
    } finally {
      if (turn === this.#turn) this.evaluating = false;
    }
  }

  async #search(place: PlaceView, search: string, turn: number): Promise<void> {
    try {
      const found = await this.#host.findIdentities(place.connection, place.environment, search);
      if (turn === this.#searchTurn) this.suggestions = found;
    } catch (thrown) {
      if (turn !== this.#searchTurn) return;
      this.suggestions = null;
      this.searchError = asHostError(thrown);
    }
  }
}

const previews = new WeakMap<Session, Preview>();

/** The preview of a session: what was typed outlives the page. */
export function previewOf(session: Session): Preview {
  const known = previews.get(session);
  if (known) return known;
  const made = new Preview(session.host);
  previews.set(session, made);
  return made;
}
