/** Snapshot files as the fake host reads and writes them. What a file holds goes by its name. */
import type { ChosenFileView, ExportedFileView, ExportFileRequest, FileProgress } from "../bindings";
import { acmeFlags } from "./acme-flags";
import { failure, gone } from "./errors";
import { acmeStore, type FakeConnection, type World } from "./world";

/** What opens every encrypted file. */
export const PASSPHRASE = "halyard";

interface FakeFile {
  name: string;
  bytes: number;
}

/** The files that were chosen. */
export class FakeFiles {
  /** A file that was double-clicked. */
  waiting: ChosenFileView | null = null;
  readonly #world: World;
  readonly #now: () => number;
  readonly #files = new Map<string, FakeFile>();
  #count = 0;

  constructor(world: World, now: () => number) {
    this.#world = world;
    this.#now = now;
    if (world.scenario === "opened-file") {
      const { id } = this.open(this.begin("production-2026-11-20.halyard"), null);
      world.lastPlace = { connection: id, environment: "production" };
    }
    if (world.scenario === "file") {
      const id = this.begin("production-2026-11-20-encrypted.halyard");
      this.waiting = { id, name: this.#find(id).name, encrypted: true, content: null };
    }
  }

  begin(name: string): string {
    this.#count += 1;
    const id = `file-${this.#count}`;
    this.#files.set(id, { name, bytes: 0 });
    return id;
  }

  feed(id: string, base64: string): void {
    this.#find(id).bytes += Math.floor((base64.length * 3) / 4);
  }

  look(id: string, passphrase: string | null): ChosenFileView {
    const { name } = this.#find(id);
    refuseBroken(name);
    const encrypted = name.includes("encrypted");
    if (encrypted && passphrase !== null) refuseWrong(passphrase);
    const locked = encrypted && passphrase === null;
    return {
      id,
      name,
      encrypted,
      content: locked
        ? null
        : "Production of Acme Store as it was on 20 Nov 2026 at 14:36: 128 flags, 31 segments, 2,400 identities.",
    };
  }

  /** What is told while a file comes in: only one of a whole timeline takes its time. */
  coming(id: string): FileProgress[] {
    if (!this.#find(id).name.includes("timeline")) return [];
    return [640, 1920, 3840].map((done) => ({
      file: id,
      done,
      total: 5000,
      size: `${((done * 1.6) / 1000).toFixed(1)} MB`,
    }));
  }

  open(id: string, passphrase: string | null): FakeConnection {
    const { name } = this.#find(id);
    refuseBroken(name);
    if (name.includes("encrypted")) refuseWrong(passphrase ?? "");
    const now = this.#now();
    const made = acmeStore(acmeFlags(), now - 86_400);
    made.id = `opened-${id}`;
    made.name = name.replace(/\.halyard$/, "");
    made.file = { name, made_at: now - 86_400 };
    made.environments = made.environments.filter(({ key }) => key === "production");
    for (const environment of made.environments) {
      environment.protection = "read_only";
      environment.readOnly = "This is a snapshot file. Nothing can be written to it.";
    }
    this.#world.connections.push(made);
    this.drop(id);
    return made;
  }

  drop(id: string): void {
    this.#files.delete(id);
    if (this.waiting?.id === id) this.waiting = null;
  }

  export({ environment, from, passphrase }: ExportFileRequest): ExportedFileView {
    const kind = from === null ? "" : "-timeline";
    const name = `${environment}-2026-11-20${kind}.halyard`;
    const locked = (passphrase ?? "") === "" ? "" : " It opens only with the passphrase.";
    return { path: `/home/you/Downloads/${name}`, sentence: `Saved ${name}, 48 kB, to Downloads.${locked}` };
  }

  #find(id: string): FakeFile {
    const file = this.#files.get(id);
    if (!file) throw gone("The file");
    return file;
  }
}

function refuseBroken(name: string): void {
  if (name.includes("damaged")) {
    throw failure("input", `${name} is damaged.`, {
      cause: "Its end is missing: it was probably not sent or saved as a whole.",
      next_step: "Have it sent again. Nothing was imported.",
    });
  }
  if (name.includes("future")) {
    throw failure("input", `${name} was written by a newer Halyard.`, {
      cause: "It is in version 3 of the format, and this Halyard reads up to version 1.",
      next_step: "Update Halyard and open it again. Nothing was imported.",
    });
  }
  if (!name.endsWith(".halyard")) {
    throw failure("input", `${name} is not a snapshot file.`, {
      cause: "It does not begin as one.",
      next_step: "Choose a file that ends with .halyard. Nothing was imported.",
    });
  }
}

function refuseWrong(passphrase: string): void {
  if (passphrase === PASSPHRASE) return;
  throw failure("input", "The passphrase does not open this file.", {
    cause: "It is another one, or the file was changed on its way.",
    next_step: "Type it again, or ask whoever sent the file.",
    field: "passphrase",
  });
}
