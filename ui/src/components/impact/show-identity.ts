import type { ExampleView, MomentView } from "../../ipc/bindings";
import { previewOf } from "../../pages/preview/preview.svelte";
import type { Session } from "../../state/session.svelte";

/** Opens Preview for an identity with exactly the traits it was evaluated with, at the moment where there is one. */
export function showIdentity(
  session: Session,
  identity: ExampleView,
  moment: MomentView | null = null,
): void {
  const preview = previewOf(session);
  preview.show(identity);
  preview.batch = false;
  session.go(moment === null ? { name: "preview" } : { name: "preview", moment });
}
