import { expect, test } from "vitest";
import { advanceReplay, indexOfRound } from "../src/replay/replay-clock.ts";

test("speed is rounds a second, and the last round is the end", () => {
  expect(advanceReplay(0, 500, 1, 10)).toBe(0.5);
  expect(advanceReplay(2, 1000, 5, 10)).toBe(7);
  expect(advanceReplay(8, 10_000, 10, 10)).toBe(9);
  expect(advanceReplay(0, 1000, 1, 0)).toBe(0);
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
