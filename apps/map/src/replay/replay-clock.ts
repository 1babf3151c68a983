/** How a replay goes on: so many rounds a second, or as the rounds' own times say. */
export const PACES = ["fixed", "true"] as const;

export type Pace = (typeof PACES)[number];

/** The speeds that can be chosen: rounds a second, or times as fast as it was. */
export const SPEEDS: Readonly<Record<Pace, readonly number[]>> = {
  fixed: [0.25, 0.5, 1, 2, 5, 10, 20, 50],
  true: [0.5, 1, 2, 5, 10, 60, 600, 3600],
};

/** How fast a replay goes. */
export interface ReplaySpeed {
  readonly pace: Pace;
  /** Rounds a second, or times as fast as it was. */
  readonly factor: number;
}

export const USUAL_SPEED: ReplaySpeed = { pace: "fixed", factor: 1 };

/** The speed at which rounds can go by: those of whose times nothing is known have no pace of their own. */
export function possibleSpeed(speed: ReplaySpeed, hasTimes: boolean): ReplaySpeed {
  return hasTimes || speed.pace === "fixed" ? speed : USUAL_SPEED;
}

/** The speed after this one, or before. */
export function nextSpeed({ pace, factor }: ReplaySpeed, direction: 1 | -1): ReplaySpeed {
  const factors = SPEEDS[pace];
  const beyond = direction > 0 ? factors.find((other) => other > factor) : factors.findLast((other) => other < factor);
  return { pace, factor: beyond ?? factor };
}

/**
 * Moves a replay on.
 *
 * @param schedule - when each round comes, ascending
 * @param position - how far along the schedule it is
 * @param elapsedMs - time since the last step
 * @param speed - how fast the schedule's time goes by
 * @param loop - whether it begins anew once the last round was shown for as long as rounds are on average
 * @returns the new position; without a loop at most that of the last round
 */
export function advanceReplay(
  schedule: ArrayLike<number>,
  position: number,
  elapsedMs: number,
  speed: number,
  loop: boolean,
): number {
  const first = schedule[0] ?? 0;
  const last = schedule[schedule.length - 1] ?? 0;
  const next = position + (elapsedMs / 1000) * speed;
  if (!loop) return Math.min(next, last);
  const dwell = (last - first) / Math.max(1, schedule.length - 1);
  return next >= last + dwell ? first : next;
}

/** The last place of a schedule that has come at a position; the first if none has. */
export function placeAt(schedule: ArrayLike<number>, position: number): number {
  let low = 0;
  let high = schedule.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((schedule[middle] ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** The index of the round to show for a wanted number: itself, else the newest before it, else the first. */
export function indexOfRound(rounds: ArrayLike<number>, wanted: number): number {
  return placeAt(rounds, wanted);
}
