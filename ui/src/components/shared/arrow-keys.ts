/**
 * Moves the focus up and down among the buttons of a list, round at its ends, where a key asks for it:
 * an arrow, Home or End. Tells whether it did.
 */
export function moveFocus(event: KeyboardEvent, list: HTMLElement): boolean {
  const buttons = [...list.querySelectorAll<HTMLButtonElement>("button:not(:disabled)")];
  const at = buttons.findIndex((button) => button === document.activeElement);
  const to = {
    ArrowDown: at + 1,
    ArrowUp: at < 0 ? -1 : at - 1,
    Home: 0,
    End: -1,
  }[event.key];
  if (to === undefined || buttons.length === 0) return false;
  event.preventDefault();
  event.stopPropagation();
  buttons.at(to % buttons.length)?.focus();
  return true;
}
