import { recordedStream } from "@hivewatch/testkit";
import { diag, metrics, propagation, trace } from "@opentelemetry/api";
import { logs } from "@opentelemetry/api-logs";
import {
  BatchLogRecordProcessor,
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, InMemorySpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { expect, it, onTestFinished } from "vitest";
import { otelEmitter } from "../src/index.ts";
import { dropout, eventsOf, finished, init, roundEnd, update } from "./recording.ts";

const NEVER = new AbortController().signal;

function providers() {
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const meterProvider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: metricExporter })],
  });
  const spanExporter = new InMemorySpanExporter();
  const tracerProvider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter: spanExporter })] });
  const logExporter = new InMemoryLogRecordExporter();
  const loggerProvider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: logExporter })] });
  onTestFinished(async () => {
    await Promise.all([meterProvider.shutdown(), tracerProvider.shutdown(), loggerProvider.shutdown()]);
  });
  const metricsOf = () =>
    metricExporter
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap(({ metrics: found }) => found) ?? [];
  return { meterProvider, tracerProvider, loggerProvider, spanExporter, logExporter, metricsOf };
}

it("gives a run to the program's own providers, and has them send it at its end", async () => {
  const { meterProvider, tracerProvider, loggerProvider, ...sent } = providers();
  const emitter = otelEmitter({ meterProvider, tracerProvider, loggerProvider });
  expect(await emitter.write(recordedStream("troubled"), NEVER)).toEqual({ status: "delivered" });
  await emitter.finish?.();
  const names = sent.metricsOf().map(({ descriptor }) => descriptor.name);
  expect(names).toEqual(
    expect.arrayContaining(["hivewatch.client.loss", "hivewatch.model.accuracy", "hivewatch.rounds"]),
  );
  for (const { dataPoints } of sent.metricsOf()) {
    for (const { attributes } of dataPoints) expect(attributes["hivewatch.run.id"]).toBe("recorded-troubled");
  }
  expect(sent.spanExporter.getFinishedSpans().map(({ name }) => name)).toContain("round");
  expect(sent.logExporter.getFinishedLogRecords().map(({ eventName }) => eventName)).toContain(
    "hivewatch.client.dropout",
  );
});

it("makes only what there is a provider for", async () => {
  const { tracerProvider, metricsOf, spanExporter, logExporter } = providers();
  const emitter = otelEmitter({ tracerProvider });
  await emitter.write(recordedStream("complete"), NEVER);
  expect(spanExporter.getFinishedSpans()).not.toEqual([]);
  expect([...metricsOf(), ...logExporter.getFinishedLogRecords()]).toEqual([]);
});

it("loses no span of a large run, though the provider's queue is smaller", async () => {
  const { tracerProvider, spanExporter } = providers();
  const rounds = Array.from({ length: 10 }, (_, round) => round);
  // As many as have spans by default, each with three parts; and some that come late, so that a few wait before each round.
  const clients = Array.from({ length: 500 }, (_, i) => `client-${i}`);
  const late = clients.slice(0, 31);
  const times = { round_trip_sec: 0.9, train_time_sec: 0.5, network_latency_ms: 20 };
  const events = eventsOf(
    [0, init()],
    ...rounds.flatMap((round) => [
      ...clients.map((id) => [10 * round + 1, update(id, round, times)] as const),
      [10 * round + 2, roundEnd(round)] as const,
      ...late.map((id) => [10 * round + 3, update(id, round, times)] as const),
    ]),
    [1000, finished()],
  );
  await otelEmitter({ tracerProvider }).write(events, NEVER);
  const reports = spanExporter.getFinishedSpans().filter(({ name }) => /^(client|assign|train|upload)$/.test(name));
  expect(reports).toHaveLength(4 * rounds.length * (clients.length + late.length));
});

it("loses no log record of many, though the provider's queue is smaller", async () => {
  const exporter = new InMemoryLogRecordExporter();
  const loggerProvider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] });
  onTestFinished(() => loggerProvider.shutdown());
  const lost = Array.from({ length: 5000 }, (_, i) => [i / 100, dropout(`client-${i}`, 1)] as const);
  const events = eventsOf([0, init()], ...lost, [100, finished()]);
  expect(await otelEmitter({ loggerProvider }).write(events, NEVER)).toEqual({ status: "delivered" });
  expect(exporter.getFinishedLogRecords()).toHaveLength(events.length);
});

it("says so when one event makes more than an SDK's queue holds", async () => {
  const { loggerProvider } = providers();
  const clients = Array.from({ length: 2049 }, (_, i) => ({ client_id: `client-${i}` }));
  const said: string[] = [];
  const emitter = otelEmitter({ loggerProvider, onDiagnostic: (message) => said.push(message) });
  await emitter.write(eventsOf([0, dropout("", 1, { clients })], [1, dropout("", 2, { clients })]), NEVER);
  expect(said).toEqual([expect.stringMatching(/2049 log records.*maxQueueSize/)]);
});

it("counts as refused what a provider could not send", async () => {
  const exporter = new InMemorySpanExporter();
  exporter.export = (_spans, onResult) => onResult({ code: 1, error: new Error("no way there") });
  const tracerProvider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
  onTestFinished(() => tracerProvider.shutdown().catch(() => undefined));
  const updates = Array.from({ length: 40 }, (_, i) => [1, update(`client-${i}`, 1)] as const);
  const events = eventsOf([0, init()], ...updates, [2, roundEnd(1)]);
  const emitter = otelEmitter({ tracerProvider });
  expect(await emitter.write(events, NEVER)).toEqual({
    status: "delivered",
    refused: 42,
    reason: expect.stringContaining("the provider of spans could not send all: no way there"),
  });
  expect(await emitter.write(eventsOf([3, finished()]), NEVER)).toMatchObject({ refused: 1 });
});

it("tells of metrics that could not be sent at a run's end", async () => {
  const { meterProvider } = providers();
  meterProvider.forceFlush = () => Promise.reject(new Error("no way there"));
  expect(await otelEmitter({ meterProvider }).write(recordedStream("complete"), NEVER)).toEqual({
    status: "delivered",
    refused: 1,
    reason: expect.stringContaining("the provider of metrics could not send all: no way there"),
  });
});

it("tells nothing again that was told before a restart", async () => {
  const { meterProvider, tracerProvider, loggerProvider, ...sent } = providers();
  const stream = recordedStream("complete");
  const emitter = otelEmitter({ meterProvider, tracerProvider, loggerProvider });
  await emitter.recall?.(stream.slice(0, -1));
  await emitter.write(stream.slice(-1), NEVER);
  const names = sent.metricsOf().map(({ descriptor }) => descriptor.name);
  expect(names).not.toContain("hivewatch.rounds");
});

it("changes nothing global", async () => {
  const before = [trace.getTracerProvider(), metrics.getMeterProvider(), logs.getLoggerProvider()];
  const emitter = otelEmitter({ endpoint: "http://127.0.0.1:9", signals: ["metrics", "traces", "logs"] });
  await emitter.write(recordedStream("complete"), AbortSignal.abort());
  await emitter.finish?.();
  expect([trace.getTracerProvider(), metrics.getMeterProvider(), logs.getLoggerProvider()]).toEqual(before);
  expect(trace.setGlobalTracerProvider(new TracerProvider())).toBe(true);
  trace.disable();
  expect(propagation.fields()).toEqual([]);
  expect(diag.setLogger({ error() {}, warn() {}, info() {}, debug() {}, verbose() {} })).toBe(true);
  diag.disable();
});
