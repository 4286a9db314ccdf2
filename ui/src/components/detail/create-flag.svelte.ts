import type { FieldEdit, OptionInput, ValueView } from "../../ipc/bindings";
import { percentOf, whyNot } from "../../state/fields";
import { outliving } from "../../state/outliving.svelte";
import { whyInvalid } from "../../state/values";
import { text } from "../../strings";

/** An option as it is typed. */
export interface NewOption {
  /** Tells it from the others while it is typed. */
  at: number;
  key: string;
  value: ValueView;
  weight: string;
}

/** Both services take these; what they refuse beyond it, they say. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
const NAME_MAX = 150;

/** A flag that is being made. */
export class NewFlag {
  name = $state("");
  shape = $state<"plain" | "multivariate">("plain");
  value = $state.raw<ValueView>({ kind: "none", text: "" });
  description = $state("");
  tags = $state.raw<string[]>([]);
  enabled = $state(false);
  serverOnly = $state(false);
  options = $state.raw<NewOption[]>([]);
  #made = 0;

  /** Something is typed or chosen. */
  get begun(): boolean {
    const typed = this.name !== "" || this.description !== "" || this.value.kind !== "none";
    const chosen = this.enabled || this.serverOnly || this.shape === "multivariate";
    return typed || chosen || this.tags.length > 0 || this.options.length > 0;
  }

  get key(): string {
    return this.name.trim();
  }

  /** What is wrong with the name, in a sentence. */
  nameWrong(taken: string[]): string | null {
    const words = text.detail.create;
    const { key } = this;
    if (key === "") return words.nameMissing;
    if (!NAME.test(key)) return words.nameLetters;
    if (key.length > NAME_MAX) return words.nameLong(NAME_MAX);
    // Neither service tells names apart by capitals alone.
    const other = taken.find((each) => each.toLowerCase() === key.toLowerCase());
    return other === undefined ? null : words.nameTaken(other);
  }

  get valueWrong(): string | null {
    return whyInvalid(this.value);
  }

  get optionsWrong(): string | null {
    if (this.shape === "plain") return null;
    if (this.options.length === 0) return text.detail.create.noOptions;
    for (const { value } of this.options) {
      const why = whyInvalid(value);
      if (why !== null) return why;
    }
    return whyNot({ kind: "options", rows: this.#rows() });
  }

  get wrong(): string | null {
    return this.valueWrong ?? this.optionsWrong;
  }

  /** What the options leave to control, in percent; null where a share cannot be read. */
  get rest(): number | null {
    const shares = this.options.map(({ weight }) => percentOf(weight));
    if (shares.includes(null)) return null;
    const rest = 100 - shares.reduce<number>((sum, share) => sum + (share ?? 0), 0);
    return rest < 0 ? null : Math.round(rest * 100) / 100;
  }

  /** Adds an option; the first gets half, so that the flag splits at once. */
  addOption(): void {
    this.#made += 1;
    const kind = this.value.kind === "none" ? "text" : this.value.kind;
    const option: NewOption = {
      at: this.#made,
      key: "",
      value: { kind, text: kind === "boolean" ? "true" : "" },
      weight: this.options.length === 0 ? "50" : "0",
    };
    this.options = [...this.options, option];
  }

  setOption(at: number, change: Partial<NewOption>): void {
    this.options = this.options.map((option) => (option.at === at ? { ...option, ...change } : option));
  }

  removeOption(at: number): void {
    this.options = this.options.filter((option) => option.at !== at);
  }

  /** What makes the flag; `full` where the service knows tags and options. */
  changes(full: boolean): FieldEdit[] {
    const changes: FieldEdit[] = [{ field: "existence", to: { kind: "set" } }];
    const add = (field: string, to: FieldEdit["to"]) => changes.push({ field, to });
    if (this.description.trim() !== "") {
      add("description", { kind: "text", text: this.description.trim() });
    }
    add("enabled", { kind: "toggle", on: this.enabled });
    if (this.value.kind !== "none") add("value", { kind: "value", value: this.value });
    if (!full) return changes;
    if (this.shape === "multivariate") add("options", { kind: "options", rows: this.#rows() });
    for (const tag of this.tags) add(`tag:${tag}`, { kind: "set" });
    if (this.serverOnly) add("server_only", { kind: "toggle", on: true });
    return changes;
  }

  #rows(): OptionInput[] {
    return this.options.map(({ key, value, weight }) => ({ id: null, key: key.trim(), value, weight }));
  }
}

/** The flags that are being made, one in a connection at a time. What is typed outlives its dialog. */
class NewFlags {
  readonly #all = new Map<string, NewFlag>();

  of(connection: string): NewFlag {
    const begun = this.#all.get(connection) ?? new NewFlag();
    this.#all.set(connection, begun);
    return begun;
  }

  /** It was made, or is not to be made. */
  drop(connection: string): void {
    this.#all.delete(connection);
  }
}

/** What is typed for new flags. */
export const newFlagsOf = outliving(() => new NewFlags());
