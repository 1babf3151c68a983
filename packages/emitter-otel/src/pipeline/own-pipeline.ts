import { TraceFlags } from "@opentelemetry/api";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { Environment } from "../environment.ts";
import { createIdSource, type ToldIdSource } from "../ids.ts";
import type { Instrument } from "../metrics/instruments.ts";
import { createSeries, type Point } from "../metrics/series.ts";
import type { Settings, SignalRoute } from "../options.ts";
import type { Signal } from "../signals.ts";
import { type AnswerListener, watchAnswers } from "./answers.ts";
import { type Channel, createChannel } from "./channel.ts";
import { openLogExporter, openMetricExporter, openSpanExporter } from "./exporters.ts";
import { metricsOf } from "./metric-data.ts";
import type { Pipeline } from "./pipeline.ts";
import { type RunFacts, resourceOf } from "./resource.ts";
import { SCOPE } from "./scope.ts";
import { type Exporter, loadPart } from "./sdk.ts";
import { logLimitsOf, samplerOf, spanLimitsOf } from "./trace-settings.ts";

export interface OwnPipelineOptions extends Pick<Settings, "routes" | "headers" | "resource" | "say"> {
  readonly facts: RunFacts;
  readonly env: Environment;
}

/** What one signal adds to a pipeline. */
interface Part extends Partial<Pick<Pipeline, "sink" | "tracer" | "logger">> {
  readonly channel: Pick<Channel<never>, "flush" | "close">;
}

/**
 * Opens a pipeline for one run. Nothing is queued, batched or dropped on the way: what a batch of events becomes is
 * collected, sent, and answered for.
 *
 * @throws HiveWatchError `usage` if a part of OpenTelemetry isn't installed
 */
export async function openOwnPipeline(options: OwnPipelineOptions): Promise<Pipeline> {
  let isUnsent = false;
  const ids = createIdSource();
  const setup: Setup = { ...options, ids, isUnsent: () => isUnsent };
  const parts = await loadPart(() => Promise.all(options.routes.map((route) => OPENERS[route.signal](route, setup))));

  return {
    sink: parts.find(({ sink }) => sink !== undefined)?.sink,
    tracer: parts.find(({ tracer }) => tracer !== undefined)?.tracer,
    logger: parts.find(({ logger }) => logger !== undefined)?.logger,
    ids,
    unsent(work) {
      isUnsent = true;
      work();
      isUnsent = false;
    },
    makeRoom: () => undefined,
    // All at once: they may go to different places, and one that is away must not hold up the others.
    flush: (signal) => Promise.all(parts.map(({ channel }) => channel.flush(signal))),
    async close() {
      await Promise.all(parts.map(({ channel }) => channel.close()));
    },
  };
}

interface Setup extends OwnPipelineOptions {
  readonly ids: ToldIdSource;
  /** Whether what is made now is not to be sent. */
  isUnsent(): boolean;
}

const OPENERS: Readonly<Record<Signal, (route: SignalRoute, setup: Setup) => Promise<Part>>> = {
  metrics: openMetrics,
  traces: openTraces,
  logs: openLogs,
};

async function openMetrics(route: SignalRoute, setup: Setup): Promise<Part> {
  const sdk = await import("@opentelemetry/sdk-metrics");
  const exporter = await openMetricExporter(route, setup.headers);
  const resource = await openResource(setup);
  const { COUNTER, GAUGE, HISTOGRAM } = sdk.InstrumentType;
  const types = { counter: COUNTER, gauge: GAUGE, histogram: HISTOGRAM };
  const isDelta = (kind: Instrument["kind"]): boolean =>
    exporter.selectAggregationTemporality?.(types[kind]) === sdk.AggregationTemporality.DELTA;
  const frame = { sdk, resource, runId: setup.facts.runId, isDelta };
  const channel = open<Point, Parameters<typeof exporter.export>[0]>(route, exporter, setup, (points) =>
    metricsOf(points, frame),
  );
  const sink = createSeries({
    isDelta,
    // JSON has no NaN, and the exporter writes null for it, which no receiver takes.
    takesNonFinite: route.protocol !== "http/json",
    onPoint: channel.push,
  });
  return { sink, channel };
}

async function openTraces(route: SignalRoute, setup: Setup): Promise<Part> {
  const sdk = await import("@opentelemetry/sdk-trace");
  const exporter = await openSpanExporter(route, setup.headers);
  const channel = open<ReadableSpan, ReadableSpan[]>(route, exporter, setup, (spans) => spans);
  const provider = new sdk.TracerProvider({
    resource: await openResource(setup),
    sampler: samplerOf(sdk, setup.env, setup.say),
    spanLimits: spanLimitsOf(setup.env),
    idGenerator: setup.ids,
    spanProcessors: [
      {
        onStart() {},
        onEnd(span) {
          if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) channel.push(span);
        },
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  });
  return { tracer: provider.getTracer(SCOPE.name), channel };
}

async function openLogs(route: SignalRoute, setup: Setup): Promise<Part> {
  const sdk = await import("@opentelemetry/sdk-logs");
  const exporter = await openLogExporter(route, setup.headers);
  const channel = open<ReadableLogRecord, ReadableLogRecord[]>(route, exporter, setup, (records) => records);
  const provider = new sdk.LoggerProvider({
    resource: await openResource(setup),
    logRecordLimits: logLimitsOf(setup.env),
    processors: [{ onEmit: channel.push, forceFlush: async () => {}, shutdown: async () => {} }],
  });
  return { logger: provider.getLogger(SCOPE.name), channel };
}

async function openResource({ facts, resource }: Setup) {
  return resourceOf(await import("@opentelemetry/resources"), facts, resource);
}

function open<T, E>(
  route: SignalRoute,
  exporter: Exporter<E>,
  { say, isUnsent }: Setup,
  wrap: (items: T[]) => E,
): Channel<T> {
  const watch = (listener: AnswerListener): boolean => watchAnswers(exporter, listener);
  const channel = createChannel<T, E>({ route, exporter, wrap, watch, say });
  return {
    ...channel,
    push(item) {
      if (!isUnsent()) channel.push(item);
    },
  };
}
