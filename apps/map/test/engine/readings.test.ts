import type { HiveEvent } from "@hivewatch/core";
import { newSeed, type Random, randomFrom } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { QUANTILES } from "../../src/data/run-data.ts";
import { STATUS_CODES } from "../../src/data/statuses.ts";
import { createReadings, type Readings } from "../../src/engine/readings.ts";
import { createRoundColumns, type RoundColumns, rowFor, setFields } from "../../src/engine/round-columns.ts";
import { isOpen } from "../../src/engine/run-store.ts";
import { findingText } from "../../src/ui/finding-text.ts";
import { event, update } from "../events.ts";
import { idsOf, storeOf } from "./store-of.ts";

interface Read {
  readonly readings: Readings;
  readonly rounds: Float64Array;
  readonly clients: number;
  readonly ids: readonly string[];
}

/** Reads all rounds of a run with these events. */
function readingsOf(...events: HiveEvent[]): Read {
  const store = storeOf(...events);
  const readings = createReadings();
  const entries = [...store.rounds.values()].sort((a, b) => a.round - b.round);
  for (const entry of entries) if (entry.columns !== undefined) readings.read(entry.columns, isOpen(store.run, entry));
  const rounds = Float64Array.from(entries, ({ round }) => round);
  return { readings, rounds, clients: store.clients.size, ids: idsOf(store) };
}

const end = event("finished");

test("a digest has the least, every 5 %, and the greatest of what is finite", () => {
  const values = Array.from({ length: 101 }, (_, i) => update(1, `c${i}`, { local_loss: 100 - i }));
  const { readings, rounds } = readingsOf(...values, update(1, "nan", { local_loss: "NaN" }), update(2, "x"), end);
  const digest = readings.digest("local_loss", rounds);
  expect(digest.count).toEqual(Uint32Array.of(101, 0));
  expect(digest.nonFinite).toEqual(Uint32Array.of(1, 0));
  expect(digest.mean[0]).toBeCloseTo(50);
  const first = [...digest.quantiles.subarray(0, QUANTILES)];
  expect(first).toEqual(Array.from({ length: QUANTILES }, (_, q) => 5 * q));
  expect([...digest.quantiles.subarray(QUANTILES)].every(Number.isNaN)).toBe(true);
});

test("staleness is digested where base_round is known, and metrics keep the contract's order", () => {
  const { readings, rounds } = readingsOf(
    update(5, "a", { own_metric: 1, base_round: 3, local_loss: 1, local_accuracy: 1, _hidden: 1 }),
    end,
  );
  expect(readings.metrics()).toEqual(["local_accuracy", "local_loss", "own_metric", "staleness"]);
  expect(readings.digest("staleness", rounds).quantiles[0]).toBe(2);
});

test("a round that goes on has no digest yet: half of its results would look like a collapse", () => {
  const { readings, rounds } = readingsOf(update(1, "a", { local_loss: 1 }));
  expect(readings.digest("local_loss", rounds).count).toEqual(Uint32Array.of(0));
  expect(readings.metrics()).toEqual(["local_loss"]);
});

test("who is far from all others is an outlier, in either direction, and NaN is not", () => {
  const usual = Array.from({ length: 20 }, (_, i) => update(1, `c${i}`, { gradient_norm: 1 + i / 100 }));
  const { readings, rounds, clients, ids } = readingsOf(
    ...usual,
    update(1, "high", { gradient_norm: 9 }),
    update(1, "low", { gradient_norm: -7 }),
    update(1, "nan", { gradient_norm: "NaN" }),
    end,
  );
  const { list, counts, byRound } = readings.findings(rounds, clients);
  expect(counts).toMatchObject({ outlier: 2, non_finite: 1 });
  expect(byRound).toEqual(Uint32Array.of(3));
  const outliers = list.filter(({ kind }) => kind === "outlier");
  expect(outliers.map(({ client }) => ids[client])).toEqual(["low", "high"]);
  expect(outliers[1] && findingText(outliers[1])).toBe("Gradient norm is 9, far from the round’s median of 1.095");
  const notFinite = list.find(({ kind }) => kind === "non_finite");
  expect(notFinite && findingText(notFinite)).toBe("Gradient norm is NaN");
});

test("equal values have no outlier, however one may differ", () => {
  const usual = Array.from({ length: 20 }, (_, i) => update(1, `c${i}`, { local_loss: 1 }));
  const { readings, rounds, clients } = readingsOf(...usual, update(1, "odd", { local_loss: 2 }), end);
  expect(readings.findings(rounds, clients).counts.outlier).toBe(0);
});

test("a regular that stays away for three rounds is silent, one that is sampled now and then is not", () => {
  const events = [1, 2, 3, 4, 5, 6].flatMap((round) => [
    update(round, "always"),
    ...(round <= 3 ? [update(round, "regular")] : []),
    ...(round === 1 || round === 3 ? [update(round, "sampled")] : []),
  ]);
  const { readings, rounds, clients, ids } = readingsOf(...events, end);
  const silent = readings.findings(rounds, clients).list.filter(({ kind }) => kind === "silent");
  expect(silent.map(({ client, round, score, detail }) => [ids[client], round, score, detail])).toEqual([
    ["regular", 6, 3, "no result for 3 rounds, the last in round 3"],
  ]);
});

test("how often each client took part, and how it stood in each round", () => {
  const { readings, rounds, clients, ids } = readingsOf(
    event("round_start", { round: 0, selected: ["a", "b"] }),
    update(0, "a"),
    event("client_dropout", { round: 2, clients: [{ client_id: "b" }], reason: "x" }),
    event("comm_failure", { round: 2, client_id: "a", reason: "x" }),
    update(2, "c"),
    end,
  );
  expect(ids).toEqual(["a", "b", "c"]);
  expect(readings.tally(clients)).toEqual({
    rounds: 2,
    completed: Uint32Array.of(1, 0, 1),
    involved: Uint32Array.of(2, 2, 1),
    dropouts: Uint32Array.of(0, 1, 0),
    failures: Uint32Array.of(1, 0, 0),
    stragglers: Uint32Array.of(0, 0, 0),
    lastResult: Float64Array.of(0, Number.NaN, 2),
  });
  const { active, failed, missing, dropped, idle } = STATUS_CODES;
  expect(readings.participation(rounds, clients)).toEqual({
    clients: Uint32Array.of(0, 1, 2),
    rounds: 2,
    status: Uint8Array.of(active, failed, missing, dropped, idle, active),
  });
});

test("a round that is read again replaces what it told before", () => {
  const { readings, rounds, clients } = readingsOf(update(1, "a", { local_loss: "NaN" }), end);
  const store = storeOf(update(1, "a", { local_loss: 1 }), end);
  const columns = store.rounds.get(1)?.columns;
  if (columns === undefined) throw new Error("the round has no clients");
  readings.read(columns, false);
  expect(readings.size).toBe(1);
  expect(readings.findings(rounds, clients).counts.non_finite).toBe(0);
});

test("rounds that come in any order, again, and anew are counted as if each had been read once", () => {
  const seed = newSeed();
  const random = randomFrom(seed);
  for (let run = 0; run < 50; run++) {
    const readings = createReadings();
    const newest = new Map<number, RoundColumns>();
    for (let read = 0; read < 30; read++) {
      const columns = anyRound(random, random.below(8));
      if (random.below(8) === 0) {
        readings.forget([columns.round]);
        newest.delete(columns.round);
      } else {
        readings.read(columns, false);
        newest.set(columns.round, columns);
      }
    }
    const once = createReadings();
    const rounds = [...newest.keys()].sort((a, b) => a - b);
    for (const round of rounds) once.read(newest.get(round) ?? anyRound(random, round), false);
    expect(readings.tally(9), `seed ${seed}`).toEqual(once.tally(9));
    const numbers = Float64Array.from(rounds);
    expect(readings.findings(numbers, 9), `seed ${seed}`).toEqual(once.findings(numbers, 9));
  }
});

/** Some of nine clients, each with some status. */
function anyRound(random: Random, round: number): RoundColumns {
  const columns = createRoundColumns(round);
  for (let client = 0; client < 9; client++) {
    if (random.below(3) === 0) continue;
    const row = rowFor(columns, client);
    setFields(columns, row, {
      client_id: `c${client}`,
      status: random.pick(["active", "dropped", "failed", "idle"]),
      ...(random.below(2) === 0 && { local_loss: random.pick([1, Number.NaN]) }),
    });
  }
  return columns;
}
