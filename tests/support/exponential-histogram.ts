import type { OtlpHistogram } from "@hivewatch/test-support";
import { expect } from "vitest";

/**
 * Checks that a histogram is that of these values: its count, sum and extremes, and that each bucket counts the values that
 * lie in it.
 */
export function expectHistogramOf(histogram: OtlpHistogram | undefined, values: readonly number[], what: string): void {
  expect(histogram, what).toBeDefined();
  if (histogram === undefined) return;
  const { count, sum, min, max, scale, zeroCount, positive, negative } = histogram;
  expect(count, `${what}: count`).toBe(values.length);
  const exact = values.reduce((total, value) => total + value, 0);
  expect(sum, `${what}: sum`).toBeCloseTo(exact, digitsFor(exact));
  if (min !== undefined) expect(min, `${what}: min`).toBe(least(values));
  if (max !== undefined) expect(max, `${what}: max`).toBe(-least(values.map((value) => -value)));
  expect(zeroCount, `${what}: zeros`).toBe(values.filter((value) => value === 0).length);
  for (const { counts } of [positive, negative]) expect(counts.length, `${what}: buckets`).toBeLessThanOrEqual(160);
  const above = values.filter((value) => value > 0);
  const below = values.filter((value) => value < 0).map((value) => -value);
  expect(countsIn(positive), `${what}: positive`).toEqual(countsOf(above, scale));
  expect(countsIn(negative), `${what}: negative`).toEqual(countsOf(below, scale));
}

function digitsFor(value: number): number {
  return 9 - Math.ceil(Math.log10(Math.max(1, Math.abs(value))));
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

function countsIn({ offset, counts }: OtlpHistogram["positive"]): Map<number, number> {
  const pairs = counts.map((count, index): [number, number] => [offset + index, count]);
  return new Map(pairs.filter(([, count]) => count > 0));
}

/** By bucket: bucket `i` has what is above base^i, up to base^(i+1). */
function countsOf(values: readonly number[], scale: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) {
    const index = Math.ceil(Math.log2(value) * 2 ** scale) - 1;
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  return new Map([...counts].sort(([a], [b]) => a - b));
}
