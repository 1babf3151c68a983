import type { HistogramData } from "@hivewatch/core";

/**
 * Values that fill a histogram's buckets as they are filled, with its sum: for one who takes nothing but values.
 *
 * @returns values, and how often each is to be taken
 */
export function spreadHistogram({ bounds, counts, sum }: HistogramData): { value: number; count: number }[] {
  const filled = counts.flatMap((count, i) => (count > 0 ? [{ count, ...rangeOf(bounds, i) }] : []));
  const least = total(filled, ({ low }) => low);
  const width = total(filled, ({ low, high }) => high - low);
  // All lie as far into their buckets. What is exactly at a lower bound would be counted in the bucket below.
  const share = Math.min(1, Math.max(1e-9, (sum - least) / width));
  const spread = filled.map(({ count, low, high }) => ({ count, value: Math.min(high, low + share * (high - low)) }));
  const last = spread.at(-1);
  const isOpen = (counts.at(-1) ?? 0) > 0;
  if (last === undefined || !isOpen) return spread;
  // The last bucket has no upper bound: it takes what the others can't.
  const rest = sum - total(spread.slice(0, -1), ({ value }) => value);
  return [...spread.slice(0, -1), { count: last.count, value: Math.max(last.value, rest / last.count) }];
}

/** What came between two states of a histogram. */
export function histogramSince(now: HistogramData, before: HistogramData | undefined): HistogramData {
  if (before === undefined) return now;
  const counts = now.counts.map((count, i) => count - (before.counts[i] ?? 0));
  return { bounds: now.bounds, counts, sum: now.sum - before.sum };
}

function rangeOf(bounds: readonly number[], bucket: number): { low: number; high: number } {
  const low = bounds[bucket - 1] ?? 0;
  return { low, high: bounds[bucket] ?? 2 * low };
}

function total<Entry extends { count: number }>(entries: readonly Entry[], value: (entry: Entry) => number): number {
  return entries.reduce((sum, entry) => sum + entry.count * value(entry), 0);
}
