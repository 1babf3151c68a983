import type { Rounds } from "../data/run-data.ts";
import type { AxisKind } from "../page-state.ts";

/** Where each round stands along a chart. */
export interface RoundAxis {
  readonly kind: AxisKind;
  /** Ascending: numbers of rounds, or seconds since the run's first round. */
  readonly x: Float64Array;
  /** The round at each place, by its index in `Rounds`. */
  readonly index: Uint32Array;
  /** The place of each round; -1: its time is unknown. */
  readonly place: Int32Array;
}

/**
 * Rounds by number or by the time at which they ended. Those that go on, or whose end is unknown, stand where they began;
 * in an asynchronous run the order may be another than that of their numbers.
 */
export function roundAxis(rounds: Rounds, kind: AxisKind): RoundAxis {
  const count = rounds.numbers.length;
  if (kind === "round") {
    const index = Uint32Array.from({ length: count }, (_, i) => i);
    return { kind, x: rounds.numbers, index, place: Int32Array.from(index) };
  }
  const times = rounds.endedAt.map((ended, i) => (Number.isNaN(ended) ? (rounds.startedAt[i] ?? ended) : ended));
  const index = Uint32Array.from({ length: count }, (_, i) => i)
    .filter((i) => Number.isFinite(times[i]))
    .sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0));
  const start = firstOf(rounds);
  const place = new Int32Array(count).fill(-1);
  index.forEach((round, at) => {
    place[round] = at;
  });
  return { kind, x: Float64Array.from(index, (i) => ((times[i] ?? 0) - start) / 1000), index, place };
}

function firstOf({ startedAt, endedAt }: Rounds): number {
  let first = Number.POSITIVE_INFINITY;
  for (const times of [startedAt, endedAt]) for (const time of times) if (time < first) first = time;
  return first;
}

/** The place that is nearest to `x`; -1 if there is none. */
export function nearestPlace(x: ArrayLike<number>, wanted: number): number {
  const after = firstAtLeast(x, wanted);
  if (after === 0) return x.length === 0 ? -1 : 0;
  if (after === x.length) return after - 1;
  return wanted - (x[after - 1] ?? 0) <= (x[after] ?? 0) - wanted ? after - 1 : after;
}

/** The first place at or behind `wanted`; the length if there is none. */
export function firstAtLeast(x: ArrayLike<number>, wanted: number): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
