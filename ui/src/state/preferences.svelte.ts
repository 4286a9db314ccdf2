const LETTERS = "halyard.single-letter-shortcuts";
const FLAGS_AS = "halyard.flags-as";
const DIFFERING = "halyard.matrix-differing";

/** How the Flags page shows flags: those of one environment, or all beside each other. */
export type FlagsAs = "table" | "matrix";

/** What only this window cares about. */
export class Preferences {
  #letters = $state(read(LETTERS) !== "off");
  #flagsAs = $state<FlagsAs>(read(FLAGS_AS) === "matrix" ? "matrix" : "table");
  #differing = $state(read(DIFFERING) === "on");

  /** Whether single letters act while no text field has the focus. */
  get singleLetters(): boolean {
    return this.#letters;
  }

  set singleLetters(on: boolean) {
    this.#letters = on;
    keep(LETTERS, on ? "on" : "off");
  }

  get flagsAs(): FlagsAs {
    return this.#flagsAs;
  }

  set flagsAs(as: FlagsAs) {
    this.#flagsAs = as;
    keep(FLAGS_AS, as);
  }

  /** Whether the matrix leaves out rows that are the same everywhere. */
  get onlyDiffering(): boolean {
    return this.#differing;
  }

  set onlyDiffering(on: boolean) {
    this.#differing = on;
    keep(DIFFERING, on ? "on" : "off");
  }
}

function keep(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Without storage the choice holds until the window closes.
  }
}

function read(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
