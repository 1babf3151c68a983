import type { MapPlace } from "@hivewatch/core";
import { expect, test } from "vitest";
import { letGo } from "../../src/engine/let-go.ts";
import { columnBytes } from "../../src/engine/round-columns.ts";
import type { RoundEntry, RunStore } from "../../src/engine/run-store.ts";
import { update } from "../events.ts";
import { storeOf } from "./store-of.ts";

const PLACES: readonly MapPlace[] = [[0, 10]];
const LIMITS = { keeps: () => false, mapPosition: 6, usedAt: () => 0 };

/** Six rounds of one client; the event of each is at the position of its number. */
function sixRounds(): { store: RunStore; rounds: readonly RoundEntry[]; bytes: number } {
  const store = storeOf(...[1, 2, 3, 4, 5, 6].map((round) => update(round, "a")));
  const rounds = [...store.rounds.values()];
  for (const entry of rounds) entry.places = PLACES;
  const [first] = rounds;
  if (first?.columns === undefined) throw new Error("there is no round");
  return { store, rounds, bytes: columnBytes(first.columns) };
}

function held(rounds: readonly RoundEntry[]): number[] {
  return rounds.filter(({ columns }) => columns !== undefined).map(({ round }) => round);
}

test("nothing is let go while there is room", () => {
  const { rounds, bytes } = sixRounds();
  expect(letGo(rounds, { ...LIMITS, maxBytes: 6 * bytes })).toBe(0);
  expect(held(rounds)).toEqual([1, 2, 3, 4, 5, 6]);
});

test("what was used longest ago goes first, and what is on screen stays", () => {
  const { rounds, bytes } = sixRounds();
  const usedAt = (round: number): number => (round === 2 ? 9 : 0);
  expect(letGo(rounds, { ...LIMITS, maxBytes: 4 * bytes, usedAt, keeps: (round) => round === 1 })).toBe(0);
  expect(held(rounds)).toEqual([1, 2, 6]);
});

test("what the map does not tell yet stays, until it does", () => {
  const { rounds, bytes } = sixRounds();
  const maxBytes = 2 * bytes;
  expect(letGo(rounds, { ...LIMITS, maxBytes, mapPosition: 2 })).toBe(4);
  expect(held(rounds)).toEqual([3, 4, 5, 6]);
  expect(letGo(rounds, { ...LIMITS, maxBytes, mapPosition: 5 })).toBe(0);
  expect(held(rounds)).toEqual([6]);
});
