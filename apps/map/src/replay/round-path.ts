import { roundAxis } from "../charts/round-axis.ts";
import type { Rounds } from "../data/run-data.ts";
import type { AxisKind } from "../page-state.ts";

/** In which order a replay goes through the rounds, and when each comes. */
export interface RoundPath {
  readonly kind: AxisKind;
  /** The round at each place, by its index in `Rounds`. */
  readonly index: Uint32Array;
  /** The place of each round; -1: it has none, since its time is unknown. */
  readonly place: Int32Array;
  /** Where each place is along the scrubber: its number among the rounds, or seconds since the run's first round. */
  readonly x: Float64Array;
  /** When each place comes at true pace, in seconds; undefined: too few times are known. */
  readonly times: Float64Array | undefined;
}

/** Lays the rounds out by number, or by time; without two rounds whose time is known it is always by number. */
export function roundPath(rounds: Rounds, wanted: AxisKind): RoundPath {
  const byTime = roundAxis(rounds, "time");
  const hasTimes = byTime.x.length > 1;
  if (wanted === "time" && hasTimes) {
    const { index, place, x } = byTime;
    return { kind: "time", index, place, x, times: x };
  }
  const count = rounds.numbers.length;
  const index = Uint32Array.from({ length: count }, (_, i) => i);
  return {
    kind: "round",
    index,
    place: Int32Array.from(index),
    x: Float64Array.from(index),
    times: hasTimes ? timesByNumber(byTime, count) : undefined,
  };
}

/** Ascending: a round that came before the one with the lower number comes at the same time. */
function timesByNumber({ place, x }: { place: Int32Array; x: Float64Array }, count: number): Float64Array {
  const times = new Float64Array(count);
  let latest = x[0] ?? 0;
  for (let i = 0; i < count; i++) {
    latest = Math.max(latest, x[place[i] ?? -1] ?? latest);
    times[i] = latest;
  }
  return times;
}
