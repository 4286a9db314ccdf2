/**
 * A task that runs once at a time: calls that come while it runs are answered by one more run at the end,
 * which then sees everything they wanted seen.
 */
export function coalesced(task: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null;
  let waiting: Promise<void> | null = null;

  const start = (): Promise<void> => {
    running = task().finally(() => (running = null));
    return running;
  };
  return () => {
    if (running === null) return start();
    waiting ??= running.then(
      () => ((waiting = null), start()),
      () => ((waiting = null), start()),
    );
    return waiting;
  };
}
