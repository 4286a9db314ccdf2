/** What environments were. */
import type { FakeHistory } from "../history/history";
import type { Host } from "../../host";
import type { Stage } from "./stage";

/** The calls of the timeline. */
export function timelineCalls(stage: Stage, history: FakeHistory) {
  function told(connection: string): null {
    stage.tell({ what: "timeline", connection });
    return null;
  }

  return {
    async timeline(request) {
      await stage.begin("timeline", request);
      return structuredClone(history.timeline(request));
    },

    async momentAt(connection, environment, at) {
      await stage.begin("momentAt", connection, environment, at);
      return structuredClone(history.at(connection, environment, at));
    },

    async takeSnapshot(connection, environment, name) {
      await stage.begin("takeSnapshot", connection, environment, name);
      await stage.pause(8);
      const taken = structuredClone(history.take(connection, environment, name));
      stage.tell({ what: "environment", connection, environment }, { what: "timeline", connection });
      return taken;
    },

    async nameMoment(id, name) {
      await stage.begin("nameMoment", id, name);
      const { connection, moment } = history.find(id);
      moment.name = name.trim() === "" ? null : name.trim();
      return told(connection.id);
    },

    async pinMoment(id, pinned) {
      await stage.begin("pinMoment", id, pinned);
      const { connection, moment } = history.find(id);
      moment.pinned = pinned;
      return told(connection.id);
    },
  } satisfies Partial<Host>;
}
