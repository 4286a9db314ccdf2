import type {
  ConnectionView,
  DraftView,
  EnvironmentChoiceView,
  KeepKeyView,
  KeyKindView,
  ListingView,
  ServiceView,
} from "../ipc/bindings";
import { asHostError, type HostError } from "../ipc/host";
import type { Session } from "./session.svelte";

/** Connecting: first a key is checked, then what it opens is chosen, then both are saved. */
export class Connecting {
  where = $state<"hosted" | "own">("hosted");
  address = $state("");
  keyKind = $state<KeyKindView>("organisation_key");
  /** The key was handed over and its field emptied. */
  keyGone = $state(false);
  draft = $state.raw<DraftView | null>(null);
  organisation = $state("");
  project = $state("");
  environments = $state.raw<EnvironmentChoiceView[] | null>(null);
  chosen = $state<Record<string, boolean>>({});
  flagsAddress = $state("");
  proxies = $state("");
  keep = $state<KeepKeyView>("keychain");
  busy = $state<"check" | "environments" | "save" | null>(null);
  error = $state.raw<HostError | null>(null);
  /** The page was left: a check that ends later has nobody to choose. */
  #left = false;

  readonly listing: ListingView | null = $derived.by(
    () => this.draft?.organisations.find(({ organisation }) => organisation.id === this.organisation) ?? null,
  );
  readonly selected: string[] = $derived.by(() =>
    (this.environments ?? []).map(({ key }) => key).filter((key) => this.chosen[key]),
  );

  constructor(
    private readonly session: Session,
    readonly service: ServiceView,
    /** The connection whose key is typed again, instead of a new one. */
    readonly again: ConnectionView | null,
  ) {
    if (service === "edge_flags") this.keyKind = "access_token";
    if (again !== null) {
      this.where = "own";
      this.address = again.address;
    }
    if (session.view?.key_store.state !== "ready") this.keep = "session";
  }

  /** Checks a key. It is kept by nobody here. */
  async check(key: string): Promise<void> {
    this.keyGone = true;
    await this.discard();
    await this.#do("check", async () => {
      const draft = await this.session.host.connect({
        service: this.service,
        address: this.where === "hosted" ? "" : this.address.trim(),
        key,
        key_kind: this.keyKind,
        connection: this.again?.id ?? null,
      });
      this.draft = draft;
      if (this.#left) return this.discard();
      const first = draft.organisations.find(({ projects }) => projects.length > 0) ?? draft.organisations[0];
      this.organisation = first?.organisation.id ?? "";
    });
    if (this.draft !== null && this.again === null) await this.chooseOrganisation(this.organisation);
  }

  async chooseOrganisation(organisation: string): Promise<void> {
    this.organisation = organisation;
    await this.chooseProject(this.listing?.projects[0]?.id ?? "");
  }

  async chooseProject(project: string): Promise<void> {
    this.project = project;
    this.environments = null;
    const draft = this.draft;
    if (draft === null || project === "") return;
    await this.#do("environments", async () => {
      const environments = await this.session.host.draftEnvironments(draft.draft, project);
      // Another project may have been chosen meanwhile.
      if (this.project !== project) return;
      this.environments = environments;
      this.chosen = Object.fromEntries(environments.map(({ key }) => [key, true]));
    });
  }

  async save(): Promise<void> {
    const draft = this.draft;
    if (draft === null || this.busy !== null) return;
    await this.#do("save", async () => {
      const connection = await this.#saved(draft.draft);
      this.draft = null;
      await this.session.arriveAt(connection);
    });
    if (this.error?.wire.code === "key_store") {
      this.keep = "session";
      await this.session.reload();
    }
  }

  /** Gives a checked key up. */
  async discard(): Promise<void> {
    const draft = this.draft;
    this.draft = null;
    this.environments = null;
    if (draft !== null) await this.session.host.discardDraft(draft.draft).catch(() => null);
  }

  /** Leaves the page: what is checked, or still being checked, is given up with its key. */
  async leave(): Promise<void> {
    this.#left = true;
    await this.discard();
  }

  async retryKeyStore(): Promise<void> {
    await this.session.retryKeyStore();
    if (this.session.view?.key_store.state === "ready") this.keep = "keychain";
  }

  #saved(draft: string): Promise<ConnectionView> {
    if (this.again !== null) return this.session.host.saveKey(draft, this.keep);
    return this.session.host.saveConnection({
      draft,
      project: this.project,
      environments: this.selected,
      flags_address: this.flagsAddress.trim() || null,
      edge_proxies: this.proxies
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== ""),
      keep_key: this.keep,
    });
  }

  async #do(what: "check" | "environments" | "save", act: () => Promise<void>): Promise<void> {
    this.busy = what;
    this.error = null;
    try {
      await act();
    } catch (thrown) {
      this.error = asHostError(thrown);
    } finally {
      this.busy = null;
    }
  }
}
