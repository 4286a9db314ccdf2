import type {
  ChangeSetImpactView,
  ChangeSetView,
  ChangesView,
  Confirmed,
  EditView,
  FieldEdit,
  StagedView,
  StageRequest,
} from "../ipc/bindings";
import { asHostError, type HostError } from "../ipc/host";
import { text } from "../strings";
import { coalesced } from "./coalesced";
import type { Session } from "./session.svelte";

/** What the rail says of the change sets of a connection. */
export type ChangesBadge =
  | { kind: "nothing" }
  | { kind: "staged"; count: number }
  | { kind: "publishing"; sent: number; total: number; still: boolean }
  | { kind: "conflicts"; count: number };

/** Publishing that is asked about first. */
export interface Asking {
  set: string;
  /** Why the last attempt failed, so that nothing has to be typed again. */
  error: HostError | null;
  sending: boolean;
}

/** One string for a change set's impact in an environment, now or at a moment. */
function impactKey(set: string, environment: string, moment: string | null): string {
  return `${set}\u0000${environment}\u0000${moment ?? ""}`;
}

/** The change sets of the connection on screen: what is staged, and how publishing goes. */
export class Changes {
  /** Publishing that waits for its confirmation. */
  asking = $state.raw<Asking | null>(null);
  /** Why the last staging was refused; null where it was not. */
  refused = $state.raw<HostError | null>(null);

  #views = $state.raw<Record<string, ChangesView>>({});
  #errors = $state.raw<Record<string, HostError>>({});
  #impacts = $state.raw<Record<string, { question: string; view: ChangeSetImpactView }>>({});
  #impactErrors = $state.raw<Record<string, HostError>>({});
  /** The chosen change set, by connection. */
  #chosen = $state.raw<Record<string, string>>({});
  /** The newest question per connection and per impact: an older answer that comes late is dropped. */
  #asked: Record<string, number> = {};

  readonly #session: Session;
  readonly #loads: Record<string, () => Promise<void>> = {};

  constructor(session: Session) {
    this.#session = session;
  }

  readonly #connection = $derived.by(() => this.#session.place?.connection ?? "");
  /** The newest answer for the connection on screen; null before the first. */
  readonly view: ChangesView | null = $derived.by(() => this.#views[this.#connection] ?? null);
  /** Why there is no newer answer. */
  readonly error: HostError | null = $derived.by(() => this.#errors[this.#connection] ?? null);
  readonly open: ChangeSetView[] = $derived(this.view?.open ?? []);
  readonly ended: ChangeSetView[] = $derived(this.view?.ended ?? []);
  /** The change set on screen: the chosen one, else what is being published, else the newest. */
  readonly chosen: ChangeSetView | null = $derived.by(() => {
    const id = this.#chosen[this.#connection];
    const all = [...this.open, ...this.ended];
    const going = this.open.find(({ state }) => state !== "open");
    return all.find((set) => set.id === id) ?? going ?? this.open.at(-1) ?? null;
  });
  /** The change set that staging goes into; null where one is made for it. */
  readonly into: ChangeSetView | null = $derived.by(() => {
    if (this.chosen?.state === "open") return this.chosen;
    return this.open.findLast(({ state }) => state === "open") ?? null;
  });
  readonly badge: ChangesBadge = $derived.by(() => {
    const going = this.open.find(({ publishing }) => publishing !== null);
    if (going?.publishing) {
      const { sent, total, paused_until, held } = going.publishing;
      return {
        kind: "publishing",
        sent,
        total,
        still: held || paused_until !== null || going.state === "paused",
      };
    }
    if (this.view === null) return { kind: "nothing" };
    if (this.view.conflicts > 0) return { kind: "conflicts", count: this.view.conflicts };
    return this.view.staged > 0 ? { kind: "staged", count: this.view.staged } : { kind: "nothing" };
  });

  /** A change set of the connection on screen. */
  set(id: string): ChangeSetView | null {
    return [...this.open, ...this.ended].find((set) => set.id === id) ?? null;
  }

  /** An edit of the connection on screen, with its change set. */
  edit(id: string): { edit: EditView; set: ChangeSetView } | null {
    for (const set of [...this.open, ...this.ended]) {
      const edit = set.edits.find((each) => each.id === id);
      if (edit !== undefined) return { edit, set };
    }
    return null;
  }

  choose(id: string): void {
    this.#chosen = { ...this.#chosen, [this.#connection]: id };
  }

  /** Reads the change sets of a connection again. */
  load(connection: string): Promise<void> {
    this.#loads[connection] ??= coalesced(() => this.#read(connection));
    return this.#loads[connection]();
  }

  /** Reads the change sets of the connection on screen again. */
  async reload(): Promise<void> {
    if (this.#connection !== "") await this.load(this.#connection);
  }

  async #read(connection: string): Promise<void> {
    try {
      const view = await this.#session.host.changes(connection);
      this.#views = { ...this.#views, [connection]: view };
      const { [connection]: _, ...errors } = this.#errors;
      this.#errors = errors;
    } catch (thrown) {
      this.#errors = { ...this.#errors, [connection]: asHostError(thrown) };
    }
  }

  /** Stages changes, all or none, and says where; null where it failed, which is told by a toast. */
  async stage(
    requests: Omit<StageRequest, "change_set">[],
    into = this.into?.id ?? null,
  ): Promise<StagedView[] | null> {
    const all = requests.map((request): StageRequest => ({ ...request, change_set: into }));
    const { host, toasts } = this.#session;
    const [only] = all;
    this.refused = null;
    if (only === undefined) return [];
    try {
      const staged = all.length === 1 ? [await host.stageEdit(only)] : await host.stageEdits(all);
      const last = staged.at(-1);
      if (last !== undefined) {
        const sentence =
          staged.length === 1 ? last.sentence : text.staging.stagedMany(staged.length, last.sentence);
        toasts.say(sentence, { further: this.#review(last.change_set) });
      }
      await this.#after();
      return staged;
    } catch (thrown) {
      this.refused = asHostError(thrown);
      toasts.fail(this.refused);
      await this.#after();
      return null;
    }
  }

  #review(set: string) {
    return {
      label: text.staging.review,
      act: () => {
        this.choose(set);
        this.#session.go({ name: "changes" });
      },
    };
  }

  /** Begins a change set and shows it. */
  async create(name: string | null = null): Promise<void> {
    const connection = this.#connection;
    await this.#do(async () => {
      const { id } = await this.#session.host.newChangeSet(connection, name);
      this.#chosen = { ...this.#chosen, [connection]: id };
    });
  }

  rename(set: string, name: string): Promise<boolean> {
    return this.#do(() => this.#session.host.renameChangeSet(set, name));
  }

  /** Gives a change set up; a toast takes that back. */
  async discardSet({ id, name }: ChangeSetView): Promise<void> {
    const { host, toasts } = this.#session;
    if (!(await this.#do(() => host.discardChangeSet(id)))) return;
    toasts.say(text.staging.discardedSet(name), {
      action: { label: text.shared.undo, act: () => void this.restoreSet(id) },
    });
  }

  restoreSet(id: string): Promise<boolean> {
    return this.#do(() => this.#session.host.restoreChangeSet(id));
  }

  /** Whether publishing sends an edit. The tick is there at once. */
  tick(edit: string, ticked: boolean): Promise<boolean> {
    this.#lay((set) => ({
      ...set,
      edits: set.edits.map((each) => (each.id === edit ? { ...each, ticked } : each)),
    }));
    return this.#do(() => this.#session.host.tickEdit(edit, ticked));
  }

  /** Ticks or unticks all edits of a change set that wait. */
  async tickAll(set: ChangeSetView, ticked: boolean): Promise<void> {
    const waiting = ["staged", "behind", "refused"];
    const edits = set.edits.filter((edit) => waiting.includes(edit.status.status) && edit.ticked !== ticked);
    await Promise.all(edits.map(({ id }) => this.tick(id, ticked)));
  }

  /** Puts an edit at another place of its change set, the first at 0. It is there at once. */
  move(edit: string, to: number): Promise<boolean> {
    this.#lay((set) => {
      const moved = set.edits.find(({ id }) => id === edit);
      if (moved === undefined) return set;
      return { ...set, edits: set.edits.filter((each) => each !== moved).toSpliced(to, 0, moved) };
    });
    return this.#do(() => this.#session.host.moveEdit(edit, to));
  }

  /** Gives an edit up; a toast takes that back. */
  async discard({ id, name }: Pick<EditView, "id" | "name">): Promise<void> {
    const { host, toasts } = this.#session;
    if (!(await this.#do(() => host.discardEdit(id)))) return;
    toasts.say(text.staging.discarded(name), {
      action: { label: text.shared.undo, act: () => void this.restore(id) },
    });
  }

  restore(edit: string): Promise<boolean> {
    return this.#do(() => this.#session.host.restoreEdit(edit));
  }

  /** Changes what a staged edit asks for. Answers the error, which the asker shows beside its fields. */
  async amend(edit: string, changes: FieldEdit[]): Promise<HostError | null> {
    try {
      await this.#session.host.amendEdit(edit, changes);
      return null;
    } catch (thrown) {
      return asHostError(thrown);
    } finally {
      await this.#after();
    }
  }

  /** Publishes, or asks first where an edit goes to a protected environment. */
  publish(set: ChangeSetView): void {
    if (set.blocked !== null) {
      this.#session.toasts.say(set.blocked, { kind: "note" });
      return;
    }
    // It stays on screen when it is through.
    this.choose(set.id);
    if (set.confirmations.length === 0) void this.#do(() => this.#session.host.publish(set.id, []));
    else this.asking = { set: set.id, error: null, sending: false };
  }

  /** The sheet was answered: a name for each environment that asks. */
  async confirm(confirmed: Confirmed[]): Promise<void> {
    const asked = this.asking;
    if (asked === null || asked.sending) return;
    this.asking = { ...asked, sending: true, error: null };
    try {
      await this.#session.host.publish(asked.set, confirmed);
      this.asking = null;
    } catch (thrown) {
      this.asking = { ...asked, sending: false, error: asHostError(thrown) };
    }
    await this.#after();
  }

  /** Publishing is not confirmed. */
  dismiss(): void {
    this.asking = null;
  }

  hold(set: string): Promise<boolean> {
    return this.#do(() => this.#session.host.holdPublishing(set));
  }

  resume(set: string): Promise<boolean> {
    return this.#do(() => this.#session.host.resumePublishing(set));
  }

  /** Ends publishing; what is not sent is staged again. */
  async cancel(set: string): Promise<void> {
    if (await this.#do(() => this.#session.host.cancelPublishing(set))) {
      this.#session.toasts.say(text.staging.cancelled, { kind: "note" });
    }
  }

  /** Sends a refused edit again. */
  retry(edit: string): Promise<boolean> {
    return this.#do(() => this.#session.host.retryEdit(edit));
  }

  removeLeftover(edit: string, handle: string): Promise<boolean> {
    return this.#do(() => this.#session.host.removeLeftover(edit, handle));
  }

  /** Stages the inverse of what a change set sent, and shows it. */
  async rollBack(set: string): Promise<void> {
    const connection = this.#connection;
    await this.#do(async () => {
      const { id, name } = await this.#session.host.rollBack(set);
      this.#chosen = { ...this.#chosen, [connection]: id };
      this.#session.toasts.say(text.staging.rolledBack(name));
    });
  }

  /**
   * What a change set does in an environment, or would have done to what it was at a moment: the newest answer;
   * null before the first.
   */
  impact(set: string, environment: string, moment: string | null = null): ChangeSetImpactView | null {
    return this.#impacts[impactKey(set, environment, moment)]?.view ?? null;
  }

  impactError(set: string, environment: string, moment: string | null = null): HostError | null {
    return this.#impactErrors[impactKey(set, environment, moment)] ?? null;
  }

  /** Asks what a change set does in an environment, now or at a moment, unless that is what was asked last. */
  async loadImpact(set: ChangeSetView, environment: string, moment: string | null = null): Promise<void> {
    const key = impactKey(set.id, environment, moment);
    const mirror = this.#session.connection?.environments.find((each) => each.key === environment)?.freshness;
    const weighed = set.edits.filter((edit) => edit.environment === environment || edit.everywhere);
    const question = JSON.stringify([
      moment === null ? mirror?.changed_at : null,
      weighed.map(({ id, ticked, fields, status }) => [id, ticked, fields, status.status]),
    ]);
    if (this.#impacts[key]?.question === question) return;
    const turn = (this.#asked[key] ?? 0) + 1;
    this.#asked[key] = turn;
    try {
      const view = await this.#session.host.changeSetImpact(set.id, environment, moment);
      if (turn !== this.#asked[key]) return;
      this.#impacts = { ...this.#impacts, [key]: { question, view } };
      const { [key]: _, ...errors } = this.#impactErrors;
      this.#impactErrors = errors;
    } catch (thrown) {
      if (turn === this.#asked[key]) {
        this.#impactErrors = { ...this.#impactErrors, [key]: asHostError(thrown) };
      }
    }
  }

  /** Lays something over the newest answer until the next one. */
  #lay(change: (set: ChangeSetView) => ChangeSetView): void {
    if (this.view === null) return;
    this.#views = { ...this.#views, [this.#connection]: { ...this.view, open: this.open.map(change) } };
  }

  /** Does something whose failure is told by a toast; says whether it worked. */
  async #do(act: () => Promise<unknown>): Promise<boolean> {
    const worked = await this.#session.attempt(act);
    await this.#after();
    return worked;
  }

  async #after(): Promise<void> {
    await this.reload();
  }
}
