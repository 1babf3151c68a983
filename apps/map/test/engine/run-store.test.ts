import { applyEvent, createRunState, type HiveEvent, summarizeRound } from "@hivewatch/core";
import { newSeed, type Random, randomFrom } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { fieldOf } from "../../src/data/table-fields.ts";
import { roundTable } from "../../src/engine/round-table.ts";
import { refreshFigures } from "../../src/engine/run-store.ts";
import { event, update } from "../events.ts";
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
