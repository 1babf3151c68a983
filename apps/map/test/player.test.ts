import { signal } from "@preact/signals";
import { expect, test } from "vitest";
import type { Rounds } from "../src/data/run-data.ts";
import type { AxisKind } from "../src/page-state.ts";
import { createPlayer } from "../src/replay/player.ts";
import { USUAL_SPEED } from "../src/replay/replay-clock.ts";
import { roundsOf } from "./tables.ts";

function play(first: Rounds, isRunning: boolean, start?: number) {
  const rounds = signal(first);
  const axis = signal<AxisKind>("round");
  const speed = signal(USUAL_SPEED);
  const source = { rounds, running: signal(isRunning), axis, speed, loop: signal(false) };
  return { rounds, axis, speed, player: createPlayer(source, start) };
}

test("a page that follows goes to each new round", () => {
  const { rounds, player } = play(roundsOf([1, 2]), true);
  expect(player.round.value).toBe(2);
  rounds.value = roundsOf([1, 2, 3]);
  expect(player.round.value).toBe(3);
  expect(player.moving.value).toBe(true);
  expect(player.behind.value).toBe(0);
});

test("a page that was paused stays, also at the newest round, and knows how far behind it is", () => {
  const { rounds, player } = play(roundsOf([1, 2]), true);
  player.toggle();
  rounds.value = roundsOf([1, 2, 3, 4]);
  expect(player.round.value).toBe(2);
  expect(player.following.value).toBe(false);
  expect(player.behind.value).toBe(2);
  player.follow();
  expect(player.behind.value).toBe(0);
});

test("nobody is behind a run that is over", () => {
  const { player } = play(roundsOf([1, 2, 3]), false, 1);
  expect(player.behind.value).toBe(0);
});

test("seeking and stepping keep to the rounds there are; the last one means to follow", () => {
  const { player } = play(roundsOf([1, 4, 9]), false);
  player.seek(5);
  expect(player.round.value).toBe(4);
  player.step(-10);
  expect(player.round.value).toBe(1);
  player.step(Number.POSITIVE_INFINITY);
  expect(player.following.value).toBe(true);
});

test("a linked round is shown once it is there", () => {
  const { rounds, player } = play(roundsOf([]), true, 3);
  expect(player.round.value).toBeUndefined();
  rounds.value = roundsOf([1, 2]);
  expect(player.round.value).toBe(2);
  rounds.value = roundsOf([1, 2, 3, 4]);
  expect(player.round.value).toBe(3);
});

test("by time, rounds come in the order in which they ended", () => {
  const { axis, player } = play(roundsOf([1, 2, 3, 4], [10, 40, 20, 30]), false, 1);
  axis.value = "time";
  expect([...player.path.value.x]).toEqual([0, 10, 20, 30]);
  const seen = [player.round.value];
  for (let step = 0; step < 3; step++) {
    player.step(1);
    seen.push(player.round.value);
  }
  expect(seen).toEqual([1, 3, 4, 2]);
  player.seekX(12);
  expect(player.round.value).toBe(3);
});

test("by time needs times: without them it is by round", () => {
  const { axis, player } = play(roundsOf([1, 2, 3], [5]), false);
  axis.value = "time";
  expect(player.path.value.kind).toBe("round");
  expect(player.path.value.times).toBeUndefined();
});

test("at true pace by round, a round that ended before the one with a lower number comes with it", () => {
  const { player } = play(roundsOf([1, 2, 3, 4], [10, 40, 20, 50]), false);
  expect([...(player.path.value.times ?? [])]).toEqual([0, 30, 30, 40]);
});

test("the speed stays among those that can be chosen", () => {
  const { rounds, speed, player } = play(roundsOf([1, 2], [5, 6]), false);
  for (let press = 0; press < 20; press++) player.changeSpeed(1);
  expect(speed.value).toEqual({ pace: "fixed", factor: 50 });
  speed.value = { pace: "true", factor: 60 };
  player.changeSpeed(-1);
  expect(speed.value).toEqual({ pace: "true", factor: 10 });
  // Rounds without times have no pace of their own.
  rounds.value = roundsOf([1, 2], []);
  player.changeSpeed(1);
  expect(speed.value).toEqual({ pace: "fixed", factor: 2 });
});
