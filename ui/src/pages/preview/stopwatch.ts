import { tick } from "svelte";

/** Events whose moment says little, such as one that was made up, count from when they are heard. */
const LONGEST_ON_ITS_WAY_MS = 5000;

/** Remembers when a person last did something, until that is asked for. */
export class Stopwatch {
  #since: number | null = null;

  /** Somebody pressed a key or a button. */
  start(event: Event): void {
    const now = performance.now();
    const at = event.timeStamp;
    this.#since = at > 0 && at <= now && now - at < LONGEST_ON_ITS_WAY_MS ? at : now;
  }

  /** Something arrived that no key announced, such as pasted text. */
  startIfStill(event: Event): void {
    if (this.#since === null) this.start(event);
  }

  /** The moment, once. */
  take(): number | null {
    const since = this.#since;
    this.#since = null;
    return since;
  }
}

/** Milliseconds from a moment until what is being drawn now has been on screen for a frame. */
export async function shownAfter(since: number): Promise<number> {
  await tick();
  await new Promise((resolve) => requestAnimationFrame(resolve));
  // A message is heard once the frame is laid out and painted; another frame would add what nobody waits for.
  await new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve(null);
    };
    port2.postMessage(null);
  });
  return performance.now() - since;
}
