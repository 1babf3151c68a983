/** The speeds that can be chosen, in rounds a second. */
export const SPEEDS = [0.5, 1, 2, 5, 10] as const;

/**
 * Moves a replay on.
 *
 * @param position - index of the shown round, with the share of its time that has passed as the fraction
 * @param elapsedMs - time since the last step
 * @param speed - rounds a second
 * @param count - number of rounds
 * @returns the new position; at most `count - 1`, the last round
 */
export function advanceReplay(position: number, elapsedMs: number, speed: number, count: number): number {
  return Math.min(position + (elapsedMs / 1000) * speed, Math.max(0, count - 1));
}

/** The index of the round to show for a wanted number: itself, else the newest before it, else the first. */
export function indexOfRound(rounds: readonly number[], wanted: number): number {
  let low = 0;
  let high = rounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rounds[middle] ?? 0) <= wanted) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
