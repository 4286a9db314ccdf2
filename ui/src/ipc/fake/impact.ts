/** What edits would do to the Acme Store's identities. */
import type {
  ChangeSetImpactView,
  DraftEditView,
  FlagSharesView,
  ImpactRequest,
  ImpactView,
  OverrideShareView,
  WeighedThenView,
} from "../bindings";
import { type FakeEdit, isOpen } from "./changes/edit";
import { concernedFlags, copied, laidOver, lay } from "./changes/overlay";
import type { Spot } from "./changes/subjects";
import { people } from "./people";
import { acmeRanges, flippers, madeUp, sharesOf, suppliedBy } from "./sample";
import type { FakeEnvironment } from "./world";

const MADE_UP = 2400 - people.length;

/** The sample that every impact is told of: made-up identities and the stored ones. */
const sample = [...people, ...madeUp(MADE_UP, 1, acmeRanges())];
const grouped = new Intl.NumberFormat("en-GB");

/** The impact of edits on one flag. */
export function impactOf(spot: Spot, asked: ImpactRequest, then: WeighedThenView | null = null): ImpactView {
  const { environment } = spot;
  const missing = then !== null && !environment.flags.has(asked.flag);
  const request = { ...asked, edits: missing ? [] : asked.edits };
  const flags = concernedFlags(spot, request);
  const concerned = flags.has(request.flag);
  const after = flags.size === 0 ? null : laidOver(spot, request);
  const shares = sharesOf(request.flag, sample, environment, after, concerned);
  return {
    cohort: `${grouped.format(sample.length)} sampled identities`,
    how: `${grouped.format(MADE_UP)} made up from the conditions of the segments, and ${people.length} stored ones.`,
    identities: sample.length,
    shares,
    overrides: overridesOf(request.flag, environment, after),
    sentence: missing
      ? `${request.flag} was not in ${environment.name} then, so it gave nobody anything.`
      : sentence(shares),
    notes: missing
      ? asked.edits.map(() => `What is typed for ${asked.flag} is not counted: the flag was not there then.`)
      : notes(shares, request),
    // One flag depends on another, as far as the screens are concerned.
    surprises: request.flag === "guest_checkout" && shares.flips > 0 ? ["gift_wrapping"] : [],
    then,
    missing,
  };
}

function concerns({ subject }: DraftEditView, flag: string): boolean {
  return "flag" in subject && subject.flag === flag;
}

function overridesOf(flag: string, now: FakeEnvironment, after: FakeEnvironment | null): OverrideShareView[] {
  const overrides = now.flags.get(flag)?.overrides ?? [];
  return overrides.map(({ segment }) => ({
    segment,
    now: suppliedBy(segment, flag, sample, now),
    after: after === null ? null : suppliedBy(segment, flag, sample, after),
  }));
}

function sentence(shares: FlagSharesView): string {
  if (shares.after === null) return "";
  const all = grouped.format(sample.length);
  if (shares.flips === 0) return `None of ${all} identities changes.`;
  const percent = ((shares.flips / sample.length) * 100).toFixed(1);
  const flips = grouped.format(shares.flips);
  const turns = shares.moves.every((move) => (move.from === "Off") !== (move.to === "Off"));
  if (turns && new Set(shares.moves.map((move) => move.to)).size === 1) {
    const on = shares.moves[0]?.from === "Off";
    return `${flips} of ${all} go from ${on ? "off to on" : "on to off"} (${percent}%).`;
  }
  return `${flips} of ${all} identities change value (${percent}%).`;
}

function notes(shares: FlagSharesView, request: ImpactRequest): string[] {
  const changes = request.edits.find((edit) => concerns(edit, request.flag))?.changes ?? [];
  const to = changes.find(({ field }) => field === "enabled")?.to;
  if (to?.kind !== "toggle" || shares.after === null) return [];
  const stays = shares.after.filter((share) => share.enabled !== to.on);
  const count = stays.reduce((sum, share) => sum + share.count, 0);
  if (count === 0) return [];
  return [`${grouped.format(count)} stay ${to.on ? "off" : "on"} because of a segment override.`];
}

/** What a change set's ticked edits do in one environment. */
export function changeSetImpact(
  spot: Spot,
  edits: FakeEdit[],
  then: WeighedThenView | null,
): ChangeSetImpactView {
  const { environment } = spot;
  const here = edits.filter((edit) => edit.environment === environment.key && edit.ticked);
  const isThere = ({ subject }: FakeEdit) => !("flag" in subject) || environment.flags.has(subject.flag);
  const lacking = then === null ? [] : here.filter((edit) => isOpen(edit) && !isThere(edit));
  const open = here.filter((edit) => isOpen(edit) && !lacking.includes(edit));
  const over = { ...spot, environment: copied(spot, open) };
  const changed = new Set<number>();
  const byEdit = open.map((edit) => {
    const flag = "flag" in edit.subject ? edit.subject.flag : null;
    // Each is weighed beside those before it.
    const before = copied(over, [edit]);
    lay(over, edit);
    const flips = flag === null ? [] : flippers(flag, sample, before, over.environment);
    return { edit: edit.id, changed: flips.length };
  });
  const flags = [...new Set(open.flatMap(({ subject }) => ("flag" in subject ? [subject.flag] : [])))].map(
    (flag) => {
      const flips = flippers(flag, sample, environment, over.environment);
      for (const one of flips) changed.add(one);
      return {
        flag,
        changed: flips.length,
        basis_points: Math.round((flips.length / sample.length) * 10_000),
      };
    },
  );
  return {
    environment: environment.key,
    sampled: sample.length,
    changed: changed.size,
    flags: flags.sort((one, other) => other.changed - one.changed),
    edits: byEdit,
    sample: `${grouped.format(sample.length)} sampled identities in ${environment.name}`,
    notes: [
      ...lacking.flatMap(({ subject }) =>
        "flag" in subject ? [`${subject.flag} is not counted: the flag was not there then.`] : [],
      ),
      ...(here.some(({ subject }) => subject.kind === "segment")
        ? ["What a change of a segment does to other flags is not counted here."]
        : []),
    ],
    then,
  };
}
