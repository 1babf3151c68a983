import { bandPath, linePath } from "../charts/line-path.ts";
import { type Digest, QUANTILES } from "../data/run-data.ts";

/** A client's values beside those of all clients, as lines of a picture. */
export interface CohortPlot {
  /** From the cohort's p10 to its p90, as a closed path. */
  readonly band: string;
  /** The cohort's median. */
  readonly median: string;
  /** The client's own. */
  readonly own: string;
  /** At the picture's foot and top. */
  readonly low: number;
  readonly high: number;
}

export interface PlotSize {
  readonly width: number;
  readonly height: number;
}

const P10 = (QUANTILES - 1) * 0.1;
const P50 = (QUANTILES - 1) * 0.5;
const P90 = (QUANTILES - 1) * 0.9;

/**
 * Draws a client's values over the rounds. Undefined: neither it nor the cohort has any.
 *
 * @param values - by index of the round; NaN: none
 */
export function cohortPlot(values: Float64Array, digest: Digest | undefined, size: PlotSize): CohortPlot | undefined {
  const count = values.length;
  const quantile = (q: number): Float64Array => {
    const line = new Float64Array(count).fill(Number.NaN);
    if (digest === undefined) return line;
    for (let i = 0; i < count; i++)
      if ((digest.count[i] ?? 0) > 0) line[i] = digest.quantiles[i * QUANTILES + q] ?? Number.NaN;
    return line;
  };
  const [low10, middle, high90] = [quantile(P10), quantile(P50), quantile(P90)];
  const range = rangeOf([values, low10, high90]);
  if (range === undefined) return undefined;
  const { low, high } = range;
  const places = Float64Array.from({ length: count }, (_, i) => i);
  const across = { low: 0, high: count - 1, size: size.width };
  const up = { low, high, size: size.height };
  return {
    band: bandPath(places, low10, high90, across, up),
    median: linePath(places, middle, across, up),
    own: linePath(places, values, across, up),
    low,
    high,
  };
}

function rangeOf(lines: readonly Float64Array[]): { low: number; high: number } | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const line of lines) {
    for (const value of line) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? { low, high } : undefined;
}

/**
 * Where a value stands among all clients in a round: the share of them that are below it, 0 to 1, to the nearest 5 %.
 * Undefined: too few are known.
 */
export function rankIn({ count, quantiles }: Digest, round: number, value: number): number | undefined {
  if ((count[round] ?? 0) < 2 || Number.isNaN(value)) return undefined;
  let below = 0;
  let same = 0;
  for (let q = 0; q < QUANTILES; q++) {
    const quantile = quantiles[round * QUANTILES + q] ?? Number.NaN;
    if (quantile < value) below++;
    else if (quantile === value) same++;
  }
  return Math.min(1, (below + same / 2) / QUANTILES);
}

/** Values by round as they stand among other rounds: those that have none are NaN. Both lists of rounds are ascending. */
export function alignRounds(from: ArrayLike<number>, values: ArrayLike<number>, to: ArrayLike<number>): Float64Array {
  const aligned = new Float64Array(to.length).fill(Number.NaN);
  let i = 0;
  for (let k = 0; k < to.length; k++) {
    const wanted = to[k] ?? 0;
    while (i < from.length && (from[i] ?? 0) < wanted) i++;
    if (i < from.length && from[i] === wanted) aligned[k] = values[i] ?? Number.NaN;
  }
  return aligned;
}
