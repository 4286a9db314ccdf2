import type { LintFixView, LintRowView, LintView, PlaceView } from "../../ipc/bindings";
import { asHostError, type HostError } from "../../ipc/host";
import { coalesced } from "../../state/coalesced";
import { sameSubject } from "../../state/fields";
import { outliving } from "../../state/outliving.svelte";
import { samePlace } from "../../state/place";
import type { Session } from "../../state/session.svelte";

/** A fix that can be staged at once. */
export type StageFix = Extract<LintFixView, { way: "stage" }>;

/** Findings of one kind, under their heading. */
export interface LintGroup {
  kind: string;
  heading: string;
  rows: LintRowView[];
}

/** What is doubtful about the environment on screen. The last answer stays until the next one. */
export class Lint {
  error = $state.raw<HostError | null>(null);
  readonly load: () => Promise<void>;
  readonly #session: Session;
  #answer = $state.raw<{ place: PlaceView; view: LintView } | null>(null);

  constructor(session: Session) {
    this.#session = session;
    this.load = coalesced(() => this.#read());
  }

  /** The newest answer for the place on screen; null before the first. */
  readonly view: LintView | null = $derived.by(() =>
    this.#answer !== null && samePlace(this.#answer.place, this.#session.place) ? this.#answer.view : null,
  );
  /** By heading, in the order of the worst of each. */
  readonly groups: LintGroup[] = $derived.by(() => {
    const groups = new Map<string, LintGroup>();
    for (const row of this.view?.rows ?? []) {
      const known = groups.get(row.kind);
      if (known === undefined) groups.set(row.kind, { kind: row.kind, heading: row.heading, rows: [row] });
      else known.rows.push(row);
    }
    return [...groups.values()];
  });

  /** Reads again whenever an environment changed, until the answer is called. */
  start(): () => void {
    return this.#session.host.onChanged(({ tags }) => {
      const here = this.#session.place?.connection;
      if (tags.some((tag) => tag.what === "environment" && tag.connection === here)) void this.load();
    });
  }

  /** Sets after how many days a flag counts as left alone, and looks again; answers why that was refused. */
  async setDays(days: number): Promise<HostError | null> {
    try {
      await this.#session.host.setLintDays(days);
    } catch (thrown) {
      return asHostError(thrown);
    }
    await this.load();
    return null;
  }

  /** Whether an open change set holds what a fix would change. */
  isStaged(fix: StageFix): boolean {
    return this.#session.changes.open.some(({ edits }) =>
      edits.some(
        (edit) =>
          edit.environment === fix.environment &&
          sameSubject(edit.subject, fix.subject) &&
          fix.changes.every(
            ({ field, to }) =>
              (field === "existence" && edit.verb === (to.kind === "unset" ? "delete" : "create")) ||
              edit.fields.some((each) => each.field === field),
          ),
      ),
    );
  }

  /** Stages a fix; a toast leads to it. */
  async stage({ environment, subject, revision, changes }: StageFix): Promise<void> {
    const connection = this.#session.place?.connection;
    if (connection === undefined) return;
    await this.#session.changes.stage([{ connection, environment, subject, revision, changes }]);
  }

  /** Goes to where a finding is decided. */
  open({ environment, subject }: Extract<LintFixView, { way: "open" }>): void {
    const session = this.#session;
    const connection = session.place?.connection;
    if (connection === undefined) return;
    session.visit({ connection, environment });
    switch (subject.kind) {
      case "flag":
      case "flag_state":
      case "identity_override":
        session.preferences.flagsAs = "table";
        session.go({ name: "flags" });
        session.flags.select(subject.flag);
        break;
      case "segment":
        session.go({ name: "segments", segment: subject.segment });
        break;
      case "traits":
        session.go({ name: "identities", identity: subject.identity });
        break;
      case "config":
        session.go({ name: "configs", config: subject.key });
    }
  }

  async #read(): Promise<void> {
    const { place, host } = this.#session;
    if (place === null) return;
    try {
      this.#answer = { place: { ...place }, view: await host.lint(place.connection, place.environment) };
      this.error = null;
    } catch (thrown) {
      this.error = asHostError(thrown);
    }
  }
}

/** The lint of a session: the last answer outlives the page. */
export const lintOf = outliving((session) => new Lint(session));
