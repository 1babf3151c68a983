import { quantile } from "../data/quantile.ts";
import { type Digest, QUANTILES } from "../data/run-data.ts";
import { firstAtLeast, type RoundAxis } from "./round-axis.ts";

/** How a field was spread over the clients as rounds went on: an image of rounds × values. */
export interface HeatMap extends ValueRange {
  readonly columns: number;
  readonly bins: number;
  /** Along the axis: the first column's beginning and the last one's end. */
  readonly start: number;
  readonly end: number;
  /** The share of clients in bin b of column c at `c * bins + b`; a column without values has only zeros. */
  readonly share: Float32Array;
  /** The greatest share. */
  readonly most: number;
  /** Of each column: whether there were values without a place on the scale. */
  readonly nonFinite: Uint8Array;
}

interface ValueRange {
  /** The values of the lowest bin's beginning and the highest one's end. What lies beyond counts into those two. */
  readonly low: number;
  readonly high: number;
}

/**
 * Spreads the quantiles of every round over bins of values. Undefined: there is no finite value.
 *
 * @param mostColumns - as many as have room; rounds that share one are averaged
 */
export function heatMap(digest: Digest, axis: RoundAxis, mostColumns: number, bins: number): HeatMap | undefined {
  const range = valueRange(digest);
  const { x } = axis;
  const [first, last] = [x[0], x[x.length - 1]];
  if (range === undefined || first === undefined || last === undefined || mostColumns < 1) return undefined;
  const isStepped = axis.kind === "round" || first === last;
  const [start, end] = isStepped ? [first - 0.5, last + 0.5] : [first, last];
  const columns = Math.max(1, Math.floor(isStepped ? Math.min(mostColumns, end - start) : mostColumns));
  const share = new Float32Array(columns * bins);
  const nonFinite = new Uint8Array(columns);
  for (let c = 0; c < columns; c++) {
    const from = firstAtLeast(x, start + ((end - start) * c) / columns);
    const to = c === columns - 1 ? x.length : firstAtLeast(x, start + ((end - start) * (c + 1)) / columns);
    // At a moment at which no round ended, what was known before still holds.
    const rounds = from < to || isStepped ? axis.index.subarray(from, to) : axis.index.subarray(from - 1, from);
    const column = share.subarray(c * bins, (c + 1) * bins);
    let counted = 0;
    for (const round of rounds) {
      if ((digest.nonFinite[round] ?? 0) > 0) nonFinite[c] = 1;
      if (!((digest.count[round] ?? 0) > 0)) continue;
      addRound(column, digest.quantiles, round * QUANTILES, range);
      counted++;
    }
    if (counted > 1) for (let b = 0; b < bins; b++) column[b] = (column[b] ?? 0) / counted;
  }
  const most = share.reduce((greatest, each) => Math.max(greatest, each), 0);
  return { columns, bins, ...range, start, end, share, most, nonFinite };
}

/** Between two neighbouring quantiles there is always the same share of clients, wherever they are. */
function addRound(column: Float32Array, quantiles: Float64Array, at: number, { low, high }: ValueRange): void {
  const bins = column.length;
  const mass = 1 / (QUANTILES - 1);
  const position = (value: number): number => Math.max(0, Math.min(bins, ((value - low) / (high - low)) * bins));
  for (let i = 0; i < QUANTILES - 1; i++) {
    const from = position(quantiles[at + i] ?? low);
    const to = position(quantiles[at + i + 1] ?? low);
    const firstBin = Math.min(bins - 1, Math.floor(from));
    const lastBin = Math.min(bins - 1, Math.floor(to));
    for (let b = firstBin; b <= lastBin; b++) {
      const part = to > from ? (Math.min(to, b + 1) - Math.max(from, b)) / (to - from) : 1 / (lastBin - firstBin + 1);
      column[b] = (column[b] ?? 0) + mass * part;
    }
  }
}

/** All values, unless few of them would leave hardly any room for the others. */
function valueRange({ count, quantiles }: Digest): ValueRange | undefined {
  const column = (q: number): Float64Array => {
    const values: number[] = [];
    for (let i = 0; i < count.length; i++) if ((count[i] ?? 0) > 0) values.push(quantiles[i * QUANTILES + q] ?? 0);
    return Float64Array.from(values).sort();
  };
  const [least, most] = [column(0)[0], column(QUANTILES - 1).at(-1)];
  const usualLow = quantile(column(1), 0.02);
  const usualHigh = quantile(column(QUANTILES - 2), 0.98);
  if (least === undefined || most === undefined || usualLow === undefined || usualHigh === undefined) return undefined;
  const room = usualHigh - usualLow;
  const low = usualLow - least > room ? usualLow : least;
  const high = most - usualHigh > room ? usualHigh : most;
  return high > low
    ? { low, high }
    : { low: low - Math.max(0.5, Math.abs(low) / 10), high: low + Math.max(0.5, Math.abs(low) / 10) };
}

/** The map as pixels, the highest values on top; transparent where nobody is. */
export function heatPixels({ columns, bins, share, most }: HeatMap, palette: Uint32Array): Uint32Array {
  const pixels = new Uint32Array(columns * bins);
  const last = palette.length - 1;
  for (let c = 0; c < columns; c++) {
    for (let b = 0; b < bins; b++) {
      const value = share[c * bins + b] ?? 0;
      if (value > 0) pixels[(bins - 1 - b) * columns + c] = palette[Math.round(Math.sqrt(value / most) * last)] ?? 0;
    }
  }
  return pixels;
}
