import type { FieldEdit, FlagRowView, PlaceView, StageRequest, SubjectView } from "../../ipc/bindings";
import type { Host } from "../../ipc/host";
import { flagState, turn } from "../../state/fields";

/** What is done to all selected flags. */
export type BulkAct =
  { act: "turn"; on: boolean } | { act: "tag"; tag: string; add: boolean } | { act: "archive" };

/** The flags for which an act changes something. */
export function concerned(rows: FlagRowView[], act: BulkAct): FlagRowView[] {
  switch (act.act) {
    case "turn":
      return rows.filter((row) => row.enabled !== act.on);
    case "tag":
      return rows.filter((row) => row.tags.includes(act.tag) !== act.add);
    case "archive":
      return rows.filter((row) => !row.archived);
  }
}

/** The tags of flags with how many have each, by name. */
export function tagsOf(rows: FlagRowView[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const tag of rows.flatMap((row) => row.tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].sort(([one], [other]) => one.localeCompare(other));
}

/** Asks for an act on each flag that it concerns. Tags and archiving belong to the flag in every environment. */
export async function requestsFor(
  host: Host,
  place: PlaceView,
  rows: FlagRowView[],
  act: BulkAct,
): Promise<Omit<StageRequest, "change_set">[]> {
  const some = concerned(rows, act);
  if (act.act === "turn") {
    return some.map(({ key, revision }) => ({
      ...place,
      subject: flagState(key),
      revision,
      changes: [turn(act.on)],
    }));
  }
  const changes = [changeOf(act)];
  return Promise.all(
    some.map(async ({ key }) => {
      const subject: SubjectView = { kind: "flag", flag: key };
      const { revision } = await host.subjectFields(place.connection, place.environment, subject);
      return { ...place, subject, revision, changes };
    }),
  );
}

function changeOf(act: Exclude<BulkAct, { act: "turn" }>): FieldEdit {
  if (act.act === "archive") return { field: "archived", to: { kind: "toggle", on: true } };
  return { field: `tag:${act.tag}`, to: { kind: act.add ? "set" : "unset" } };
}
