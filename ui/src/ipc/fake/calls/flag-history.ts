/** The moments that touched a flag. */
import type { Host } from "../../host";
import { flagIn, placeOf } from "../edits";
import type { FakeHistory } from "../history/history";
import type { Stage } from "./stage";

/** The call about a flag's history. */
export function flagHistoryCalls(stage: Stage, history: FakeHistory) {
  return {
    async flagHistory(connection, environment, flag) {
      await stage.begin("flagHistory", connection, environment, flag);
      const place = placeOf(stage.world, connection, environment);
      flagIn(place.environment, flag);
      // What a first snapshot holds is there since, whoever looked.
      const touched = history
        .of(place.connection)
        .filter((moment) => moment.environment === environment)
        .filter(
          ({ parts, title }) =>
            title === "First snapshot" || parts.some((part) => part.startsWith(`${flag} `)),
        );
      return structuredClone(touched.map((moment) => history.view(place.connection, moment)));
    },
  } satisfies Partial<Host>;
}
