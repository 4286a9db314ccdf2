/** Rows that are chosen together, by their keys. */
export class Selection {
  #keys = $state.raw<ReadonlySet<string>>(new Set());
  /** The row from which a range is drawn. */
  #anchor: string | null = null;

  get keys(): ReadonlySet<string> {
    return this.#keys;
  }

  get size(): number {
    return this.#keys.size;
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  /** Adds a row, or takes it away. A range is drawn from here. */
  toggle(key: string): void {
    const keys = new Set(this.#keys);
    if (!keys.delete(key)) keys.add(key);
    this.#keys = keys;
    this.#anchor = key;
  }

  /** Adds everything from the row that was chosen last to this one, in the order on screen. */
  extend(key: string, onScreen: string[]): void {
    const from = this.#anchor === null ? -1 : onScreen.indexOf(this.#anchor);
    const to = onScreen.indexOf(key);
    if (from < 0 || to < 0) {
      if (!this.has(key)) this.toggle(key);
      return;
    }
    this.#keys = new Set([...this.#keys, ...onScreen.slice(Math.min(from, to), Math.max(from, to) + 1)]);
  }

  /** Adds every row on screen; where they are all chosen, takes them away. */
  all(onScreen: string[]): void {
    const chosen = onScreen.every((key) => this.has(key));
    const rest = [...this.#keys].filter((key) => !onScreen.includes(key));
    this.#keys = new Set(chosen ? rest : [...this.#keys, ...onScreen]);
    this.#anchor = null;
  }

  clear(): void {
    this.#keys = new Set();
    this.#anchor = null;
  }

  /** Forgets rows that are no longer there. */
  keep(there: (key: string) => boolean): void {
    const keys = [...this.#keys].filter(there);
    if (keys.length < this.#keys.size) this.#keys = new Set(keys);
  }
}
