import type { Changed } from "../../bindings";
import type { Host, HostError } from "../../host";
import { gone } from "../errors";
import type { FakeConnection, World } from "../world";

/** One call, for tests to look at. */
export interface Call {
  command: keyof Host;
  arguments: unknown[];
}

/** What is asked of a host, without what it tells by itself. */
export type Asked = Exclude<
  keyof Host,
  "onChanged" | "onProgress" | "onBatchProgress" | "onFileProgress" | "onDoctorProgress"
>;

/** Callbacks until each is taken back. */
export class Listeners<T> {
  readonly #callbacks = new Set<(told: T) => void>();

  add(callback: (told: T) => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  tell(told: T): void {
    for (const callback of this.#callbacks) callback(told);
  }
}

/** What all parts of the fake host stand on: its world and clock, and what befalls every call. */
export class Stage {
  readonly calls: Call[] = [];
  readonly changed = new Listeners<Changed>();
  readonly #failures = new Map<Asked, HostError[]>();
  #held: Promise<void> | null = null;

  constructor(
    readonly world: World,
    readonly now: () => number,
    /** How long an answer takes, in milliseconds. */
    readonly latency: number,
  ) {}

  /** Makes the next call of a command fail. */
  failNext(command: Asked, error: HostError): void {
    this.#failures.set(command, [...(this.#failures.get(command) ?? []), error]);
  }

  /** Holds all answers back until the returned function is called. */
  hold(): () => void {
    let release = () => {};
    this.#held = new Promise((resolve) => {
      release = () => {
        this.#held = null;
        resolve();
      };
    });
    return release;
  }

  /** The beginning of each call: it is noted, takes its time, and may fail. */
  async begin(command: Asked, ...given: unknown[]): Promise<void> {
    this.calls.push({ command, arguments: given });
    await this.pause(1);
    if (this.#held) await this.#held;
    const error = this.#failures.get(command)?.shift();
    if (error) throw error;
  }

  /** Waits as long as a number of answers take. */
  async pause(answers: number): Promise<void> {
    if (this.latency > 0) await new Promise((resolve) => setTimeout(resolve, this.latency * answers));
  }

  connection(id: string): FakeConnection {
    const connection = this.world.connections.find((each) => each.id === id);
    if (!connection) throw gone("The connection");
    return connection;
  }

  tell(...tags: Changed["tags"]): void {
    this.changed.tell({ tags });
  }

  /** Tells the window that everything is out of date. */
  changeAll(): void {
    this.tell({ what: "app" }, ...this.world.connections.flatMap(tagsOf));
  }
}

/** Everything of a connection. */
export function tagsOf(connection: FakeConnection): Changed["tags"] {
  return [
    { what: "status", connection: connection.id },
    { what: "changes", connection: connection.id },
    ...connection.environments.map((each) => ({
      what: "environment" as const,
      connection: connection.id,
      environment: each.key,
    })),
  ];
}
