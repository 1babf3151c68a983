import { microsFromIso } from "@hivewatch/core";
import {
  type Fields,
  fields,
  list,
  type OtlpContent,
  type OtlpLogRecord,
  type OtlpPoint,
  type OtlpSpan,
} from "@hivewatch/test-support";
import { expect } from "vitest";
import { expectHistogramOf } from "./exponential-histogram.ts";

/** The metric of a round's figure. */
const ROUND: Readonly<Record<string, string>> = {
  num_selected: "hivewatch.round.selected",
  num_completed: "hivewatch.round.completed",
  num_stragglers: "hivewatch.round.stragglers",
  num_failures: "hivewatch.round.failures",
  round_duration_sec: "hivewatch.round.duration",
  aggregation_time_sec: "hivewatch.round.aggregation.duration",
  gradient_norm_dispersion: "hivewatch.round.gradient.dispersion",
};
const MODEL: Readonly<Record<string, string>> = {
  global_accuracy: "hivewatch.model.accuracy",
  global_loss: "hivewatch.model.loss",
};
/** The histogram of what clients report, and by what the values are multiplied. */
const CLIENT: Readonly<Record<string, readonly [name: string, factor: number]>> = {
  local_accuracy: ["hivewatch.client.accuracy", 1],
  local_loss: ["hivewatch.client.loss", 1],
  num_samples: ["hivewatch.client.samples", 1],
  gradient_norm: ["hivewatch.client.gradient.norm", 1],
  bytes_sent: ["hivewatch.client.upload.size", 1],
  bytes_received: ["hivewatch.client.download.size", 1],
  network_latency_ms: ["hivewatch.client.network.latency", 1e-3],
  train_time_sec: ["hivewatch.client.train.duration", 1],
  cpu_pct: ["hivewatch.client.cpu.utilization", 0.01],
};
/** The counter of how many there were of what. */
const COUNTED: Readonly<Record<string, (line: Fields) => number>> = {
  "hivewatch.rounds": (line) => (line.event_type === "round_end" ? 1 : 0),
  "hivewatch.client.updates": (line) => (line.event_type === "client_update" ? list(line.clients).length : 0),
  "hivewatch.client.dropouts": (line) => (line.event_type === "client_dropout" ? list(line.clients).length : 0),
  "hivewatch.client.failures": (line) => (line.event_type === "comm_failure" ? 1 : 0),
  "hivewatch.client.recoveries": (line) => (line.event_type === "client_recovered" ? 1 : 0),
  "hivewatch.checkpoints": (line) => (line.event_type === "checkpoint" ? 1 : 0),
};

/** A time of an event as OpenTelemetry has it. */
function nanosOf(time: unknown): bigint {
  return BigInt(microsFromIso(String(time))) * 1000n;
}

/**
 * Checks, against the lines of a run in which rounds follow each other and every client reports once in each, that the metrics
 * are those of the run: each round's figures at its end, and what was counted and measured until then.
 */
export function expectMetrics({ points }: OtlpContent, lines: readonly Fields[]): void {
  const runId = String(lines[0]?.run_id);
  const byName = byNameOf(points.filter(({ attributes }) => attributes["hivewatch.run.id"] === runId));
  const at = (name: string, time: bigint, labels: Fields = {}): OtlpPoint | undefined =>
    (byName.get(name) ?? []).findLast(
      (point) => point.time === time && Object.entries(labels).every(([key, label]) => point.attributes[key] === label),
    );
  const counts = new Map(Object.keys(COUNTED).map((name) => [name, 0]));
  const traffic = { transmit: 0, receive: 0 };
  const values = new Map<string, number[]>();
  let rounds = 0;

  function expectRound(line: Fields): void {
    const metrics = fields(line.round_metrics);
    const time = nanosOf(line.timestamp);
    const what = `round ${line.round}`;
    rounds++;
    expect(at("hivewatch.round.number", time)?.value, what).toBe(line.round);
    for (const [field, name] of Object.entries(ROUND)) {
      expectValue(at(name, time), metrics[field], `${what}: ${name}`);
    }
    for (const [field, name] of Object.entries(MODEL)) {
      const source = { "hivewatch.evaluation.source": metrics.global_source ?? "server" };
      expectValue(at(name, time, source), metrics[field], `${what}: ${name}`);
    }
    for (const [name, count] of counts) {
      if (count > 0) expect(latest(byName.get(name), time)?.value, `${what}: ${name}`).toBe(count);
    }
    traffic.transmit += Number(metrics.total_bytes_up ?? 0);
    traffic.receive += Number(metrics.total_bytes_down ?? 0);
    for (const [direction, bytes] of Object.entries(traffic)) {
      const point = at("hivewatch.client.io", time, { "network.io.direction": direction });
      if (bytes > 0) expect(point?.value, `${what}: ${direction}`).toBe(bytes);
    }
    for (const [name, told] of values)
      expectHistogramOf(latest(byName.get(name), time)?.histogram, told, `${what}: ${name}`);
  }

  for (const line of lines) {
    for (const [name, count] of Object.entries(COUNTED)) counts.set(name, (counts.get(name) ?? 0) + count(line));
    if (line.event_type === "client_update") for (const client of list(line.clients)) noteClient(values, client);
    if (line.event_type === "round_end") expectRound(line);
  }
  expect(rounds).toBeGreaterThan(0);
}

function byNameOf(points: readonly OtlpPoint[]): Map<string, OtlpPoint[]> {
  const byName = new Map<string, OtlpPoint[]>();
  for (const point of points) {
    const same = byName.get(point.name) ?? [];
    byName.set(point.name, same);
    same.push(point);
  }
  return byName;
}

function expectValue(point: OtlpPoint | undefined, value: unknown, what: string): void {
  if (typeof value === "number" && Number.isFinite(value)) expect(point?.value, what).toBeCloseTo(value, 9);
}

/** The newest point until a time. */
function latest(points: readonly OtlpPoint[] = [], time: bigint): OtlpPoint | undefined {
  return points.filter((point) => point.time <= time).reduce<OtlpPoint | undefined>(later, undefined);
}

function later(a: OtlpPoint | undefined, b: OtlpPoint): OtlpPoint {
  return a === undefined || b.time >= a.time ? b : a;
}

function noteClient(values: Map<string, number[]>, client: Fields): void {
  for (const [field, [name, factor]] of Object.entries(CLIENT)) {
    const value = client[field];
    if (typeof value !== "number" || !Number.isFinite(value)) continue;
    const told = values.get(name) ?? [];
    values.set(name, told);
    told.push(value * factor);
  }
}

/** The trace of a round. */
export interface RoundTrace {
  readonly round: OtlpSpan;
  readonly clients: readonly OtlpSpan[];
}

/**
 * Checks, against the lines of a run whose rounds follow each other, that each has a trace of its own with its true times and
 * a span for each client that was heard of, inside the run's trace only by a link.
 */
export function expectTraces({ spans }: OtlpContent, lines: readonly Fields[]): RoundTrace[] {
  const ids = spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`);
  expect(new Set(ids).size).toBe(ids.length);
  const run = spans.filter(({ name }) => name === "run");
  expect(run).toHaveLength(1);
  expect(run[0]).toMatchObject({ parentSpanId: "", startTime: nanosOf(lines[0]?.started_at) });
  expect(run[0]?.endTime).toBe(nanosOf(lines.at(-1)?.timestamp));
  return lines
    .filter(({ event_type: type }) => type === "round_end")
    .map((end) => {
      const traces = spans.filter(
        ({ name, attributes }) => name === "round" && attributes["hivewatch.round"] === end.round,
      );
      expect(traces, `traces of round ${end.round}`).toHaveLength(1);
      const [round] = traces;
      if (round === undefined) throw new Error("no such trace");
      const start = lines.find(({ event_type: type, round: number }) => type === "round_start" && number === end.round);
      expect(round.startTime).toBe(nanosOf(start?.timestamp));
      expect(round.endTime).toBe(nanosOf(end.timestamp));
      expect(round.parentSpanId).toBe("");
      expect(round.links.map(({ traceId, spanId }) => ({ traceId, spanId }))).toEqual([
        { traceId: run[0]?.traceId, spanId: run[0]?.spanId },
      ]);
      const clients = spans.filter(({ name, traceId }) => name === "client" && traceId === round.traceId);
      for (const client of clients) expect(client.parentSpanId).toBe(round.spanId);
      return { round, clients };
    });
}

/** The ids of clients that were heard of in a round, once for each time. */
export function heardOf(lines: readonly Fields[], round: unknown): string[] {
  return lines.flatMap((line) => {
    if (line.round !== round) return [];
    if (line.event_type === "comm_failure") return [String(line.client_id)];
    if (line.event_type !== "client_update" && line.event_type !== "client_dropout") return [];
    return list(line.clients).map(({ client_id }) => String(client_id));
  });
}

/** The event names of the log records that tell of what stands in some lines, in their order. */
const EVENT_NAMES: Readonly<Record<string, string>> = {
  init: "hivewatch.run.start",
  finished: "hivewatch.run.end",
  client_dropout: "hivewatch.client.dropout",
  comm_failure: "hivewatch.client.comm_failure",
  client_recovered: "hivewatch.client.recovered",
  checkpoint: "hivewatch.checkpoint",
};

/**
 * Checks that the run's beginning and end, and every dropout, failure, recovery and checkpoint, are log records of their time
 * and in the span of their round, or of the run, with what was said of the client.
 */
export function expectLogs(content: OtlpContent, lines: readonly Fields[], traces: readonly RoundTrace[]): void {
  const run = content.spans.find(({ name }) => name === "run");
  const told = content.logs.filter(({ eventName }) => Object.values(EVENT_NAMES).includes(eventName));
  const expected = lines.flatMap((line) => {
    const { event_type: type, timestamp, round, reason, client_id: id, clients } = line;
    const eventName = EVENT_NAMES[String(type)];
    if (eventName === undefined) return [];
    const { traceId, spanId } =
      traces.find((trace) => trace.round.attributes["hivewatch.round"] === round)?.round ?? run ?? {};
    const ids = type === "client_dropout" ? list(clients).map(({ client_id }) => client_id) : [id];
    return ids.map((client) => ({ eventName, time: nanosOf(timestamp), traceId, spanId, client, reason }));
  });
  expect(told.map(inShort)).toEqual(expected);
}

function inShort({ eventName, time, traceId, spanId, attributes }: OtlpLogRecord) {
  const [client, reason] = [attributes["hivewatch.client.id"], attributes["hivewatch.reason"]];
  return { eventName, time, traceId, spanId, client, reason };
}
