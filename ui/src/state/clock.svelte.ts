import { nowSeconds } from "../strings/time";

/** The present, ticking each second while somebody looks at it. */
class Clock {
  #now = $state(nowSeconds());
  #readers = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Seconds since the Unix epoch. */
  get now(): number {
    return this.#now;
  }

  /** Keeps the clock going until the answer is called: the return value of an `$effect`. */
  run(): () => void {
    this.#readers += 1;
    this.#now = nowSeconds();
    this.#timer ??= setInterval(() => (this.#now = nowSeconds()), 1000);
    return () => {
      this.#readers -= 1;
      if (this.#readers > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }
}

/** One clock for the whole window, so that all ages tick together. */
export const clock = new Clock();
