import type { MatrixCellView, MatrixColumnView, MatrixRowView, MatrixView, PlaceView } from "../ipc/bindings";
import { asHostError, type HostError } from "../ipc/host";
import { coalesced } from "./coalesced";
import { flagState, turn } from "./fields";
import { fuzzyScore } from "./fuzzy";
import { Selection } from "./selection.svelte";
import type { Session } from "./session.svelte";

/** The flags of a connection beside its environments. */
export class Matrix {
  query = $state("");
  /** Rows that are chosen together. */
  readonly selection = new Selection();
  /** Where the keyboard is: a row on screen, and a column; the first, 0, is that of the flags. */
  active = $state.raw({ row: 0, column: 0 });

  #views = $state.raw<Record<string, MatrixView>>({});
  #errors = $state.raw<Record<string, HostError>>({});
  #references = $state.raw<Record<string, string>>({});
  #shown = $state.raw<Record<string, string[]>>({});
  /** Only while it is on screen is a newer answer asked for. */
  #watched = false;

  readonly #session: Session;
  readonly #load: () => Promise<void>;

  constructor(session: Session) {
    this.#session = session;
    this.#load = coalesced(() => this.#read());
  }

  #connection = $derived.by(() => this.#session.place?.connection ?? "");
  /** The newest answer for the connection on screen; null before the first. */
  readonly view: MatrixView | null = $derived.by(() => this.#views[this.#connection] ?? null);
  readonly error: HostError | null = $derived.by(() => this.#errors[this.#connection] ?? null);
  readonly columns: MatrixColumnView[] = $derived.by(() => this.view?.columns ?? []);
  readonly reference: MatrixColumnView | null = $derived.by(
    () => this.columns.find(({ environment }) => environment === this.view?.reference) ?? null,
  );
  /** The rows that pass, by name; best match first where something is typed. */
  readonly rows: MatrixRowView[] = $derived.by(() => {
    const all = this.view?.rows ?? [];
    const passing = this.#session.preferences.onlyDiffering ? all.filter(({ differs }) => differs) : all;
    const query = this.query.trim().toLowerCase();
    if (query === "") return passing;
    return passing
      .flatMap((row) => {
        const score = fuzzyScore(query, row.flag.toLowerCase());
        return score === null ? [] : [{ row, score }];
      })
      .sort((one, other) => other.score - one.score)
      .map(({ row }) => row);
  });
  /** The chosen rows, also those that are not on screen. */
  readonly chosen: MatrixRowView[] = $derived.by(() =>
    this.selection.size === 0 ? [] : (this.view?.rows ?? []).filter(({ flag }) => this.selection.has(flag)),
  );
  /** The environments on screen by key; all of them where none were picked. */
  readonly shown: string[] = $derived.by(() => {
    const all = this.#session.connection?.environments.map(({ key }) => key) ?? [];
    const picked = this.#shown[this.#connection]?.filter((key) => all.includes(key)) ?? [];
    return picked.length === 0 ? all : picked;
  });

  /** Comes on screen: reads, and keeps up until the answer is called. */
  watch(): () => void {
    this.#watched = true;
    void this.#load();
    return () => (this.#watched = false);
  }

  /** Holds all environments against this one from now on. */
  compareWith(reference: string): void {
    this.#references = { ...this.#references, [this.#connection]: reference };
    void this.#load();
  }

  /** Shows an environment, or leaves it out; one always stays. */
  show(environment: string, on: boolean): void {
    const next = (this.#session.connection?.environments ?? [])
      .map(({ key }) => key)
      .filter((key) => (key === environment ? on : this.shown.includes(key)));
    if (next.length === 0) return;
    this.#shown = { ...this.#shown, [this.#connection]: next };
    void this.#load();
  }

  clear(): void {
    this.query = "";
    this.#session.preferences.onlyDiffering = false;
  }

  /** The mirror or an edit of a connection changed. */
  outdated(connection: string): void {
    if (connection === this.#connection) void this.reload();
  }

  async reload(): Promise<void> {
    if (this.#watched) await this.#load();
  }

  placeOf(column: MatrixColumnView): PlaceView {
    return { connection: this.#connection, environment: column.environment };
  }

  /** A flag's state in a column: a cell, and what it is called. */
  cell(row: MatrixRowView | undefined, column: MatrixColumnView | undefined): MatrixCellView | null {
    if (row === undefined || column === undefined) return null;
    return row.cells[this.columns.indexOf(column)] ?? null;
  }

  /** Turns a flag over in an environment: at once, or after asking where that is protected. */
  toggle(row: MatrixRowView, column: MatrixColumnView): void {
    const cell = this.cell(row, column);
    if (cell === null) return;
    this.#session.edits.propose({
      place: this.placeOf(column),
      subject: flagState(row.flag),
      revision: cell.revision,
      changes: [turn(!cell.enabled)],
      name: row.flag,
    });
  }

  /** Lays a flag's state in an environment beside the reference's; the reference beside one that differs. */
  diff(row: MatrixRowView, column: MatrixColumnView): void {
    const { reference } = this;
    if (reference === null) return;
    const differing = this.columns.find((other) => this.cell(row, other)?.differs);
    const from = column === reference ? differing : column;
    if (from === undefined) return;
    const at = (of: MatrixColumnView) => ({ ...this.placeOf(of), moment: null });
    this.#session.openComparison(at(from), at(reference), row.flag);
  }

  async #read(): Promise<void> {
    const connection = this.#connection;
    if (connection === "") return;
    try {
      const view = await this.#session.host.matrix({
        connection,
        environments: this.shown,
        reference: this.#references[connection] ?? null,
      });
      this.#views = { ...this.#views, [connection]: view };
      const { [connection]: _, ...errors } = this.#errors;
      this.#errors = errors;
      const flags = new Set(view.rows.map(({ flag }) => flag));
      if (connection === this.#connection) this.selection.keep((flag) => flags.has(flag));
    } catch (thrown) {
      this.#errors = { ...this.#errors, [connection]: asHostError(thrown) };
    }
  }
}
