/** Flags: how they are refreshed, read and edited. */
import type { Changed, RefreshProgress } from "../../bindings";
import type { Host } from "../../host";
import { type FakeEdits, flagIn, placeOf } from "../edits";
import { keyMissing, rateLimited } from "../errors";
import { flagDetailView, flagListView } from "../views";
import { Listeners, type Stage } from "./stage";

const REFRESH_PARTS = 31;
const PAUSE_SECONDS = 18;

/** The calls about flags and edits. */
export function flagCalls(stage: Stage, edits: FakeEdits) {
  const { world, now } = stage;
  const progress = new Listeners<RefreshProgress>();

  async function read(connection: string, environment: string): Promise<void> {
    const place = placeOf(world, connection, environment);
    const tags: Changed["tags"] = [{ what: "app" }, { what: "environment", connection, environment }];
    place.environment.refreshing = true;
    stage.tell(...tags);
    for (let done = 0; done <= REFRESH_PARTS; done += 4) {
      progress.tell({ connection, environment, what: "segments", done, total: REFRESH_PARTS });
      await stage.pause(3);
    }
    progress.tell({ connection, environment, what: null, done: 0, total: null });
    place.environment.refreshing = false;
    if (world.scenario !== "offline") {
      place.environment.checkedAt = now();
      place.environment.failure = null;
    }
    stage.tell(...tags);
  }
  return {
    async refresh(connection, environment) {
      await stage.begin("refresh", connection, environment);
      const place = placeOf(world, connection, environment);
      if (place.connection.key === "missing") throw keyMissing();
      if (world.scenario === "rate-limited") throw rateLimited(now() + PAUSE_SECONDS);
      void read(connection, environment);
      return null;
    },

    async flags(connection, environment, reference) {
      await stage.begin("flags", connection, environment, reference);
      const place = placeOf(world, connection, environment);
      return structuredClone(flagListView(place.connection, place.environment, reference, now()));
    },

    async flagDetail(connection, environment, flag) {
      await stage.begin("flagDetail", connection, environment, flag);
      const place = placeOf(world, connection, environment);
      return structuredClone(
        flagDetailView(place.connection, place.environment, flagIn(place.environment, flag)),
      );
    },

    async edit(request) {
      await stage.begin("edit", request);
      const { connection, environment } = request;
      const outcome = edits.edit(request);
      stage.tell(
        { what: "app" },
        { what: "environment", connection, environment },
        { what: "changes", connection },
      );
      return outcome;
    },

    onProgress: (callback) => progress.add(callback),
  } satisfies Partial<Host>;
}
