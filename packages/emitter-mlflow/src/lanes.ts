/**
 * How many requests of a run are on their way at once. Servers with several workers gain by more than one, up to 2.5 times;
 * others only answer later. So both are tried now and then, and what was quicker is kept.
 */
export interface Lanes {
  readonly count: number;
  /** Takes into account how long it took to send so many values with {@link count} lanes. */
  note(values: number, ms: number): void;
}

const FEW = 1;
const MANY = 3;
/** How many batches each of the two is tried for. */
const TRIALS = 2;
/** After so many batches they are tried again. */
const KEEP_FOR = 100;
/** What it must gain: less may be chance. */
const LEAST_GAIN = 1.2;

export function createLanes(): Lanes {
  let count = FEW;
  let left = TRIALS;
  let isTrying = true;
  let sums = { [FEW]: emptySum(), [MANY]: emptySum() };

  function next(): void {
    if (isTrying && count === FEW) {
      count = MANY;
      left = TRIALS;
    } else if (isTrying) {
      isTrying = false;
      count = rateOf(sums[MANY]) > LEAST_GAIN * rateOf(sums[FEW]) ? MANY : FEW;
      left = KEEP_FOR;
    } else {
      isTrying = true;
      count = FEW;
      left = TRIALS;
      sums = { [FEW]: emptySum(), [MANY]: emptySum() };
    }
  }

  return {
    get count() {
      return count;
    },
    note(values, ms) {
      const sum = count === FEW ? sums[FEW] : sums[MANY];
      sum.values += values;
      sum.ms += ms;
      left--;
      if (left === 0) next();
    },
  };
}

interface Sum {
  values: number;
  ms: number;
}

function emptySum(): Sum {
  return { values: 0, ms: 0 };
}

function rateOf({ values, ms }: Sum): number {
  return values / Math.max(ms, 1);
}

/**
 * Does work on all items of a queue, on some at once. After a failure nothing new is begun, and what was not done is in the
 * queue again.
 */
export async function workInLanes<T>(queue: T[], lanes: number, work: (item: T) => Promise<void>): Promise<void> {
  let hasFailed = false;
  async function lane(): Promise<void> {
    while (!hasFailed) {
      const item = queue.shift();
      if (item === undefined) return;
      try {
        await work(item);
      } catch (failure) {
        hasFailed = true;
        queue.unshift(item);
        throw failure;
      }
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: lanes }, lane));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}
