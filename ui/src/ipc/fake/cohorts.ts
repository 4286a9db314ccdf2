/** Files of identities, as the application reads them. */
import type { CohortFileView, TraitRangeView, TraitView } from "../bindings";
import { failure, gone } from "./errors";
import { acmeRanges, type Someone } from "./sample";
import type { FakeEnvironment } from "./world";

interface Reading {
  name: string;
  parts: string[];
  identities: Someone[];
}

/** What a line was read as: somebody, or why not. */
type Line = { someone: Someone } | { broken: string };

const NAMED_BROKEN = 20;

/** The files of a fake host. */
export class FakeCohorts {
  readonly #files = new Map<string, Reading>();
  #count = 0;

  /** Begins a file. */
  open(name: string): string {
    this.#count += 1;
    const id = `cohort-${this.#count}`;
    this.#files.set(id, { name, parts: [], identities: [] });
    return id;
  }

  /** The next bytes. */
  write(id: string, base64: string): void {
    this.#of(id).parts.push(atob(base64));
  }

  /** The end: what was in it. */
  close(id: string): CohortFileView {
    const file = this.#of(id);
    const bytes = Uint8Array.from(file.parts.join(""), (character) => character.charCodeAt(0));
    file.parts = [];
    const content = new TextDecoder().decode(bytes).trim();
    const { format, from, lines } = read(content);
    const broken = lines.flatMap((line) => ("broken" in line ? [line.broken] : []));
    const found = new Map<string, Someone>();
    for (const line of lines) if ("someone" in line) found.set(line.someone.identifier, line.someone);
    file.identities = [...found.values()];
    if (found.size === 0) {
      this.#files.delete(id);
      throw failure("input", `${file.name} holds no identity that can be read.`, {
        cause: broken[0] === undefined ? "The file is empty." : `The first is ${broken[0]}.`,
        next_step: "Choose a CSV, JSON or JSON lines file with a column called identifier.",
      });
    }
    return {
      id,
      name: file.name,
      format,
      identities: found.size,
      traits: [...new Set(file.identities.flatMap(({ traits }) => traits.map((trait) => trait.name)))],
      identifier_from: from,
      broken: broken.length,
      broken_lines: broken.slice(0, NAMED_BROKEN),
      duplicates: lines.length - broken.length - found.size,
    };
  }

  /** Those that were read. */
  identities(id: string): Someone[] {
    return this.#of(id).identities;
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

function read(content: string): { format: string; from: string; lines: Line[] } {
  if (content.startsWith("[")) {
    const all = JSON.parse(content) as unknown[];
    return {
      format: "JSON",
      from: "identifier",
      lines: all.map((one, at) => fromJson(one, `entry ${at + 1}`)),
    };
  }
  const rows = content.split(/\r?\n/);
  if (content.startsWith("{")) {
    const lines = rows.map((row, at): Line => {
      try {
        return fromJson(JSON.parse(row), `line ${at + 1}`);
      } catch {
        return { broken: `line ${at + 1}: not JSON` };
      }
    });
    return { format: "JSON lines", from: "identifier", lines };
  }
  const names = (rows[0] ?? "").split(",");
  const column = Math.max(0, names.indexOf("identifier"));
  const lines = rows.slice(1).map((row, at): Line => {
    const cells = row.split(",");
    const identifier = cells[column] ?? "";
    if (identifier === "") return { broken: `line ${at + 2}: no identifier` };
    const traits = names.flatMap((name, index) => {
      const cell = cells[index] ?? "";
      return index === column || cell === "" ? [] : [trait(name, cell)];
    });
    return { someone: { identifier, traits } };
  });
  return { format: "CSV", from: names[column] ?? "", lines };
}

function fromJson(one: unknown, where: string): Line {
  const entry = one as { identifier?: string; traits?: Record<string, unknown> } | null;
  if (!entry?.identifier) return { broken: `${where}: no identifier` };
  const traits = Object.entries(entry.traits ?? {}).map(([name, value]) => trait(name, String(value)));
  return { someone: { identifier: entry.identifier, traits } };
}

function trait(name: string, text: string): TraitView {
  if (text === "true" || text === "false") return { name, kind: "boolean", text };
  return { name, kind: text !== "" && Number.isFinite(Number(text)) ? "number" : "text", text };
}

/** Ranges for made-up identities, from the conditions of an environment. */
export function suggestedRanges(environment: FakeEnvironment): TraitRangeView[] {
  return environment.flags.size === 0 ? [] : acmeRanges();
}
