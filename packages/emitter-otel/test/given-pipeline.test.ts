import { recordedStream } from "@hivewatch/testkit";
import { diag, metrics, propagation, trace } from "@opentelemetry/api";
import { logs } from "@opentelemetry/api-logs";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, InMemorySpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { expect, it, onTestFinished } from "vitest";
import { otelEmitter } from "../src/index.ts";
import { eventsOf, finished, init, roundEnd, update } from "./recording.ts";

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
  const rounds = Array.from({ length: 20 }, (_, round) => round);
  const clients = Array.from({ length: 300 }, (_, i) => `client-${i}`);
  const events = eventsOf(
    [0, init()],
    ...rounds.flatMap((round) => [
      ...clients.map((id) => [10 * round + 1, update(id, round, { train_time_sec: 0.5 })] as const),
      [10 * round + 2, roundEnd(round)] as const,
    ]),
    [1000, finished()],
  );
  await otelEmitter({ tracerProvider }).write(events, NEVER);
  const reports = spanExporter.getFinishedSpans().filter(({ name }) => name === "client");
  expect(reports).toHaveLength(rounds.length * clients.length);
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
