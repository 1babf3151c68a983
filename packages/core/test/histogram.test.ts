import { expect, test } from "vitest";
import { createHistogram } from "../src/index.ts";

test("a value at a bound is counted below it, and one above all bounds in a place of its own", () => {
  const histogram = createHistogram([1, 2]);
  for (const value of [0, 1, 1.5, 2, 2.5, 100]) histogram.add(value);
  expect(histogram.data()).toEqual({ bounds: [1, 2], counts: [2, 2, 2], sum: 107 });
});

test("what was asked for stays as it was then", () => {
  const histogram = createHistogram([1]);
  const before = histogram.data();
  histogram.add(1);
  expect(before).toEqual({ bounds: [1], counts: [0, 0], sum: 0 });
});
