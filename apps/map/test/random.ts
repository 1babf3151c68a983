/** Where a random schedule begins; to repeat one that failed: `HIVEWATCH_TEST_SEED=<seed>`. */
export function newSeed(): number {
  const seed = Number(import.meta.env.HIVEWATCH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.info(`HIVEWATCH_TEST_SEED=${seed}`);
  return seed;
}

/** Whole numbers from 0 to below a limit; the same seed gives the same (mulberry32). */
export function randomFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}
