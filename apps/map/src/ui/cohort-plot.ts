import { type Digest, QUANTILES } from "../data/run-data.ts";

/** A client's values beside those of all clients, as lines of a picture. */
export interface CohortPlot {
  /** From the cohort's p10 to its p90, as a closed path. */
  readonly band: string;
  /** The cohort's median. */
  readonly median: string;
  /** The client's own. */
  readonly own: string;
  /** Values with none beside them, which a line wouldn't show. */
  readonly dots: readonly { readonly x: number; readonly y: number }[];
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

/** More dots than this are a line anyway. */
const MAX_DOTS = 200;

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
  const x = (i: number): number => (count > 1 ? (i / (count - 1)) * size.width : size.width / 2);
  const y = (value: number): number =>
    high > low ? size.height - ((value - low) / (high - low)) * size.height : size.height / 2;
  const step = Math.max(1, Math.ceil(count / (2 * size.width)));
  return {
    band: bandPath(low10, high90, x, y, step),
    median: linePath(middle, x, y, step),
    own: linePath(values, x, y, step),
    dots: lonelyDots(values, x, y),
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

type Scale = (value: number) => number;

/** Of so many rounds that they share a pixel, one is drawn: the one that is furthest from the one drawn before. */
function linePath(values: Float64Array, x: Scale, y: Scale, step: number): string {
  const parts: string[] = [];
  let isDown = false;
  let before = Number.NaN;
  for (let start = 0; start < values.length; start += step) {
    const at = furthest(values, start, Math.min(values.length, start + step), before);
    const value = values[at] ?? Number.NaN;
    if (Number.isNaN(value)) isDown = false;
    else {
      parts.push(`${isDown ? "L" : "M"}${round(x(at))} ${round(y(value))}`);
      isDown = true;
      before = value;
    }
  }
  return parts.join("");
}

function furthest(values: Float64Array, start: number, end: number, from: number): number {
  let best = start;
  for (let i = start + 1; i < end; i++) {
    const value = values[i] ?? Number.NaN;
    const known = values[best] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    if (Number.isNaN(known) || Math.abs(value - from) > Math.abs(known - from)) best = i;
  }
  return best;
}

function bandPath(low: Float64Array, high: Float64Array, x: Scale, y: Scale, step: number): string {
  let path = "";
  let top: string[] = [];
  let foot: string[] = [];
  const close = (): void => {
    if (top.length > 0) path += `M${top.join("L")}L${foot.reverse().join("L")}Z`;
    top = [];
    foot = [];
  };
  for (let i = 0; i < low.length; i += step) {
    const from = low[i] ?? Number.NaN;
    const to = high[i] ?? Number.NaN;
    if (Number.isNaN(from) || Number.isNaN(to)) close();
    else {
      top.push(`${round(x(i))} ${round(y(to))}`);
      foot.push(`${round(x(i))} ${round(y(from))}`);
    }
  }
  close();
  return path;
}

function lonelyDots(values: Float64Array, x: Scale, y: Scale): { x: number; y: number }[] {
  const dots: { x: number; y: number }[] = [];
  for (let i = 0; i < values.length && dots.length < MAX_DOTS; i++) {
    const value = values[i] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    if (Number.isNaN(values[i - 1] ?? Number.NaN) && Number.isNaN(values[i + 1] ?? Number.NaN)) {
      dots.push({ x: x(i), y: y(value) });
    }
  }
  return dots;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
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
