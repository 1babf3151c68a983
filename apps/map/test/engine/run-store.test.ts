import { applyEvent, createRunState, type HiveEvent, type MapHead, summarizeRound } from "@hivewatch/core";
import { newSeed, type Random, randomFrom } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { fieldOf } from "../../src/data/table-fields.ts";
import { roundTable } from "../../src/engine/round-table.ts";
import { passOver, type RunStore, refreshFigures } from "../../src/engine/run-store.ts";
import { event, update } from "../events.ts";
import { mapHead } from "./map-head.ts";
import { idsOf, storeOf } from "./store-of.ts";

test("rounds begin at 0, come in any order, and a client's own round counts", () => {
  const store = storeOf(
    update(3, "a"),
    update(0, "a"),
    event("client_update", { round: 1, clients: [{ client_id: "b", round: 2 }, { client_id: "c" }] }),
  );
  expect([...store.rounds.keys()].sort()).toEqual([0, 1, 2, 3]);
  expect(store.rounds.get(2)?.columns?.rows).toBe(1);
  expect(store.rounds.get(1)?.columns?.rows).toBe(1);
});

test("of any run it knows the same as core does", () => {
  const seed = newSeed();
  const random = randomFrom(seed);
  for (let run = 0; run < 30; run++) {
    const events = Array.from({ length: 60 }, () => anyEvent(random));
    const state = createRunState("r");
    for (const one of events) applyEvent(state, one);
    const store = storeOf(...events);
    const ids = idsOf(store);
    expect(new Set(store.rounds.keys()), `${seed}`).toEqual(new Set(state.rounds.keys()));
    expect(store.run.status).toBe(state.status);
    for (const [number, round] of state.rounds) {
      const entry = store.rounds.get(number);
      if (entry === undefined) throw new Error(`round ${number} is missing`);
      refreshFigures(entry);
      const { round: _, ...figures } = summarizeRound(round);
      expect(entry.figures, `${seed}`).toEqual(figures);
      for (const [id, metrics] of round.clients) {
        if (entry.columns === undefined) throw new Error(`round ${number} has no clients`);
        const table = roundTable(entry.columns, false);
        for (const name in metrics) {
          if (name !== "client_id")
            expect(fieldOf(table, ids.indexOf(id), name), `${seed} ${name}`).toEqual(metrics[name]);
        }
      }
    }
  }
});

test("what was passed over comes from the map, and rounds that it changed are fetched anew", () => {
  const round = (number: number, ...results: HiveEvent[]): HiveEvent[] => [
    event("round_start", { round: number, selected: ["a", "b"] }),
    ...results,
    event("round_end", { round: number, round_metrics: { global_loss: number } }),
  ];
  const known = [
    ...round(1, update(1, "a", { local_loss: 1 }), update(1, "b", { local_loss: 2 })),
    ...round(2, update(2, "a", { local_loss: 1 })),
    ...round(3, update(3, "a", { local_loss: 1 })),
  ];
  const missed = [update(2, "b", { local_loss: 2 }), update(3, "a", { local_loss: 3 }), ...round(4, update(4, "a"))];
  const store = storeOf(...known);
  for (const entry of store.rounds.values()) refreshFigures(entry);
  const head = headOf(storeOf(...known, ...missed), known.length + missed.length);
  expect(passOver(store, head)).toEqual([2, 3, 4]);
  expect([...store.rounds.values()].map(({ columns }) => columns !== undefined)).toEqual([true, false, false, false]);
  expect(store.rounds.get(2)?.rows).toBe(2);
  expect(store.rounds.get(4)?.figures.global_loss).toBe(4);
  expect(store.run.eventCount).toBe(known.length + missed.length);
});

function headOf(store: RunStore, position: number): MapHead {
  const rounds = Array.from(store.rounds.values(), (entry) => {
    refreshFigures(entry);
    const { round, rows, metrics, figures } = entry;
    return {
      round,
      clients: rows,
      silent: 0,
      parts: [[24, 1] as const],
      started_at: entry.startedAt ?? null,
      ended_at: entry.endedAt ?? null,
      selected: entry.selected ?? null,
      reported: Object.keys(metrics),
      figures,
    };
  });
  return mapHead({
    num_events: store.run.eventCount,
    position,
    frames: { id: "0".repeat(32), bytes: 25 },
    clients: { count: store.clients.size, parts: [] },
    rounds,
  });
}

function anyEvent(random: Random): HiveEvent {
  const round = random.below(4);
  const id = () => `c${random.below(6)}`;
  const value = () => random.pick<unknown>([0, 1.5, -2, "NaN", "Infinity", null, "text", true, ["a"]]);
  const metrics = () => ({
    local_loss: random.pick<unknown>([0.5, 1, "NaN"]),
    num_samples: random.below(9),
    own: value(),
  });
  switch (random.below(8)) {
    case 0:
      return event("round_start", { round, selected: [id(), id()] });
    case 1:
      return event("client_dropout", { round, clients: [{ client_id: id() }], reason: "x" });
    case 2:
      return event("comm_failure", { round, client_id: id(), reason: "x" });
    case 3:
      return event("client_recovered", { round, client_id: id() });
    case 4:
      return event("round_end", { round, round_metrics: { global_accuracy: random.below(2) === 0 ? "NaN" : 0.5 } });
    case 5:
      return event("client_metric", {
        round: null,
        clients: [{ client_id: id(), round: random.below(2) === 0 ? null : round }],
      });
    case 6:
      return event("something_new", { round, clients: [{ client_id: id(), own: value() }] });
    default:
      return update(round, id(), metrics());
  }
}
