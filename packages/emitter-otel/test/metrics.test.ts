import type { HiveEvent } from "@hivewatch/core";
import { expect, it } from "vitest";
import type { HistogramValue } from "../src/metrics/exponential-histogram.ts";
import { createSeries, type Point } from "../src/metrics/series.ts";
import { createMetricTranslator } from "../src/metrics/translate.ts";
import { eventsOf, type Fields, finished, init, roundEnd, roundStart, START, update } from "./recording.ts";

interface TellOptions {
  readonly isDelta?: boolean;
  readonly takesNonFinite?: boolean;
  readonly perClient?: number;
  readonly intervalSec?: number;
}

/** What is told of a run's events. */
function told(events: readonly HiveEvent[], options: TellOptions = {}) {
  const { isDelta = false, takesNonFinite = true, perClient = 0, intervalSec = 60 } = options;
  const points: Point[] = [];
  const said: string[] = [];
  const sink = createSeries({ isDelta: () => isDelta, takesNonFinite, onPoint: (point) => points.push(point) });
  const say = (message: string) => void said.push(message);
  const translator = createMetricTranslator(sink, { perClient, intervalMicros: 1e6 * intervalSec, say });
  for (const event of events) translator.take(event);
  const of = (name: string) => points.filter(({ instrument }) => instrument.name === name);
  return {
    points,
    said,
    of,
    values: (name: string) => of(name).map(({ value }) => value),
    histograms: (name: string) => of(name).map(({ value }) => summary(value)),
    /** Seconds since the run's beginning. */
    times: (name: string) => of(name).map(({ micros }) => micros / 1e6 - START),
  };
}

function summary(value: number | HistogramValue): Fields {
  if (typeof value === "number") throw new Error("no histogram");
  const { count, sum, min, max } = value;
  return { count, sum, min, max };
}

it("has one value of each client of a round: the newest", () => {
  const metric = { event_type: "client_metric", round: 1, clients: [{ client_id: "a", local_loss: 9 }] };
  const { histograms } = told(
    eventsOf(
      [0, init()],
      [1, metric],
      [2, update("a", 1, { local_loss: 1 })],
      [3, update("b", 1, { local_loss: 2 })],
      [4, roundEnd(1)],
    ),
  );
  expect(histograms("hivewatch.client.loss")).toEqual([{ count: 2, sum: 3, min: 1, max: 2 }]);
});

it("counts over the run, or with delta over the round", () => {
  const run = eventsOf(
    [0, init()],
    [1, update("a", 1, { local_loss: 1 })],
    [2, roundEnd(1)],
    [3, update("a", 2, { local_loss: 4 })],
    [4, roundEnd(2)],
  );
  const whole = told(run);
  expect(whole.values("hivewatch.client.updates")).toEqual([1, 2]);
  expect(whole.histograms("hivewatch.client.loss").map(({ sum }) => sum)).toEqual([1, 5]);
  expect(new Set(whole.points.map(({ startMicros }) => startMicros))).toEqual(new Set([START * 1e6]));
  const delta = told(run, { isDelta: true });
  expect(delta.values("hivewatch.client.updates")).toEqual([1, 1]);
  expect(delta.histograms("hivewatch.client.loss").map(({ sum }) => sum)).toEqual([1, 4]);
  expect(delta.of("hivewatch.rounds").map(({ startMicros }) => startMicros / 1e6 - START)).toEqual([0, 2]);
});

it("turns percent, ms and MB into what OpenTelemetry measures in", () => {
  const client = { cpu_pct: 50, network_latency_ms: 250, ram_mb: 2, base_round: 3 };
  const { histograms } = told(eventsOf([0, init()], [1, update("a", 5, client)], [2, roundEnd(5)]));
  const sumOf = (name: string) => histograms(name)[0]?.sum;
  expect(sumOf("hivewatch.client.cpu.utilization")).toBe(0.5);
  expect(sumOf("hivewatch.client.network.latency")).toBe(0.25);
  expect(sumOf("hivewatch.client.memory.usage")).toBe(2e6);
  expect(sumOf("hivewatch.client.staleness")).toBe(2);
});

it("takes what comes late, belongs to no round, or to one that never ends", () => {
  const { histograms } = told(
    eventsOf(
      [0, init()],
      [1, update("a", 1, { local_loss: 1 })],
      [2, roundEnd(1)],
      [3, update("b", 1, { local_loss: 10 })],
      [4, update("c", null, { local_loss: 100 })],
      [5, update("d", 2, { local_loss: 1000 })],
      [6, finished()],
    ),
  );
  expect(histograms("hivewatch.client.loss").at(-1)).toEqual({ count: 4, sum: 1111, min: 1, max: 1000 });
});

it("counts the clients of a round once, though its end has them again", () => {
  const clients = [{ client_id: "a", local_loss: 1 }];
  const end = { ...roundEnd(1), clients };
  const { histograms, values } = told(
    eventsOf([0, init()], [1, update("a", 1, { local_loss: 1 })], [2, end], [3, end], [4, finished()]),
  );
  expect(histograms("hivewatch.client.loss").at(-1)).toMatchObject({ count: 1 });
  expect(values("hivewatch.rounds").at(-1)).toBe(2);
});

it("leaves missing what nobody has reported", () => {
  const { points, values, times } = told(
    eventsOf([0, init()], [1, roundEnd(1, { global_accuracy: 0.5 })], [2, roundEnd(2)]),
  );
  expect(values("hivewatch.model.accuracy")).toEqual([0.5]);
  expect(times("hivewatch.model.accuracy")).toEqual([1]);
  expect(values("hivewatch.round.number")).toEqual([1, 2]);
  expect(points.some(({ instrument }) => instrument.kind === "histogram")).toBe(false);
});

it("counts what is no finite number, and carries it where it can", () => {
  const run = eventsOf(
    [0, init()],
    [1, update("a", 1, { local_loss: Number.NaN, own: Number.POSITIVE_INFINITY })],
    [2, roundEnd(1, { global_loss: Number.NaN })],
  );
  const { of, values, points } = told(run);
  const counted = of("hivewatch.non_finite_values").map(({ labels, value }) => [labels["hivewatch.field"], value]);
  expect(Object.fromEntries(counted)).toEqual({ local_loss: 1, own: 1, "model.loss": 1 });
  expect(values("hivewatch.model.loss")).toEqual([Number.NaN]);
  expect(points.some(({ instrument }) => instrument.kind === "histogram")).toBe(false);
  expect(told(run, { takesNonFinite: false }).values("hivewatch.model.loss")).toEqual([]);
});

it("says who has measured", () => {
  const evaluation = {
    event_type: "evaluation",
    round: 1,
    source: "central",
    metrics: { accuracy: 0.7, test: { auc: 0.9 } },
  };
  const { of } = told(
    eventsOf(
      [0, init()],
      [1, update("a", 1, { local_accuracy: 0.4 })],
      [2, evaluation],
      [3, roundEnd(1, { global_accuracy: 0.6, global_source: "federated" })],
    ),
  );
  const bySource = of("hivewatch.model.accuracy").map(({ labels, value }) => [
    labels["hivewatch.evaluation.source"],
    value,
  ]);
  expect(Object.fromEntries(bySource)).toEqual({ central: 0.7, federated: 0.6, clients: 0.4 });
  expect(of("hivewatch.model.metric")).toMatchObject([{ labels: { "hivewatch.field": "test.auc" }, value: 0.9 }]);
});

it("has room for the figures that all have, whatever was made up before", () => {
  const invented = Array.from({ length: 100 }, (_, i) => {
    return [i, { event_type: "evaluation", round: 1, source: `made up ${i}`, metrics: { accuracy: 0.1 } }] as const;
  });
  const { of } = told(eventsOf([0, init()], ...invented, [200, roundEnd(1, { global_accuracy: 0.5 })]));
  expect(of("hivewatch.model.accuracy")).toHaveLength(64 + 1);
  expect(of("hivewatch.model.accuracy").at(-1)?.labels).toEqual({ "hivewatch.evaluation.source": "server" });
});

it("tells of counters while a round takes long, as of what was the case", () => {
  const updates = Array.from({ length: 5 }, (_, i) => [40 * (i + 1), update(`${i}`, 1)] as const);
  const { times, values } = told(eventsOf([0, init()], ...updates, [210, roundEnd(1)]));
  // Before the next one comes it would be longer than a minute ago.
  expect(values("hivewatch.client.updates")).toEqual([1, 2, 3, 4, 5]);
  expect(times("hivewatch.client.updates")).toEqual([40, 80, 120, 160, 210]);
});

it("never tells two values of one time, nor goes back", () => {
  const { times } = told(eventsOf([0, init()], [5, roundEnd(1)], [5, roundEnd(2)], [3, roundEnd(3)], [6, finished()]));
  const all = times("hivewatch.rounds");
  expect(all).toHaveLength(4);
  expect(all).toEqual([...new Set(all)].sort((a, b) => a - b));
  expect(all.at(-1)).toBe(6);
});

it("has a bound for names that are made up, and says so once", () => {
  const fields = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`invented_${i}`, i]));
  const { of, said } = told(eventsOf([0, init()], [1, update("a", 1, fields)], [2, roundEnd(1, fields)]));
  expect(of("hivewatch.client.metric")).toHaveLength(64);
  expect(of("hivewatch.round.metric").length).toBeLessThanOrEqual(64);
  expect(said).toHaveLength(2);
});

it("keeps the clients that have metrics of their own", () => {
  const { of } = told(
    eventsOf(
      [0, init()],
      [1, update("a", 1, { local_loss: 1 })],
      [2, update("b", 1, { local_loss: 2 })],
      [3, roundEnd(1)],
      [4, update("b", 2, { local_loss: 3 })],
      [5, update("a", 2, { local_loss: 4 })],
      [6, roundEnd(2)],
    ),
    { perClient: 1 },
  );
  expect(of("hivewatch.per_client.loss").map(({ labels, value }) => [labels["hivewatch.client.id"], value])).toEqual([
    ["a", 1],
    ["a", 4],
  ]);
});

it("forgets rounds that never end, but not their clients", () => {
  const rounds = Array.from({ length: 300 }, (_, i) => [i + 1, update("a", i, { local_loss: 1 })] as const);
  const { histograms } = told(eventsOf([0, init()], [0, roundStart(0)], ...rounds, [400, finished()]));
  expect(histograms("hivewatch.client.loss").at(-1)).toMatchObject({ count: 300 });
});
