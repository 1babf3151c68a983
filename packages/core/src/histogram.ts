/** How often values fell between fixed bounds. Plain data, which can be sent to another thread. */
export interface HistogramData {
  /** Ascending. A value that is equal to a bound is counted below it. */
  readonly bounds: readonly number[];
  /** One for each bound, and the last for what is above all of them. */
  readonly counts: readonly number[];
  /** Of all values. */
  readonly sum: number;
}

/** A histogram that is being filled. */
export interface Histogram {
  add(value: number): void;
  /** What it holds now. */
  data(): HistogramData;
}

/** @param bounds - ascending */
export function createHistogram(bounds: readonly number[]): Histogram {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  let sum = 0;
  return {
    add(value) {
      let bucket = 0;
      for (const bound of bounds) {
        if (value <= bound) break;
        bucket++;
      }
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      sum += value;
    },
    data: () => ({ bounds, counts: [...counts], sum }),
  };
}
