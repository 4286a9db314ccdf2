/** Change sets as the window is given them. */
import type {
  ChangeSetView,
  ChangesView,
  ConfirmationView,
  EditStatusView,
  EditView,
  OpenEditView,
  PublishingView,
  SaidView,
  SubjectView,
} from "../../bindings";
import { gone } from "../errors";
import type { FakeConnection } from "../world";
import { type FakeChangeSet, type FakeEdit, isOpen } from "./edit";
import { changesOf, meet } from "./merge";
import { fieldsOf, iconOf, isEverywhere, nameOf, type Spot } from "./subjects";
import { sameSubject } from "./same";

export function spotOf(connection: FakeConnection, key: string): Spot {
  const environment = connection.environments.find((each) => each.key === key);
  if (!environment) throw gone("The environment");
  return { connection, environment };
}

/** The change sets of a connection. */
export function changesView(connection: FakeConnection, now: number): ChangesView {
  const ended = (set: FakeChangeSet) => set.state === "published" || set.state === "discarded";
  const open = connection.changeSets
    .filter((set) => !ended(set))
    .map((set) => changeSetView(connection, set, now));
  const over = connection.changeSets.filter(ended).map((set) => changeSetView(connection, set, now));
  return {
    open,
    ended: over.sort((one, other) => (other.ended_at ?? 0) - (one.ended_at ?? 0)).slice(0, 50),
    staged: open
      .flatMap(({ edits }) => edits)
      .filter(({ status }) => status.status === "staged" || status.status === "behind").length,
    conflicts: open.reduce((sum, set) => sum + set.conflicts, 0),
  };
}

export function changeSetView(connection: FakeConnection, set: FakeChangeSet, now: number): ChangeSetView {
  const edits = set.edits.map((edit) => editView(connection, edit));
  const live = edits.filter(({ status }) => status.status !== "discarded");
  const conflicts = live.filter(({ status }) => needsDecision(status)).length;
  const sent = live.filter(({ status }) => status.status === "sent");
  return {
    id: set.id,
    name: set.name,
    state: set.state,
    edits,
    count: live.length,
    conflicts,
    publishing: publishingView(set, live, now),
    blocked: whyBlocked(connection, live),
    confirmations: confirmationsOf(connection, live),
    safety: safetyOf(connection, set),
    precondition: "Each edit is written only if its flag is still as it was when you staged it.",
    created_at: set.createdAt,
    ended_at: set.endedAt,
    can_roll_back: sent.filter(({ can_undo }) => can_undo).length,
    rolls_back: set.rollsBack,
  };
}

function needsDecision({ status }: EditStatusView): boolean {
  return status === "behind" || status === "conflict";
}

/** An edit that waits for publishing and rests on a state that is gone. */
export function statusOf(spot: Spot, edit: FakeEdit): EditStatusView {
  const waits = edit.status.status === "staged" || edit.status.status === "queued";
  if (!waits) return edit.status;
  const contested = meet(spot, edit, []).filter(({ how }) => how === "contested").length;
  return contested > 0 ? { status: "behind", contested } : edit.status;
}

export function editView(connection: FakeConnection, edit: FakeEdit): EditView {
  const spot = spotOf(connection, edit.environment);
  const { environment } = spot;
  const deletes = edit.changes.some(({ field, to }) => field === "existence" && to.kind === "unset");
  const creates = edit.base.size === 0;
  const status = statusOf(spot, edit);
  return {
    id: edit.id,
    environment: environment.key,
    environment_name: environment.name,
    mark: environment.mark,
    subject: edit.subject,
    name: nameOf(spot, edit.subject),
    icon: iconOf(spot, edit.subject),
    verb: deletes ? "delete" : creates ? "create" : "change",
    everywhere: isEverywhere(edit.subject),
    fields: changesOf(spot, edit),
    status,
    ticked: edit.ticked,
    warnings: isOpen(edit) ? warningsOf(spot, edit) : [],
    problems: isOpen(edit) ? problemsOf(spot, edit) : [],
    leftovers: edit.leftovers,
    rounds: edit.rounds,
    can_undo: status.status === "sent",
  };
}

function warningsOf(spot: Spot, { subject, changes }: FakeEdit): string[] {
  const all: string[] = [];
  const flag = "flag" in subject ? spot.environment.flags.get(subject.flag) : undefined;
  if (subject.kind === "identity_override") all.push("Identity overrides bypass change requests.");
  if (flag?.seed.archived) all.push("The flag is archived and is still served.");
  const off = changes.some(({ field, to }) => field === "enabled" && to.kind === "toggle" && !to.on);
  if (subject.kind === "flag_state" && off && flag?.overrides.some(({ enabled }) => enabled)) {
    all.push("Segment overrides are evaluated even while the flag is off.");
  }
  const to = changes.find(({ field }) => field === "value")?.to;
  if (flag && to?.kind === "value" && to.value.kind !== flag.value.kind && flag.value.kind !== "none") {
    all.push(`The type of the value changes from ${flag.value.kind} to ${to.value.kind}.`);
  }
  return all;
}

function problemsOf(spot: Spot, edit: FakeEdit): SaidView[] {
  const { subject, base } = edit;
  if (base.size > 0 && fieldsOf(spot, subject).size === 0) {
    return [{ field: null, label: null, words: "It does not exist any more." }];
  }
  return [];
}

function confirmationsOf(connection: FakeConnection, edits: EditView[]): ConfirmationView[] {
  return connection.environments.flatMap(({ key, name, mark, protection }) => {
    const here = edits.filter(
      (edit) => edit.environment === key && edit.ticked && edit.status.status !== "sent",
    );
    if (protection === "none" || here.length === 0) return [];
    const flags = new Set(here.map(({ subject }) => ("flag" in subject ? subject.flag : subject.kind)));
    return [{ environment: key, name, mark, protection, edits: here.length, flags: flags.size }];
  });
}

function whyBlocked(connection: FakeConnection, edits: EditView[]): string | null {
  const going = edits.filter(({ ticked, status }) => ticked && status.status !== "sent");
  if (going.length === 0) return "Nothing is ticked.";
  const undecided = going.filter(({ status }) => needsDecision(status)).length;
  if (undecided > 0)
    return undecided === 1 ? "1 edit waits for your decision." : `${undecided} edits wait for your decision.`;
  if (going.some(({ problems }) => problems.length > 0)) return "An edit cannot be sent as it is.";
  const locked = connection.environments.find(
    ({ key, protection, readOnly }) =>
      (protection === "read_only" || readOnly !== null) &&
      going.some(({ environment }) => environment === key),
  );
  return locked ? (locked.readOnly ?? `${locked.name} is read only here.`) : null;
}

function safetyOf(connection: FakeConnection, set: FakeChangeSet): string[] {
  const versions =
    connection.service === "edge_flags" || connection.environments.some(({ versioned }) => versioned);
  return [
    ...(versions ? [] : ["A change by somebody else in the same instant cannot be excluded."]),
    "You can close the app. Publishing goes on where it stopped when it opens.",
    "Your colleagues and scripts share this rate budget.",
    ...(set.rollsBack === null ? [] : [`This leads back what ${set.rollsBack} sent.`]),
  ];
}

function publishingView(set: FakeChangeSet, edits: EditView[], now: number): PublishingView | null {
  const { publishing } = set;
  if (publishing === null) return null;
  const going = edits.filter(({ ticked }) => ticked);
  const sent = going.filter(({ status }) => status.status === "sent").length;
  const left = going.filter(({ status }) => status.status === "queued" || status.status === "waiting").length;
  const needs = going.some(
    ({ status }) => needsDecision(status) || status.status === "refused" || status.status === "unknown",
  );
  const until =
    publishing.pausedUntil !== null && publishing.pausedUntil > now ? publishing.pausedUntil : null;
  const counts = `${sent} of ${going.length} edits are sent and confirmed; nothing is sent twice.`;
  return {
    headline: headlineOf(set, until, needs && left === 0),
    detail:
      until === null
        ? counts
        : `Flagsmith answered 429 and asked for ${publishing.pauseSeconds ?? 0} s. ${counts}`,
    sent,
    total: going.length,
    paused_until: until,
    pause_seconds: until === null ? null : publishing.pauseSeconds,
    forecast: left === 0 ? null : `${left} ${left === 1 ? "write" : "writes"}, about ${left} s`,
    held: publishing.held,
    needs_you: needs && left === 0,
  };
}

function headlineOf({ publishing, state }: FakeChangeSet, until: number | null, needs: boolean): string {
  if (state === "published") return "Published";
  if (publishing?.held) return "Publishing is held";
  if (until !== null) return "Publishing paused by the rate limit";
  return needs ? "Publishing waits for you" : "Publishing";
}

/** Edits whose outcome is open, of one connection. */
export function openEditsOf(connection: FakeConnection): OpenEditView[] {
  const all = [
    ...connection.edits.map((edit) => ({ edit, set: null })),
    ...connection.changeSets
      .filter(({ state }) => state !== "discarded")
      .flatMap((set) => set.edits.map((edit) => ({ edit, set }))),
  ];
  return all.flatMap(({ edit, set }) => {
    const spot = spotOf(connection, edit.environment);
    const { status } = statusOf(spot, edit);
    const conflict = status === "conflict" || status === "behind";
    if (!conflict && status !== "unknown") return [];
    const name = nameOf(spot, edit.subject);
    const met = `Your edit of ${name} in ${spot.environment.name} met a newer change.`;
    return [
      {
        edit: edit.id,
        environment: spot.environment.key,
        environment_name: spot.environment.name,
        subject: edit.subject,
        name,
        change_set: set?.name ?? null,
        sentence: edit.sentence ?? met,
        conflict,
      },
    ];
  });
}

/** The open edit of a subject: what a row's badge tells of. */
export function openEditOf(
  { connection, environment }: Spot,
  subject: SubjectView,
): { edit: FakeEdit; staged: boolean } | null {
  const here = (edit: FakeEdit) =>
    isOpen(edit) &&
    (edit.environment === environment.key || isEverywhere(subject)) &&
    sameSubject(edit.subject, subject);
  const loose = connection.edits.find(here);
  if (loose) return { edit: loose, staged: false };
  const staged = connection.changeSets
    .filter(({ state }) => state !== "discarded" && state !== "published")
    .flatMap(({ edits }) => edits)
    .find(here);
  return staged ? { edit: staged, staged: true } : null;
}
