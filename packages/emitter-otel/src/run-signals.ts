import type { HiveEvent } from "@hivewatch/core";
import type { Attributes, Context, SpanContext } from "@opentelemetry/api";

/** What makes one signal (spans, or log records) of a run's events, in the log's order. */
export interface SignalWriter {
  /**
   * Takes the next event. What it makes of it is made when it returns: spans have ended, records are emitted. The same
   * event never comes twice, and it throws nothing.
   */
  take(event: HiveEvent): void;
  /** Takes an event that was delivered before a restart: it is remembered as far as later ones need it, and nothing is made. */
  recall(event: HiveEvent): void;
}

/**
 * Makes spans: `createTraceWriter({ runId, tracer, ids, limits, say })` of traces/, where `ids` is what the tracer's provider
 * asks for ids, undefined where the provider is somebody else's. It is handed each event before the one that makes log
 * records is: `createLogWriter({ runId, logger, contextOf })` of logs/.
 */
export interface TraceWriter extends SignalWriter {
  /**
   * The span to which a log record of a round belongs; without a round, that of the run. Undefined: there is no such span,
   * and never will be.
   */
  contextOf(round: number | null | undefined): SpanContext | undefined;
}

/** How many spans a round may have. */
export interface TraceLimits {
  /** Of more clients in a round only the slowest, the failed and a sample have spans. */
  readonly maxClientSpans: number;
}

/** What the own pipeline's tracer provider asks for ids, and what the trace writer tells which ones to give. */
export interface IdSource {
  generateTraceId(): string;
  generateSpanId(): string;
}

/** A log record, as far as one is filled in here. The logs API's, whichever line of it is installed. */
export interface LogRecordLike {
  eventName: string;
  /** Milliseconds since 1970, or seconds and nanoseconds. */
  timestamp: number | [seconds: number, nanoseconds: number];
  severityNumber: number;
  severityText: string;
  body: string;
  attributes: Attributes;
  /** Undefined: the record belongs to no span. */
  context?: Context;
}

/** What is needed of a logger: that of `@opentelemetry/api-logs`, and of `@opentelemetry/api` from 1.10 on. */
export interface LoggerLike {
  emit(record: LogRecordLike): void;
}
