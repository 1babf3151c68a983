import { expect, test } from "vitest";
import { globalFigure, plannedRounds, summaryOf } from "../src/model/figures.ts";
import { foldEvents } from "../src/model/run-model.ts";
import { event, modelOf, update } from "./events.ts";

test("rounds are sorted, whatever order they came in, and start at 0", () => {
  const model = modelOf(update(3, "a"), update(0, "a"), update(2, "b"));
  expect(model.rounds).toEqual([0, 2, 3]);
  expect(model.roster).toEqual(["a", "b"]);
});

test("a client that was only asked is known", () => {
  expect(modelOf(event("round_start", { round: 1, selected: ["x"] })).roster).toEqual(["x"]);
});

test("figures are computed again only for rounds that changed", () => {
  const model = modelOf(update(1, "a", { local_accuracy: 0.5 }), update(2, "a", { local_accuracy: 0.6 }));
  const summaryOfRound = (number: number) => {
    const round = model.state.rounds.get(number);
    return round === undefined ? undefined : summaryOf(model, round);
  };
  const [one, two] = [summaryOfRound(1), summaryOfRound(2)];
  foldEvents(model, [update(2, "b", { local_accuracy: 0.8 })]);
  expect(summaryOfRound(1)).toBe(one);
  expect(summaryOfRound(2)).not.toBe(two);
  expect(summaryOfRound(2)?.clients_accuracy).toBeCloseTo(0.7);
});

test("a client's own round counts, where it differs from the event's", () => {
  const model = modelOf(event("client_update", { round: 1, clients: [{ client_id: "a", round: 2 }] }));
  expect(model.revisions.get(2)).toBe(1);
});

test("places count as changed only when somebody moves", () => {
  const model = modelOf(update(1, "a", { lat: 1, lng: 2 }));
  const before = model.placesRevision;
  foldEvents(model, [update(2, "a", { lat: 1, lng: 2 }), update(2, "a", { local_loss: 1 })]);
  expect(model.placesRevision).toBe(before);
  foldEvents(model, [update(3, "a", { lat: 1, lng: 3 })]);
  expect(model.placesRevision).toBe(before + 1);
});

test("a reported figure goes before the clients' mean, also if it is NaN", () => {
  const model = modelOf(
    update(1, "a", { local_accuracy: 0.5 }),
    event("round_end", { round: 1, round_metrics: { global_accuracy: "NaN", global_source: "central" } }),
  );
  expect(globalFigure(model, 1, "accuracy")).toEqual({ value: Number.NaN, source: "central", round: 1 });
  expect(globalFigure(model, 1, "loss")).toBeUndefined();
});

test("a round that goes on shows the newest earlier figure, and says of which round", () => {
  const model = modelOf(
    update(1, "a", { local_accuracy: 0.5 }),
    event("round_end", { round: 1, round_metrics: {} }),
    update(2, "a", { local_accuracy: 0.9 }),
  );
  expect(globalFigure(model, 2, "accuracy")).toEqual({ value: 0.5, source: "clients’ mean", round: 1 });
  foldEvents(model, [event("round_end", { round: 2, round_metrics: {} })]);
  expect(globalFigure(model, 2, "accuracy")).toMatchObject({ value: 0.9, round: 2 });
});

test("how many rounds are planned", () => {
  expect(plannedRounds({ num_rounds: 30 })).toBe(30);
  expect(plannedRounds({ rounds: 5 })).toBe(5);
  expect(plannedRounds({ num_rounds: "many" })).toBeUndefined();
});
