import { untrack } from "svelte";

import type { Session } from "../../state/session.svelte";

/** Reads at once, again where `of` changes, and whenever the mirror or a change set of the connection does. */
export function follow(session: Session, of: () => unknown, read: () => void): void {
  $effect(() => {
    of();
    untrack(read);
  });
  $effect(() =>
    session.host.onChanged(({ tags }) => {
      const here = session.place?.connection;
      const touched = tags.some(
        (tag) => (tag.what === "environment" || tag.what === "changes") && tag.connection === here,
      );
      if (touched) read();
    }),
  );
}
