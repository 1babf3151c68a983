import { expect, test } from "vitest";
import { binLabel, layBars } from "../../src/charts/draw-histogram.ts";
import { histogram } from "../../src/charts/histogram.ts";
import { formatNumber } from "../../src/format.ts";
import { clientsOf, tableOf } from "./tables.ts";

const INFINITY = Number.POSITIVE_INFINITY;

function countOf(values: readonly (number | undefined)[], matches?: Uint8Array) {
  return histogram(tableOf("f", values), "f", clientsOf(...values.map((_, i) => `c${i}`), "absent"), matches);
}

test("every value is in one bin, and none beside its bin's edges", () => {
  const values = Array.from({ length: 1_000 }, (_, i) => Math.sin(i) * 7.3);
  const { edges, counts, count } = countOf(values);
  expect(count).toBe(1_000);
  for (const [bin, found] of counts.entries()) {
    const [low = 0, high = 0] = [edges[bin], edges[bin + 1]];
    const isLast = bin === counts.length - 1;
    expect(found).toBe(values.filter((value) => value >= low && (value < high || (isLast && value === high))).length);
  }
});

test("NaN, infinities and what is missing have bars of their own", () => {
  const { apart, count } = countOf([1, Number.NaN, INFINITY, -INFINITY, undefined, 2]);
  expect(count).toBe(2);
  expect(apart.map((bar) => [bar.label, bar.count])).toEqual([
    ["NaN", 1],
    ["−∞", 1],
    ["∞", 1],
    ["missing", 2],
  ]);
});

test("few whole numbers have a bin each", () => {
  const { edges, counts } = countOf([0, 0, 1, 3]);
  expect([...counts]).toEqual([2, 1, 0, 1]);
  expect(binLabel(edges, 3, formatNumber)).toBe("3");
});

test("one value alone, equal values, and the largest differences are no trouble", () => {
  expect([...countOf([0.25]).counts]).toEqual([1]);
  expect([...countOf([0.1, 0.1, 0.1]).counts]).toEqual([3]);
  const huge = countOf([-Number.MAX_VALUE, 0, Number.MAX_VALUE]);
  expect(huge.counts.reduce((sum, each) => sum + each, 0)).toBe(3);
  expect([...countOf([1e16, 1e16 + 2]).counts].reduce((sum, each) => sum + each, 0)).toBe(2);
  expect(countOf([]).edges).toEqual([]);
});

test("a greatest value at an edge makes no bin by itself", () => {
  const { edges } = countOf(Array.from({ length: 101 }, (_, i) => i / 100));
  expect(edges.at(-1)).toBeCloseTo(1);
});

test("what the filter lets through is counted too", () => {
  const { matching, apart } = countOf([1, 2, undefined], Uint8Array.of(0, 1, 1, 0));
  expect([...matching].reduce((sum, each) => sum + each, 0)).toBe(1);
  expect(apart).toEqual([{ label: "missing", count: 2, matching: 1 }]);
});

test("bars stand side by side within the picture", () => {
  const bars = layBars(countOf([1, 2, 3, Number.NaN]), 400, formatNumber);
  expect(bars.map(({ label }) => label)).toEqual(["1", "2", "3", "NaN", "missing"]);
  for (const [i, bar] of bars.entries()) expect(bar.x + bar.width).toBeLessThanOrEqual((bars[i + 1]?.x ?? 400) + 1e-9);
});
