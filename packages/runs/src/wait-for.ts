import { setTimeout as sleep } from "node:timers/promises";

/** The longest time that a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** @returns whether the time passed without an abort */
export async function waitFor(ms: number, signal: AbortSignal): Promise<boolean> {
  return sleep(Math.min(ms, MAX_TIMER_MS), true, { signal }).catch(() => false);
}
