import { expect, test } from "vitest";
import { nearestPlace, roundAxis } from "../../src/charts/round-axis.ts";
import { roundsOf } from "./tables.ts";

test("along rounds every round stands at its number", () => {
  const axis = roundAxis(roundsOf([0, 3, 4]), "round");
  expect([...axis.x]).toEqual([0, 3, 4]);
  expect([...axis.index]).toEqual([0, 1, 2]);
});

test("along time rounds stand where they ended, whatever their numbers", () => {
  const rounds = roundsOf([1, 2, 3, 4], {
    startedAt: Float64Array.of(1_000, 2_000, 3_000, Number.NaN),
    endedAt: Float64Array.of(9_000, 4_000, Number.NaN, Number.NaN),
  });
  const axis = roundAxis(rounds, "time");
  expect([...axis.x]).toEqual([2, 3, 8]);
  expect([...axis.index]).toEqual([2, 1, 0]);
  expect([...axis.place]).toEqual([2, 1, 0, -1]);
});

test("a run without times has no place along time", () => {
  expect(roundAxis(roundsOf([1, 2]), "time").x).toHaveLength(0);
});

test("the nearest place is found between, before and behind all", () => {
  const x = [0, 10, 20];
  expect([-5, 4, 6, 99].map((wanted) => nearestPlace(x, wanted))).toEqual([0, 0, 1, 2]);
  expect(nearestPlace([], 1)).toBe(-1);
});
