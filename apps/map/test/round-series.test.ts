import { expect, test } from "vitest";
import { quantile } from "../src/data/quantile.ts";
import { clientHistory, reportedFields } from "../src/model/client-history.ts";
import { roundSeries } from "../src/model/round-series.ts";
import { event, modelOf, update } from "./events.ts";

test("quantiles lie between neighbours", () => {
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
  expect(quantile([7], 0.9)).toBe(7);
  expect(quantile([], 0.5)).toBeUndefined();
});

test("what is missing or not finite has no place on a scale, but is known", () => {
  const series = roundSeries(
    modelOf(
      event("round_end", { round: 1, round_metrics: { global_accuracy: 0.5 } }),
      event("round_end", { round: 2, round_metrics: { global_accuracy: "NaN" } }),
      event("round_start", { round: 3 }),
    ),
  );
  expect(series.accuracy.global).toEqual([0.5, null, null]);
  expect(series.accuracy.nonFinite).toEqual([2]);
  expect(series.bytesUp).toEqual([null, null, null]);
});

test("the band leaves out values that are not finite", () => {
  const losses = [1, 2, 3, 4, 5, "NaN"].map((local_loss, i) => update(1, `c${i}`, { local_loss }));
  const { loss } = roundSeries(modelOf(...losses, event("round_end", { round: 1 })));
  expect(loss.low[0]).toBeCloseTo(1.4);
  expect(loss.high[0]).toBeCloseTo(4.6);
});

test("a round that goes on has only what was reported", () => {
  const events = [event("round_start", { round: 1, selected: ["a", "b"] }), update(1, "a", { local_loss: 1 })];
  const open = roundSeries(modelOf(...events));
  expect([open.selected, open.completed, open.loss.clients]).toEqual([[2], [null], [null]]);
  const ended = roundSeries(modelOf(...events, event("round_end", { round: 1 })));
  expect([ended.selected, ended.completed, ended.loss.clients]).toEqual([[2], [1], [1]]);
});

test("a client's history has every round", () => {
  const model = modelOf(update(1, "a", { local_loss: 1 }), update(2, "b", { local_loss: 1 }));
  expect(clientHistory(model, "a").map(({ status }) => status)).toEqual(["active", "idle"]);
});

test("fields with an underscore, and those about who and where, are not metrics", () => {
  const fields = reportedFields({ client_id: "a", _secret: 1, city: "B", local_loss: 2, note: "x", ram_mb: null });
  expect(fields).toEqual([
    ["local_loss", 2],
    ["note", "x"],
  ]);
});
