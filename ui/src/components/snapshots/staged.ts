import type { AtView, PromotedView } from "../../ipc/bindings";
import type { Session } from "../../state/session.svelte";
import { text } from "../../strings";

/** Tells that edits were staged for an environment, and leads to them. */
export function tellStaged(
  session: Session,
  target: Pick<AtView, "connection" | "environment">,
  staged: PromotedView,
) {
  const words = text.snapshots.promote;
  const left = staged.left_out.length === 0 ? "" : ` ${words.leftOut(staged.left_out.length)}.`;
  session.toasts.say(`${staged.sentence}${left}`, {
    further: {
      label: words.review,
      act: () => {
        session.open({ connection: target.connection, environment: target.environment });
        session.changes.choose(staged.change_set);
        session.go({ name: "changes" });
      },
    },
  });
}
