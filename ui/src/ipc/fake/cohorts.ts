/** Files of identities, as the application reads them. */
import type { CohortFileView, TraitRangeView } from "../bindings";
import { gone } from "./errors";
import type { FakeEnvironment } from "./world";

/** The files of a fake host. */
export class FakeCohorts {
  readonly #files = new Map<string, { name: string; parts: string[] }>();
  #count = 0;

  /** Begins a file. */
  open(name: string): string {
    this.#count += 1;
    const id = `cohort-${this.#count}`;
    this.#files.set(id, { name, parts: [] });
    return id;
  }

  /** The next bytes. */
  write(id: string, base64: string): void {
    this.#of(id).parts.push(base64);
  }

  /** The end: what was in it. */
  close(id: string): CohortFileView {
    const { name } = this.#of(id);
    return {
      id,
      name,
      format: "CSV",
      identities: 0,
      traits: [],
      identifier_from: "identifier",
      broken: 0,
      broken_lines: [],
      duplicates: 0,
    };
  }

  drop(id: string): void {
    this.#files.delete(id);
  }

  #of(id: string) {
    const file = this.#files.get(id);
    if (!file) throw gone("The file");
    return file;
  }
}

/** Ranges for made-up identities, from the conditions of an environment. */
export function suggestedRanges(_environment: FakeEnvironment): TraitRangeView[] {
  return [];
}
