import { createHistogram } from "@hivewatch/core";
import { newSeed, randomFrom } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { histogramSince, spreadHistogram } from "../../src/health/spread-histogram.ts";

const BOUNDS = [0.001, 0.01, 0.1, 1, 10];

function refilled(values: readonly number[]) {
  const original = createHistogram(BOUNDS);
  for (const value of values) original.add(value);
  const copy = createHistogram(BOUNDS);
  for (const { value, count } of spreadHistogram(original.data())) for (let i = 0; i < count; i++) copy.add(value);
  return { original: original.data(), copy: copy.data() };
}

test.each([
  [[]],
  [[0]],
  [[0, 0, 0]],
  [[0.001]],
  [[10]],
  [[10.5]],
  [[1000, 2000]],
  [[0.0005, 0.02, 0.02, 5]],
  [[0.0001, 900]],
  [[0.01, 0.1, 1, 10, 10.0001]],
])("values that stand for %j fill the same buckets, to the same sum", (values) => {
  const { original, copy } = refilled(values);
  expect(copy.counts).toEqual(original.counts);
  expect(copy.sum).toBeCloseTo(original.sum, 6);
});

test("so do those of any values", () => {
  const random = randomFrom(newSeed());
  for (let round = 0; round < 300; round++) {
    const values = Array.from({ length: random.below(40) }, () => 10 ** (random.below(6000) / 1000 - 4));
    const { original, copy } = refilled(values);
    expect(copy.counts).toEqual(original.counts);
    expect(copy.sum / (original.sum || 1)).toBeCloseTo(original.sum === 0 ? 0 : 1, 6);
  }
});

test("between two states lies what came since", () => {
  const histogram = createHistogram([1]);
  histogram.add(0.5);
  const before = histogram.data();
  histogram.add(2);
  histogram.add(3);
  expect(histogramSince(histogram.data(), before)).toEqual({ bounds: [1], counts: [0, 2], sum: 5 });
  expect(histogramSince(before, undefined)).toEqual(before);
});
