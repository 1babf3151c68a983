/** Keeps work that can always be put off to a share of the time. */
export interface Pace {
  /** Whether the work, if it is done now, takes no more than one part in so many of the time. */
  isDue(share: number): boolean;
  /** Does the work, and takes its time. */
  run(work: () => Promise<void>): Promise<void>;
}

/** What takes less counts as much, so that nothing is done all the time just because it is quick. */
const LEAST_MS = 50;

export function createPace(): Pace {
  let end = Number.NEGATIVE_INFINITY;
  let duration = 0;
  return {
    isDue: (share) => performance.now() - end >= share * Math.max(LEAST_MS, duration),
    async run(work) {
      const start = performance.now();
      await work();
      end = performance.now();
      duration = end - start;
    },
  };
}
