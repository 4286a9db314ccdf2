import type { Session } from "./session.svelte";

/**
 * State of a session that outlives the page on which it was first needed.
 *
 * A derived value ends with the effect in which it was made, and says its last word from then on. Made while a
 * page is set up, that effect would be the page's: so each is made in one of its own, which never ends.
 */
export function outliving<State extends object>(
  make: (session: Session) => State,
): (session: Session) => State {
  const known = new WeakMap<Session, State>();
  return (session) => {
    const found = known.get(session);
    if (found !== undefined) return found;
    const [made] = inARootOfItsOwn(() => make(session));
    known.set(session, made);
    return made;
  };
}

function inARootOfItsOwn<State>(make: () => State): [State] {
  const made: State[] = [];
  $effect.root(() => {
    made.push(make());
  });
  return made as [State];
}
