import { effect, type ReadonlySignal } from "@preact/signals";

/**
 * Marks on the page's timeline when the first round has been drawn, for measuring.
 *
 * @param table - the shown round
 */
export function markShown(table: ReadonlySignal<unknown>): void {
  const stop = effect(() => {
    if (table.value === undefined) return;
    // All parts draw in the next frame; behind it comes a task of its own.
    requestAnimationFrame(() => setTimeout(() => performance.mark("round-shown")));
    queueMicrotask(() => stop());
  });
}
