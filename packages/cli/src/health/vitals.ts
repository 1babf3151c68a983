import { createHistogram, type HistogramData } from "@hivewatch/core";

/** How a thread is, whatever it does. */
export interface Vitals {
  /** In bytes. */
  readonly heapUsed: number;
  /** How late a timer was, in seconds. */
  readonly loopDelay: HistogramData;
  /** Time in which its event loop was not waiting, in seconds. */
  readonly loopActive: number;
}

const TICK_MS = 100;
const DELAY_BOUNDS_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** Watches the thread in which it is called, for as long as that lives. */
export function watchVitals(): () => Vitals {
  const loopDelay = createHistogram(DELAY_BOUNDS_SECONDS);
  let due = performance.now() + TICK_MS;
  // Not by monitorEventLoopDelay: what it has to be reset for, a delay that is just over, it then doesn't tell.
  setInterval(() => {
    const now = performance.now();
    loopDelay.add(Math.max(0, now - due) / 1000);
    due = now + TICK_MS;
  }, TICK_MS).unref();
  return () => ({
    heapUsed: process.memoryUsage().heapUsed,
    loopDelay: loopDelay.data(),
    loopActive: performance.eventLoopUtilization().active / 1000,
  });
}
