const LETTERS = "halyard.single-letter-shortcuts";

/** What only this window cares about. */
export class Preferences {
  #letters = $state(read(LETTERS) !== "off");

  /** Whether single letters act while no text field has the focus. */
  get singleLetters(): boolean {
    return this.#letters;
  }

  set singleLetters(on: boolean) {
    this.#letters = on;
    try {
      localStorage.setItem(LETTERS, on ? "on" : "off");
    } catch {
      // Without storage the choice holds until the window closes.
    }
  }
}

function read(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
