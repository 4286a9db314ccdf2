/** The requests that were made. */
import type { Host } from "../../host";
import { exported, type FakeActivity } from "../activity";
import type { Stage } from "./stage";

/** The calls of the Activity page. */
export function activityCalls(stage: Stage, requests: FakeActivity) {
  return {
    async activity(request) {
      await stage.begin("activity", request);
      return structuredClone(requests.list(request));
    },

    async exchange(id) {
      await stage.begin("exchange", id);
      return structuredClone(requests.detail(id));
    },

    async exportActivity(request, format) {
      await stage.begin("exportActivity", request, format);
      return exported(requests.list(request).rows, format);
    },

    async clearActivity(connection) {
      await stage.begin("clearActivity", connection);
      requests.clear(connection);
      stage.tell({ what: "activity" });
      return null;
    },
  } satisfies Partial<Host>;
}
