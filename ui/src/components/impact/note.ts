import type { ChangeSetImpactView, ImpactView, ShareView } from "../../ipc/bindings";
import { text } from "../../strings";
import { count } from "../../strings/numbers";
import { percent } from "./percent";

const words = text.impact;

/** What is counted as plain text, with what it was weighed against and how old that is. */
export function impactNote(view: ImpactView, environment: string, freshness: string): string {
  const { then, shares } = view;
  const against = then?.source ?? words.note.mirror(environment, freshness);
  const row = (name: string, of: ShareView[]) =>
    `${name}: ${of.map((one) => `${one.label} ${percent(one.basis_points, one.count, view.identities)}`).join(", ")}`;
  return [
    words.note.head(shares.flag, environment),
    `${words.note.weighed}: ${against}.`,
    ...(then === null ? [] : [then.caution]),
    "",
    view.sentence,
    ...(view.missing ? [] : [row(then === null ? words.note.now : words.note.then, shares.now)]),
    ...(shares.after === null ? [] : [row(words.note.after, shares.after)]),
    ...shares.moves.map((move) => `  ${count(move.count)}: ${words.move(move.from, move.to)}`),
    ...view.notes,
    ...(view.surprises.length === 0
      ? []
      : [`${words.surprises(view.surprises.length)} ${view.surprises.join(", ")}`]),
    "",
    `${view.cohort}. ${view.how}`,
  ].join("\n");
}

/** What a change set does in all as plain text, with what it was weighed against and how old that is. */
export function totalNote(
  view: ChangeSetImpactView,
  set: string,
  environment: string,
  freshness: string,
): string {
  const against = view.then?.source ?? words.note.mirror(environment, freshness);
  return [
    words.note.head(set, environment),
    `${words.note.weighed}: ${against}.`,
    ...(view.then === null ? [] : [view.then.caution]),
    "",
    `${text.changes.affected(view.changed, view.sampled)} ${text.changes.impact.sampled}.`,
    ...view.flags.map((flag) => `  ${flag.flag}: ${text.changes.affected(flag.changed, view.sampled)}`),
    ...view.notes,
    "",
    view.sample,
  ].join("\n");
}
