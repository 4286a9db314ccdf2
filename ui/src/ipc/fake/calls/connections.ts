/** Connections as they are made, kept and forgotten. */
import type { AppView, ConnectionView, SaveConnectionRequest } from "../../bindings";
import type { Host } from "../../host";
import { acmeFlags } from "../acme-flags";
import { Drafts } from "../drafts";
import { keychainAbsent } from "../errors";
import type { FakeFiles } from "../files";
import type { FakeHealth } from "../health";
import { connectionView } from "../views";
import { acmeEdge, acmeStore, type FakeConnection } from "../world";
import { type Stage, tagsOf } from "./stage";

/** The calls about connections and drafts of them. */
export function connectionCalls(stage: Stage, health: FakeHealth, files: FakeFiles) {
  const { world, now } = stage;
  const drafts = new Drafts(now);
  const viewOf = (connection: FakeConnection) => connectionView(world, connection, now());

  /** With what is the matter with a surface of an environment. */
  function warned(view: ConnectionView): ConnectionView {
    for (const environment of view.environments) {
      const { warnings } = health.view(view.id, environment.key);
      environment.warning =
        warnings.find(({ id }) => id.startsWith("surface:") && id.endsWith(`:${environment.key}`)) ?? null;
    }
    return view;
  }
  function refuseWithoutKeychain(where: SaveConnectionRequest["keep_key"]): void {
    if (where === "keychain" && world.keyStore.state !== "ready") throw keychainAbsent();
  }
  function add(made: FakeConnection[]): void {
    world.connections = [
      ...world.connections.filter((each) => !made.some((other) => other.id === each.id)),
      ...made,
    ];
    stage.tell({ what: "app" });
  }

  function appView(): AppView {
    const shown = world.locked === null ? world.connections : [];
    return structuredClone({
      version: "0.1.0",
      connections: shown.map((each) => warned(viewOf(each))),
      key_store: world.keyStore,
      notices: [],
      last_place: world.locked === null ? world.lastPlace : null,
      theme: world.theme,
      waiting_file: files.waiting,
      locked: world.locked,
      desktop_notices: world.desktopNotices,
    });
  }

  return {
    async app() {
      await stage.begin("app");
      return appView();
    },

    async startDemo() {
      await stage.begin("startDemo");
      const made = [acmeStore(acmeFlags(), now()), acmeEdge(now())];
      for (const connection of made) {
        connection.id = `demo-${connection.id}`;
        connection.demo = true;
        connection.key = "session";
        connection.address = "http://127.0.0.1:40001/api/v1/";
      }
      add(made);
      return made.map(viewOf);
    },

    async connect(request) {
      await stage.begin("connect", { ...request, key: "…" });
      return drafts.check(request, world.scenario === "wrong-key");
    },

    async draftEnvironments(draft, project) {
      await stage.begin("draftEnvironments", draft, project);
      return drafts.connection(draft).environments.map(({ key, name, mark, protection, versioned }) => ({
        key,
        name,
        mark,
        protection,
        versioned,
      }));
    },

    async saveConnection(request) {
      await stage.begin("saveConnection", request);
      const made = drafts.connection(request.draft);
      refuseWithoutKeychain(request.keep_key);
      made.id = `connection-${world.connections.length + 1}`;
      made.key = request.keep_key;
      made.environments = made.environments.filter((each) => request.environments.includes(each.key));
      drafts.discard(request.draft);
      add([made]);
      return viewOf(made);
    },

    async saveKey(draft, keepKey) {
      await stage.begin("saveKey", draft, keepKey);
      const connection = stage.connection(drafts.again(draft) ?? "");
      refuseWithoutKeychain(keepKey);
      connection.key = keepKey;
      drafts.discard(draft);
      stage.tell({ what: "app" }, ...tagsOf(connection));
      return viewOf(connection);
    },

    async discardDraft(draft) {
      await stage.begin("discardDraft", draft);
      drafts.discard(draft);
      return null;
    },

    async forgetConnection(connection) {
      await stage.begin("forgetConnection", connection);
      world.connections = world.connections.filter((each) => each.id !== connection);
      world.unsent = world.unsent.filter((each) => each.connection !== connection);
      stage.tell({ what: "app" });
      return null;
    },

    async unlockMirror() {
      await stage.begin("unlockMirror");
      world.locked = null;
      return appView();
    },

    async setMirrorAside() {
      await stage.begin("setMirrorAside");
      world.locked = null;
      world.connections = [];
      return appView();
    },

    async retryKeyStore() {
      await stage.begin("retryKeyStore");
      return world.keyStore;
    },
  } satisfies Partial<Host>;
}
