import { signal } from "@preact/signals";
import { expect, test } from "vitest";
import { createPlayer } from "../src/replay/player.ts";

function play(numbers: number[], running: boolean, start?: number) {
  const rounds = signal<readonly number[]>(numbers);
  return { rounds, player: createPlayer({ rounds, running: signal(running) }, start) };
}

test("a page that follows goes to each new round", () => {
  const { rounds, player } = play([1, 2], true);
  expect(player.round.value).toBe(2);
  rounds.value = [1, 2, 3];
  expect(player.round.value).toBe(3);
  expect(player.moving.value).toBe(true);
});

test("a page that was paused stays, also at the newest round", () => {
  const { rounds, player } = play([1, 2], true);
  player.toggle();
  rounds.value = [1, 2, 3];
  expect(player.round.value).toBe(2);
  expect(player.following.value).toBe(false);
});

test("seeking and stepping keep to the rounds there are; the last one means to follow", () => {
  const { player } = play([1, 4, 9], false);
  player.seek(5);
  expect(player.round.value).toBe(4);
  player.step(-10);
  expect(player.round.value).toBe(1);
  player.step(Number.POSITIVE_INFINITY);
  expect(player.following.value).toBe(true);
});

test("a linked round is shown once it is there", () => {
  const { rounds, player } = play([], true, 3);
  expect(player.round.value).toBeUndefined();
  rounds.value = [1, 2];
  expect(player.round.value).toBe(2);
  rounds.value = [1, 2, 3, 4];
  expect(player.round.value).toBe(3);
});
