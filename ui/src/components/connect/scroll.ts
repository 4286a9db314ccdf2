/** Brings something that has just appeared below into view. */
export function intoView(node: HTMLElement): void {
  node.scrollIntoView({ block: "start", behavior: "smooth" });
}
