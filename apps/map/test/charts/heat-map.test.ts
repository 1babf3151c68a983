import { expect, test } from "vitest";
import { heatMap, heatPixels } from "../../src/charts/heat-map.ts";
import { roundAxis } from "../../src/charts/round-axis.ts";
import { digestOf, roundsOf } from "./tables.ts";

function columnSums(map: ReturnType<typeof heatMap>): number[] {
  if (map === undefined) return [];
  return Array.from({ length: map.columns }, (_, c) =>
    map.share.subarray(c * map.bins, (c + 1) * map.bins).reduce((sum, share) => sum + share, 0),
  );
}

test("each round's clients are spread over the bins, all of them", () => {
  const map = heatMap(digestOf([0, 10], [5, 5], undefined), roundAxis(roundsOf([0, 1, 2]), "round"), 300, 10);
  expect(columnSums(map).map((sum) => Math.round(sum * 1_000))).toEqual([1_000, 1_000, 0]);
  expect([map?.low, map?.high]).toEqual([0, 10]);
});

test("rounds that are not there leave columns empty", () => {
  const map = heatMap(digestOf([0, 1], [0, 1]), roundAxis(roundsOf([1, 4]), "round"), 300, 4);
  expect(columnSums(map).map(Math.round)).toEqual([1, 0, 0, 1]);
});

test("more rounds than columns are averaged", () => {
  const numbers = Array.from({ length: 10_000 }, (_, i) => i);
  const map = heatMap(
    digestOf(...numbers.map((n): [number, number] => [n, n + 1])),
    roundAxis(roundsOf(numbers), "round"),
    100,
    20,
  );
  expect(map?.columns).toBe(100);
  for (const sum of columnSums(map)) expect(sum).toBeCloseTo(1, 3);
});

test("along time a round holds until the next one ends", () => {
  const rounds = roundsOf([1, 2], { endedAt: Float64Array.of(0, 10_000) });
  const map = heatMap(digestOf([0, 1], [0, 1]), roundAxis(rounds, "time"), 10, 4);
  expect(columnSums(map).every((sum) => Math.abs(sum - 1) < 1e-3)).toBe(true);
});

test("one wild round does not take the room of all others", () => {
  const ranges = Array.from({ length: 200 }, (): [number, number] => [0, 1]);
  const map = heatMap(
    digestOf(...ranges, [0, 1e9]),
    roundAxis(roundsOf(ranges.map((_, i) => i).concat(200)), "round"),
    500,
    10,
  );
  expect(map?.high).toBeLessThan(10);
  expect(columnSums(map).at(-1)).toBeCloseTo(1, 3);
});

test("without finite values there is nothing to draw", () => {
  expect(heatMap(digestOf(undefined), roundAxis(roundsOf([1]), "round"), 100, 10)).toBeUndefined();
});

test("the highest values are on top, and where nobody is nothing is drawn", () => {
  const map = heatMap(digestOf([10, 10], [0, 0]), roundAxis(roundsOf([1, 2]), "round"), 2, 2);
  if (map === undefined) throw new Error("there is a map");
  const [topLeft, topRight, bottomLeft, bottomRight] = heatPixels(map, Uint32Array.of(1, 2, 3));
  expect([topLeft === 0, topRight === 0, bottomLeft === 0, bottomRight === 0]).toEqual([false, true, true, false]);
});
