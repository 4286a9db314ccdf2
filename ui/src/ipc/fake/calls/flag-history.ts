/** The moments that touched a flag. */
import type { MomentView } from "../../bindings";
import type { Host } from "../../host";
import { flagIn, placeOf } from "../edits";
import type { FakeEnvironment, FakeFlag } from "../world";
import type { Stage } from "./stage";

const HOUR = 3600;
const DAY = 24 * HOUR;

/** The call about a flag's history. */
export function flagHistoryCalls(stage: Stage) {
  return {
    async flagHistory(connection, environment, flag) {
      await stage.begin("flagHistory", connection, environment, flag);
      const place = placeOf(stage.world, connection, environment);
      return momentsOf(place.environment, flagIn(place.environment, flag), stage.now());
    },
  } satisfies Partial<Host>;
}

/** Four moments: the last one by a person, one after a gap, a pinned one, and the first. */
function momentsOf(environment: FakeEnvironment, flag: FakeFlag, now: number): MomentView[] {
  const { key } = flag.seed;
  const starts = [now - flag.seed.age, now - flag.seed.age - 2 * DAY, now - flag.seed.age - 9 * DAY];
  const first = now - flag.seed.age - 30 * DAY;
  const moment = (at: number, until: number, more: Partial<MomentView>): MomentView => ({
    id: `${environment.key}-${key}-${at}`,
    environment: environment.key,
    environment_name: environment.name,
    mark: environment.mark,
    at,
    until,
    current: false,
    title: key,
    by: null,
    name: null,
    pinned: false,
    added: 0,
    changed: 1,
    removed: 0,
    parts: [`${key} changed`],
    authors: [],
    gap: null,
    source: "Read from Flagsmith.",
    ...more,
  });
  const author = (name: string, at: number, what: string) => ({ name, at, what });
  const [last = now, before = now, pinned = now] = starts;
  return [
    moment(last, environment.checkedAt ?? now, {
      current: true,
      by: "Maya Lindqvist",
      authors: [
        author("Maya Lindqvist", last - 4, `Flag state / Remote config value updated for feature: ${key}`),
      ],
    }),
    moment(before, last - 60, {
      title: "3 flags",
      changed: 3,
      parts: [`${key} changed`, "guest_checkout changed", "store_pickup changed"],
      gap: "Nobody looked for 9 h before: the change fell into that time.",
    }),
    moment(pinned, before - 9 * HOUR, {
      title: "Before the autumn sale",
      name: "Before the autumn sale",
      pinned: true,
      by: "2 people",
      authors: [
        author("Jonas Weber", pinned - 12, `Flag state updated for feature: ${key}`),
        author("Priya Nair", pinned - 30, `Segment override created for feature: ${key}`),
      ],
    }),
    moment(first, pinned - 60, {
      title: "First snapshot",
      added: environment.flags.size,
      changed: 0,
      parts: [`${key} added`],
    }),
  ];
}
