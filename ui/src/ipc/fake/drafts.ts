/** Checked keys before anything is saved. The keys themselves are forgotten at once. */
import type { ConnectRequest, DraftView } from "../bindings";
import { acmeFlags } from "./acme-flags";
import { failure, gone, keyRefused } from "./errors";
import { acmeEdge, acmeStore, type FakeConnection } from "./world";

/** The drafts of a session. */
export class Drafts {
  readonly #drafts = new Map<string, Omit<ConnectRequest, "key">>();
  readonly #now: () => number;
  #count = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Checks a key: one that holds `wrong`, or looks like an environment's, is not accepted. */
  check({ key, ...request }: ConnectRequest, refuseAll: boolean): DraftView {
    if (key.trim() === "") throw failure("input", "A key is needed.", { field: "key" });
    const environmentKey = request.key_kind === "organisation_key" && key.startsWith("ser.");
    if (refuseAll || key.includes("wrong") || environmentKey) throw keyRefused(environmentKey);
    this.#count += 1;
    const draft = `draft-${this.#count}`;
    this.#drafts.set(draft, request);
    return view(draft, request, this.connection(draft));
  }

  /** The connection whose key was typed again, if it was. */
  again(draft: string): string | null {
    return this.#of(draft).connection;
  }

  /** The connection that a draft would become. */
  connection(draft: string): FakeConnection {
    const request = this.#of(draft);
    const made =
      request.service === "flagsmith" ? acmeStore(acmeFlags(), this.#now()) : acmeEdge(this.#now());
    const typed = request.address.trim();
    if (typed !== "") made.address = typed;
    return made;
  }

  discard(draft: string): void {
    this.#drafts.delete(draft);
  }

  #of(draft: string) {
    const request = this.#drafts.get(draft);
    if (!request) throw gone("The draft");
    return request;
  }
}

function view(draft: string, request: Omit<ConnectRequest, "key">, connection: FakeConnection): DraftView {
  const flagsmith = request.service === "flagsmith";
  const typed = request.address.trim();
  const corrected = flagsmith && typed !== "" && !typed.endsWith("/api/v1/");
  const projects = flagsmith ? ["Acme Store", "Acme App"] : ["Acme Edge"];
  return {
    draft,
    address: connection.address,
    flags_address: flagsmith && typed === "" ? "https://edge.api.flagsmith.com/api/v1/" : null,
    corrections: corrected ? ["Added /api/v1/ to the address."] : [],
    server_version: flagsmith ? "2.265.0" : null,
    organisations: [
      {
        organisation: { id: "1", name: flagsmith ? "Acme Retail" : "EdgeFlags" },
        projects: projects.map((name, at) => ({ id: String(at + 1), name })),
      },
    ],
    permissions: flagsmith
      ? []
      : [
          { name: "Read flags", standing: "granted" },
          { name: "Write flags", standing: "unknown" },
          { name: "Read audit", standing: "denied" },
        ],
  };
}
