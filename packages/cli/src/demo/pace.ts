import { setImmediate, setTimeout } from "node:timers/promises";

/** How fast a demo runs: with its simulated seconds as real ones, or as fast as it computes. */
export type Pace = "real" | "max";

/** Waits until some simulated seconds have passed since the clock was started. Rejects with an AbortError when aborted. */
export type DemoClock = (simulatedSec: number) => Promise<void>;

/** Starts a clock. At pace `max` it never waits, but lets everything else in the process have its turn. */
export function startClock(pace: Pace, signal: AbortSignal | undefined): DemoClock {
  const start = performance.now();
  const options = signal === undefined ? {} : { signal };
  return async (simulatedSec) => {
    const left = start + simulatedSec * 1_000 - performance.now();
    if (pace === "real" && left > 0) await setTimeout(left, undefined, options);
    else await setImmediate(undefined, options);
  };
}
