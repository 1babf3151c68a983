/**
 * A random schedule, the same for the same seed: it prints its seed, and takes one from `HIVEWATCH_TEST_SEED`.
 *
 * @returns numbers from 0 to below 1
 */
export function seededRandom(): () => number {
  const seed = Number(process.env.HIVEWATCH_TEST_SEED ?? Date.now() % 1_000_000);
  console.log(`HIVEWATCH_TEST_SEED=${seed}`);
  let state = seed;
  // Mulberry32.
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
