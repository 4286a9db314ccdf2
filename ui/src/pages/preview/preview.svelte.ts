import type {
  ConnectionView,
  DraftEditView,
  ExampleView,
  IdentityView,
  MomentView,
  PersonaView,
  PlaceView,
  PreviewRequest,
  PreviewView,
  ServiceView,
  TraitKindView,
  TraitView,
  TryTraitView,
} from "../../ipc/bindings";
import { asHostError, type Host, type HostError } from "../../ipc/host";
import { outliving } from "../../state/outliving.svelte";
import { placeKey } from "../../state/place";
import { Comparing } from "./comparing.svelte";
import { shownAfter, Stopwatch } from "./stopwatch";
import { Tracing } from "./tracing.svelte";
import { editsOf, problemsOf, toViews, type TraitDraft, withKind, withTries } from "./traits";

/** After the last key, where each evaluation is a request to the service. The mirror is evaluated at once. */
const REMOTE_PAUSE_MS = 400;
/** After the last key, before identities are searched. */
const SEARCH_PAUSE_MS = 200;

/** What the traits on screen are held against, and led back to. */
export interface Baseline {
  /** What the service stores, what a persona was kept with, or what was typed before something was tried. */
  from: "stored" | "persona" | "typed";
  traits: TraitView[];
}

/** What is evaluated: the mirror, with what is typed in the flag panel or staged laid over it, or a moment. */
export type Source = "mirror" | "edits" | "staged" | "moment";

/** Something to evaluate, and when it was typed. */
interface Asked {
  request: PreviewRequest;
  question: string;
  /** The key that asked, in milliseconds as `performance.now()` counts; null where no key did. */
  since: number | null;
}

/** Whose flags are previewed, and the last answer. */
export class Preview {
  identifier = $state("");
  traits = $state<TraitDraft[]>([]);
  baseline = $state.raw<Baseline | null>(null);
  readingTraits = $state(false);
  traitsError = $state.raw<HostError | null>(null);
  source = $state<Source>("mirror");
  /** What the environment on screen was then is evaluated; null for now. */
  moment = $state.raw<MomentView | null>(null);
  /** Many identities are evaluated instead of one. */
  batch = $state(false);

  suggestions = $state.raw<IdentityView[] | null>(null);
  searchError = $state.raw<HostError | null>(null);

  /** The last answer for the place on screen, and what it answers. */
  result = $state.raw<PreviewView | null>(null);
  answered = $state.raw<PreviewRequest | null>(null);
  error = $state.raw<HostError | null>(null);
  evaluating = $state(false);
  /** From the last key to the frame that shows its result, in milliseconds. */
  tookMs = $state<number | null>(null);
  /** What was asked last: place, identifier, traits, edits and moment. */
  question = $state("");
  #answeredQuestion = $state("");
  /** Whether `result` answers what is typed, and not what was typed before. */
  readonly current = $derived(this.result !== null && this.question === this.#answeredQuestion);

  readonly problems = $derived(problemsOf(this.traits));
  readonly edited = $derived(this.baseline === null ? [] : editsOf(this.traits, this.baseline.traits));

  readonly tracing: Tracing;
  readonly comparing: Comparing;
  readonly stopwatch = new Stopwatch();
  readonly #host: Host;
  #nextTrait = 1;
  #turn = 0;
  #searchTurn = 0;
  #traitsTurn = 0;
  #resultOf = "";
  #waiting: Asked | null = null;
  #running = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #searchTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: Host) {
    this.#host = host;
    this.tracing = new Tracing(host);
    this.comparing = new Comparing(host);
  }

  /** Asks again. Read what it depends on before calling: the call itself tracks nothing. */
  ask(
    place: PlaceView,
    connection: ConnectionView,
    edits: DraftEditView[] = [],
    changeSet: string | null = null,
  ): void {
    clearTimeout(this.#timer);
    this.#turn += 1;
    this.#waiting = null;
    const identifier = this.identifier.trim();
    const traits = toViews(this.traits);
    const moment = this.moment?.id ?? null;
    const question = JSON.stringify([placeKey(place), identifier, traits, edits, moment, changeSet]);
    const since = question === this.question ? null : this.stopwatch.take();
    this.question = question;
    if (this.#resultOf !== placeKey(place) || identifier === "") {
      this.result = null;
      this.answered = null;
      this.error = null;
      this.tookMs = null;
    }
    this.evaluating = false;
    // Nobody is evaluated with the traits of somebody else.
    if (identifier === "" || this.readingTraits || this.problems.size > 0) return;
    this.#resultOf = placeKey(place);
    const asked = {
      request: { ...place, identifier, traits, edits, moment, change_set: changeSet },
      question,
      since,
    };
    const turn = this.#turn;
    if (connection.service === "edge_flags") {
      this.#timer = setTimeout(() => void this.#evaluate(asked, () => turn === this.#turn), REMOTE_PAUSE_MS);
      return;
    }
    this.evaluating = true;
    this.#waiting = asked;
    void this.#evaluateWaiting();
  }

  /** Evaluates at a moment of the environment on screen, until another source is chosen. */
  openAt(moment: MomentView): void {
    this.moment = moment;
    this.source = "moment";
  }

  /** Evaluates something that is there now. */
  openNow(source: Exclude<Source, "moment">): void {
    this.moment = null;
    this.source = source;
  }

  /** A moment belongs to one environment: on another one, now is evaluated again. */
  keepMomentFor(environment: string): void {
    if (this.moment !== null && this.moment.environment !== environment) this.openNow("mirror");
  }

  /** Stops asking, such as when the page is left. */
  rest(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#searchTimer);
    this.#turn += 1;
    this.#searchTurn += 1;
    this.#waiting = null;
    this.evaluating = false;
    this.suggestions = null;
  }

  /** The identifier was typed: its stored identity is no longer the one on screen. */
  type(place: PlaceView, connection: ConnectionView): void {
    this.searchError = null;
    clearTimeout(this.#searchTimer);
    this.#searchTurn += 1;
    const search = this.identifier.trim();
    // A file asks nobody; what it holds of identities is in its overrides.
    if (search === "" || connection.service === "edge_flags" || connection.file !== null) {
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
    if (this.baseline !== null) {
      this.baseline = null;
      this.traits = [];
    }
    const turn = ++this.#traitsTurn;
    try {
      const traits = await this.#host.identityTraits(place.connection, place.environment, identity);
      if (turn !== this.#traitsTurn) return;
      this.holdAgainst({ from: "stored", traits });
      this.reset();
    } catch (thrown) {
      if (turn === this.#traitsTurn) this.traitsError = asHostError(thrown);
    } finally {
      if (turn === this.#traitsTurn) this.readingTraits = false;
    }
  }

  /** A persona was picked: it is evaluated as it was kept, and held against what the service stores. */
  async pickPersona(place: PlaceView, service: ServiceView, persona: PersonaView): Promise<void> {
    const { identifier, traits } = persona;
    this.clear();
    this.identifier = identifier;
    this.holdAgainst({ from: "persona", traits });
    this.reset();
    if (service === "edge_flags") return;
    const turn = this.#traitsTurn;
    try {
      const found = await this.#host.findIdentities(place.connection, place.environment, identifier);
      const identity = found.find((each) => each.identifier === identifier);
      if (identity === undefined || turn !== this.#traitsTurn) return;
      const stored = await this.#host.identityTraits(place.connection, place.environment, identity);
      if (turn === this.#traitsTurn) this.holdAgainst({ from: "stored", traits: stored });
    } catch {
      // A persona needs no service: what it was kept with stays what it is held against.
    }
  }

  /** An identity as it was evaluated elsewhere, with all its traits. */
  show({ identifier, traits }: ExampleView): void {
    this.clear();
    this.identifier = identifier;
    this.holdAgainst({ from: "typed", traits });
    this.reset();
  }

  closeSuggestions(): void {
    clearTimeout(this.#searchTimer);
    this.#searchTurn += 1;
    this.suggestions = null;
  }

  clear(): void {
    this.#traitsTurn += 1;
    this.identifier = "";
    this.baseline = null;
    this.readingTraits = false;
    this.traitsError = null;
    this.searchError = null;
    this.closeSuggestions();
  }

  holdAgainst(baseline: Baseline): void {
    this.baseline = baseline;
  }

  /** The traits of the baseline again. */
  reset(): void {
    this.traits = (this.baseline?.traits ?? []).map((trait) => ({ ...trait, id: this.#nextTrait++ }));
  }

  /** Tries what a trace suggests. What was typed before can be had again. */
  try(tries: TryTraitView[]): void {
    if (this.baseline === null) this.holdAgainst({ from: "typed", traits: toViews(this.traits) });
    this.traits = withTries(this.traits, tries, () => this.#nextTrait++);
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

  /** One evaluation at a time: what is typed meanwhile is evaluated next, and only the newest of it. */
  async #evaluateWaiting(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting !== null) {
      const asked: Asked = this.#waiting;
      this.#waiting = null;
      const turn = this.#turn;
      const place = placeKey(asked.request);
      // Also one that is no longer the newest is shown, so that fast typing is followed.
      const wanted = () => turn === this.#turn || (this.#waiting !== null && this.#resultOf === place);
      await this.#evaluate(asked, wanted);
    }
    this.#running = false;
  }

  async #evaluate({ request, question, since }: Asked, wanted: () => boolean): Promise<void> {
    this.evaluating = true;
    try {
      const result = await this.#host.preview(request);
      if (!wanted()) return;
      this.result = result;
      this.answered = request;
      this.#answeredQuestion = question;
      this.error = null;
      if (since !== null) void this.#time(since, question);
    } catch (thrown) {
      if (wanted()) this.error = asHostError(thrown);
    } finally {
      if (wanted()) this.evaluating = this.#waiting !== null;
    }
  }

  async #time(since: number, question: string): Promise<void> {
    const took = await shownAfter(since);
    if (question === this.#answeredQuestion) this.tookMs = took;
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

/** The preview of a session: what was typed outlives the page. */
export const previewOf = outliving((session) => new Preview(session.host));
