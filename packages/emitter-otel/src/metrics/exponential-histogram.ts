/** What OTLP holds of an exponential histogram. */
export interface HistogramValue {
  count: number;
  sum: number;
  scale: number;
  zeroCount: number;
  positive: Buckets;
  negative: Buckets;
  /** Undefined: there are no values. */
  min?: number;
  max?: number;
}

/** Counts from bucket `offset` on. Bucket i holds values above `2^(i / 2^scale)`, up to `2^((i + 1) / 2^scale)`. */
export interface Buckets {
  offset: number;
  bucketCounts: number[];
}

/** An exponential histogram to which values are added, many at once. */
export interface ExponentialHistogram {
  /** Adds those that are finite. */
  add(values: Float64Array): void;
  /** A copy of what it holds. */
  value(): HistogramValue;
}

/** As many as OpenTelemetry's own SDKs have, for each sign. */
const MAX_BUCKETS = 160;
/** The finest that they have, which a single value gets. */
const MAX_SCALE = 20;
/** Below it a bucket would hold all numbers there are. */
const MIN_SCALE = -10;

export function createExponentialHistogram(): ExponentialHistogram {
  let state = emptyValue();
  return {
    add(values) {
      const found = extentOf(values);
      if (found.count === 0) return;
      const scale = scaleFor(state, found);
      const positive = widened(state.positive, state.scale - scale, found.positive, scale);
      const negative = widened(state.negative, state.scale - scale, found.negative, scale);
      fill(positive, negative, values, scale);
      state = {
        count: state.count + found.count,
        sum: bounded(state.sum + found.sum),
        scale,
        zeroCount: state.zeroCount + found.zeros,
        positive,
        negative,
        min: Math.min(state.min ?? found.min, found.min),
        max: Math.max(state.max ?? found.max, found.max),
      };
    },
    value: () => ({
      ...state,
      // Zeros alone have no scale, as in OpenTelemetry's SDK.
      scale: state.count === state.zeroCount ? 0 : state.scale,
      positive: copyOf(state.positive),
      negative: copyOf(state.negative),
    }),
  };
}

function emptyValue(): HistogramValue {
  return {
    count: 0,
    sum: 0,
    scale: MAX_SCALE,
    zeroCount: 0,
    positive: { offset: 0, bucketCounts: [] },
    negative: { offset: 0, bucketCounts: [] },
  };
}

function copyOf({ offset, bucketCounts }: Buckets): Buckets {
  return { offset, bucketCounts: [...bucketCounts] };
}

/** The sum of very large values would be no number that every format can hold. */
function bounded(sum: number): number {
  return Math.min(Math.max(sum, -Number.MAX_VALUE), Number.MAX_VALUE);
}

/** The smallest and the largest magnitude of one sign; undefined: there are none. */
type Range = { readonly low: number; readonly high: number } | undefined;

interface Extent {
  readonly count: number;
  readonly zeros: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly positive: Range;
  readonly negative: Range;
}

function extentOf(values: Float64Array): Extent {
  let [count, zeros, sum] = [0, 0, 0];
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [lowPositive, lowNegative] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    // False for NaN too.
    if (!(value - value === 0)) continue;
    count++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
    if (value === 0) zeros++;
    else if (value > 0) {
      if (value < lowPositive) lowPositive = value;
    } else if (-value < lowNegative) lowNegative = -value;
  }
  return {
    count,
    zeros,
    sum: bounded(sum),
    min,
    max,
    positive: max > 0 ? { low: lowPositive, high: max } : undefined,
    negative: min < 0 ? { low: lowNegative, high: -min } : undefined,
  };
}

/** The finest scale at which what is there and what comes fit. */
function scaleFor(state: HistogramValue, found: Extent): number {
  let scale = state.scale;
  while (
    scale > MIN_SCALE &&
    (widthOf(state.positive, state.scale - scale, found.positive, scale) > MAX_BUCKETS ||
      widthOf(state.negative, state.scale - scale, found.negative, scale) > MAX_BUCKETS)
  ) {
    scale--;
  }
  return scale;
}

function widthOf(buckets: Buckets, shift: number, range: Range, scale: number): number {
  const [first, last] = spanOf(buckets, shift, range, scale);
  return last - first + 1;
}

/** The first and the last bucket that are needed; the last is before the first if none is. */
function spanOf({ offset, bucketCounts }: Buckets, shift: number, range: Range, scale: number): [number, number] {
  let [first, last] = [0, -1];
  if (bucketCounts.length > 0) [first, last] = [offset >> shift, (offset + bucketCounts.length - 1) >> shift];
  if (range === undefined) return [first, last];
  const low = indexOf(range.low, 2 ** scale);
  const high = indexOf(range.high, 2 ** scale);
  return last < first ? [low, high] : [Math.min(first, low), Math.max(last, high)];
}

function indexOf(magnitude: number, factor: number): number {
  return Math.ceil(Math.log2(magnitude) * factor) - 1;
}

/** The buckets at a coarser scale, with room for what comes. */
function widened(buckets: Buckets, shift: number, range: Range, scale: number): Buckets {
  const [first, last] = spanOf(buckets, shift, range, scale);
  const bucketCounts = new Array<number>(last - first + 1).fill(0);
  for (const [i, count] of buckets.bucketCounts.entries())
    addAt(bucketCounts, ((buckets.offset + i) >> shift) - first, count);
  return { offset: first, bucketCounts };
}

function fill(positive: Buckets, negative: Buckets, values: Float64Array, scale: number): void {
  const factor = 2 ** scale;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (!(value - value === 0) || value === 0) continue;
    if (value > 0) addAt(positive.bucketCounts, indexOf(value, factor) - positive.offset, 1);
    else addAt(negative.bucketCounts, indexOf(-value, factor) - negative.offset, 1);
  }
}

function addAt(counts: number[], at: number, count: number): void {
  counts[at] = (counts[at] ?? 0) + count;
}
