/** The longest time that a timer can wait; a longer one would end at once. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;

/**
 * Waits, without keeping the process alive for it.
 *
 * @returns whether the time passed without an abort
 */
export function sleep(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const onAbort = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(
      () => {
        signal.removeEventListener("abort", onAbort);
        resolve(true);
      },
      Math.min(ms, MAX_TIMER_MS),
    );
    signal.addEventListener("abort", onAbort, { once: true });
    unref(timer);
  });
}

/** In Node a timer is an object that can let the process end; in a browser it is a number. */
function unref(timer: unknown): void {
  if (typeof timer !== "object" || timer === null || !("unref" in timer)) return;
  if (typeof timer.unref === "function") timer.unref();
}
