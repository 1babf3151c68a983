import { expect, test } from "vitest";
import { advanceReplay, indexOfRound, placeAt } from "../src/replay/replay-clock.ts";

const EVEN = Array.from({ length: 10 }, (_, i) => i);

test("speed is how fast the schedule goes by, and the last round is the end", () => {
  expect(advanceReplay(EVEN, 0, 500, 1, false)).toBe(0.5);
  expect(advanceReplay(EVEN, 2, 1000, 5, false)).toBe(7);
  expect(advanceReplay(EVEN, 8, 10_000, 10, false)).toBe(9);
  expect(advanceReplay([], 0, 1000, 1, false)).toBe(0);
  expect(advanceReplay([0, 60, 90], 0, 1000, 70, false)).toBe(70);
});

test("a loop shows the last round as long as the others, and begins anew", () => {
  expect(advanceReplay(EVEN, 9, 900, 1, true)).toBe(9.9);
  expect(advanceReplay(EVEN, 9, 1000, 1, true)).toBe(0);
  expect(advanceReplay([5, 15, 25], 34, 1000, 1, true)).toBe(5);
});

test("the place at a time is the last that has come", () => {
  expect(placeAt([0, 30, 30, 40], 29)).toBe(0);
  expect(placeAt([0, 30, 30, 40], 30)).toBe(2);
  expect(placeAt([5, 6], 0)).toBe(0);
});

test("a wanted round that doesn't exist is the one before it", () => {
  const rounds = [0, 2, 3, 10];
  expect(indexOfRound(rounds, 0)).toBe(0);
  expect(indexOfRound(rounds, 3)).toBe(2);
  expect(indexOfRound(rounds, 9)).toBe(2);
  expect(indexOfRound(rounds, 99)).toBe(3);
  expect(indexOfRound([4, 5], 1)).toBe(0);
  expect(indexOfRound([], 1)).toBe(0);
});
