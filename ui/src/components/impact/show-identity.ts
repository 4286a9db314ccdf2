import type { ExampleView } from "../../ipc/bindings";
import { previewOf } from "../../pages/preview/preview.svelte";
import type { Session } from "../../state/session.svelte";

/** Opens Preview for an identity with exactly the traits it was evaluated with. */
export function showIdentity(session: Session, identity: ExampleView): void {
  const preview = previewOf(session);
  preview.show(identity);
  preview.batch = false;
  session.go({ name: "preview" });
}
