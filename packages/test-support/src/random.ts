/** Where a random schedule begins; to repeat one that failed: `HIVEWATCH_TEST_SEED=<seed>`. */
export function newSeed(): number {
  const seed = Number(process.env.HIVEWATCH_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.info(`HIVEWATCH_TEST_SEED=${seed}`);
  return seed;
}

export interface Random {
  /** A whole number from 0 to below a limit. */
  below(limit: number): number;
  pick<T>(choices: readonly [T, ...T[]]): T;
}

/** The same seed gives the same numbers (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed;
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const below = (limit: number): number => Math.floor(next() * limit);
  return { below, pick: ([first, ...rest]) => [first, ...rest][below(rest.length + 1)] ?? first };
}
