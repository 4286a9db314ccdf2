import type { SurfaceSettingsView } from "../../ipc/bindings";
import { asHostError, type Host, type HostError } from "../../ipc/host";
import { text } from "../../strings";

/** An Edge Proxy as typed. */
export interface ProxyDraft {
  id: number;
  address: string;
  poll: string;
  grace: string;
  neverStale: boolean;
  pairs: string;
}

const PEM_AT_MOST = 1024 * 1024;

/** What is set about a connection's surfaces, as typed. It stays as typed until it is saved or reverted. */
export class SurfaceForm {
  flagsAddress = $state("");
  proxies = $state<ProxyDraft[]>([]);
  certificates = $state("");
  statusFeed = $state(true);
  feedAddress = $state("");

  ready = $state(false);
  saving = $state(false);
  saved = $state(false);
  /** What is not about one field. */
  error = $state.raw<HostError | null>(null);
  /** Sentences by field, such as `edge_proxies:0:address`. */
  fieldErrors = $state.raw<Record<string, string>>({});

  #ids = 0;
  #kept: SurfaceSettingsView | null = null;
  readonly #host: Host;
  readonly #connection: string;

  constructor(host: Host, connection: string) {
    this.#host = host;
    this.#connection = connection;
  }

  async load(): Promise<void> {
    this.error = null;
    try {
      this.#show(await this.#host.surfaceSettings(this.#connection));
      this.ready = true;
    } catch (thrown) {
      this.error = asHostError(thrown);
    }
  }

  /** Saves, and shows what was kept. After an error everything stays as typed. */
  async save(): Promise<void> {
    if (this.saving) return;
    this.error = null;
    this.saved = false;
    this.fieldErrors = this.#misspelt();
    if (Object.keys(this.fieldErrors).length > 0) return;
    this.saving = true;
    try {
      this.#show(await this.#host.saveSurfaceSettings(this.#connection, this.#typed()));
      this.saved = true;
    } catch (thrown) {
      this.#fail(asHostError(thrown));
    } finally {
      this.saving = false;
    }
  }

  /** Back to what is kept. */
  revert(): void {
    this.error = null;
    this.fieldErrors = {};
    this.saved = false;
    if (this.#kept !== null) this.#show(this.#kept);
  }

  addProxy(): void {
    // The defaults of the Edge Proxy itself.
    this.proxies.push(this.#draft({ address: "", poll_seconds: 10, grace_seconds: 30, key_pairs: 1 }));
  }

  removeProxy(id: number): void {
    this.proxies = this.proxies.filter((each) => each.id !== id);
    // The numbers in the names of fields have shifted.
    this.fieldErrors = {};
  }

  /** Takes certificates out of a file, in addition to what is there. */
  async addCertificates(file: File): Promise<void> {
    if (file.size > PEM_AT_MOST) {
      this.fieldErrors = { ...this.fieldErrors, ca_bundle: text.surfaces.tooLarge(file.name) };
      return;
    }
    try {
      const pem = (await file.text()).trim();
      this.certificates = [this.certificates.trim(), pem].filter((part) => part !== "").join("\n");
      this.fieldErrors = { ...this.fieldErrors, ca_bundle: "" };
    } catch {
      this.fieldErrors = { ...this.fieldErrors, ca_bundle: text.surfaces.unreadable(file.name) };
    }
  }

  #fail(error: HostError): void {
    const field = error.wire.field;
    const name = field === null ? null : fieldName(field);
    if (name === null || !this.#has(name)) {
      this.error = error;
      return;
    }
    const { sentence, next_step } = error.wire;
    this.fieldErrors = { [name]: [sentence, next_step].filter((part) => part !== null).join(" ") };
  }

  #has(name: string): boolean {
    const [first, at] = name.split(":");
    if (first === "edge_proxies") return Number(at) < this.proxies.length;
    return ["flags_address", "ca_bundle", "status_feed_url"].includes(name);
  }

  #misspelt(): Record<string, string> {
    const wrong: Record<string, string> = {};
    this.proxies.forEach((proxy, at) => {
      const seconds = /^\d{1,7}$/;
      if (!seconds.test(proxy.poll.trim()))
        wrong[`edge_proxies:${at}:poll_seconds`] = text.surfaces.wholeNumber;
      if (!proxy.neverStale && !seconds.test(proxy.grace.trim()))
        wrong[`edge_proxies:${at}:grace_seconds`] = text.surfaces.wholeNumber;
      if (!/^[1-9]\d{0,4}$/.test(proxy.pairs.trim()))
        wrong[`edge_proxies:${at}:key_pairs`] = text.surfaces.wholePairs;
    });
    return wrong;
  }

  #typed(): SurfaceSettingsView {
    const orNull = (typed: string) => (typed.trim() === "" ? null : typed.trim());
    return {
      flags_address: orNull(this.flagsAddress),
      edge_proxies: this.proxies.map((proxy) => ({
        address: proxy.address.trim(),
        poll_seconds: Number(proxy.poll),
        grace_seconds: proxy.neverStale ? null : Number(proxy.grace),
        key_pairs: Number(proxy.pairs),
      })),
      ca_bundle: orNull(this.certificates),
      status_feed: this.statusFeed,
      status_feed_url: orNull(this.feedAddress),
    };
  }

  #show(settings: SurfaceSettingsView): void {
    this.#kept = settings;
    this.flagsAddress = settings.flags_address ?? "";
    this.proxies = settings.edge_proxies.map((proxy) => this.#draft(proxy));
    this.certificates = settings.ca_bundle ?? "";
    this.statusFeed = settings.status_feed;
    this.feedAddress = settings.status_feed_url ?? "";
  }

  #draft(proxy: SurfaceSettingsView["edge_proxies"][number]): ProxyDraft {
    this.#ids += 1;
    return {
      id: this.#ids,
      address: proxy.address,
      poll: String(proxy.poll_seconds),
      grace: String(proxy.grace_seconds ?? 30),
      neverStale: proxy.grace_seconds === null,
      pairs: String(proxy.key_pairs),
    };
  }
}

/** A field as the form names it: of a proxy without a part, its address. */
function fieldName(field: string): string {
  const [first = "", at, part = "address"] = field.split(/[:.[\]]+/).filter((each) => each !== "");
  return at === undefined ? first : `${first}:${at}:${part}`;
}
