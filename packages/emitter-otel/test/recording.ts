import { type HiveEvent, parseEvent } from "@hivewatch/core";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { createIdSource } from "../src/ids.ts";
import { createLogWriter } from "../src/logs/log-writer.ts";
import { createTraceWriter } from "../src/traces/trace-writer.ts";

export const START = Date.parse("2026-01-01T00:00:00Z") / 1000;

export type Fields = Record<string, unknown>;

/** Events of a run, each so many seconds after its beginning. */
export function eventsOf(...events: readonly (readonly [second: number, Fields])[]): HiveEvent[] {
  return events.map(([second, fields]) =>
    parseEvent({ run_id: "r", timestamp: new Date((START + second) * 1000).toISOString(), ...fields }),
  );
}

export const init = (fields: Fields = {}): Fields => ({ event_type: "init", algorithm: "FedAvg", ...fields });
export const roundStart = (round: number, fields: Fields = {}): Fields => ({
  event_type: "round_start",
  round,
  ...fields,
});
export const roundEnd = (round: number, round_metrics: Fields = {}): Fields => ({
  event_type: "round_end",
  round,
  round_metrics,
});
export const update = (client_id: string, round: number | null, fields: Fields = {}): Fields => ({
  event_type: "client_update",
  round,
  clients: [{ client_id, ...fields }],
});
export const dropout = (client_id: string, round: number, fields: Fields = {}): Fields => ({
  event_type: "client_dropout",
  round,
  clients: [{ client_id }],
  reason: "power cut",
  ...fields,
});
export const failure = (client_id: string, round: number): Fields => ({
  event_type: "comm_failure",
  round,
  client_id,
  reason: "reset",
});
export const finished = (fields: Fields = {}): Fields => ({ event_type: "finished", ...fields });

export interface RecordingOptions {
  readonly maxClientSpans?: number;
  /** What the writers were told before a restart. */
  readonly recalled?: readonly HiveEvent[];
  /** Whether the provider has ids of its own. Default false. */
  readonly hasOtherIds?: boolean;
  readonly sampler?: Sampler;
}

export interface Recording {
  readonly spans: ReadableSpan[];
  readonly records: readonly ReadableLogRecord[];
  /** What the user was told. */
  readonly said: readonly string[];
}

/** What OpenTelemetry's own SDK makes of a run. */
export function record(events: Iterable<HiveEvent>, options: RecordingOptions = {}): Recording {
  const { maxClientSpans = 100, recalled = [], hasOtherIds = false, sampler } = options;
  const ids = createIdSource();
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
    ...(hasOtherIds ? {} : { idGenerator: ids }),
    ...(sampler === undefined ? {} : { sampler }),
  });
  const logs = new InMemoryLogRecordExporter();
  const loggers = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: logs })] });
  const limits = { maxClientSpans };
  const tracer = provider.getTracer("test");
  const said: string[] = [];
  const say = (message: string): void => void said.push(message);
  const traces = createTraceWriter({ runId: "r", tracer, ids: hasOtherIds ? undefined : ids, limits, say });
  const logger = createLogWriter({ runId: "r", logger: loggers.getLogger("test"), contextOf: traces.contextOf });
  for (const event of recalled) for (const writer of [traces, logger]) writer.recall(event);
  for (const event of events) for (const writer of [traces, logger]) writer.take(event);
  return { spans: exporter.getFinishedSpans(), records: logs.getFinishedLogRecords(), said };
}

/** The spans of one name. */
export function named(spans: readonly ReadableSpan[], name: string): ReadableSpan[] {
  return spans.filter((span) => span.name === name);
}

/** The one span of a name. */
export function only(spans: readonly ReadableSpan[], name: string): ReadableSpan {
  const [span, ...others] = named(spans, name);
  if (span === undefined || others.length > 0) throw new Error(`${named(spans, name).length} spans are called ${name}`);
  return span;
}

/** When a span began and ended, in seconds after the run's beginning. */
export function times({ startTime, endTime }: ReadableSpan): [start: number, end: number] {
  const seconds = ([whole, nanos]: readonly [number, number]): number =>
    Math.round((whole - START + nanos / 1e9) * 1e6) / 1e6;
  return [seconds(startTime), seconds(endTime)];
}

export function contextOf(span: ReadableSpan): [traceId: string, spanId: string] {
  const { traceId, spanId } = span.spanContext();
  return [traceId, spanId];
}

export function linksOf(span: ReadableSpan): [traceId: string, spanId: string][] {
  return span.links.map(({ context }) => [context.traceId, context.spanId]);
}

/** All that matters of spans, to compare. */
export function picture(spans: readonly ReadableSpan[]): unknown[] {
  return spans.map((span) => ({
    name: span.name,
    ids: contextOf(span),
    parent: span.parentSpanContext?.spanId,
    start: span.startTime,
    end: span.endTime,
    attributes: span.attributes,
    status: span.status,
    links: linksOf(span),
  }));
}
