import { ValueType } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import type { DataPoint, MetricData, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { HistogramValue } from "../metrics/exponential-histogram.ts";
import { ATTRIBUTES, type Instrument } from "../metrics/instruments.ts";
import type { Point } from "../metrics/series.ts";
import { hrTime } from "../values.ts";
import { SCOPE } from "./scope.ts";

type Sdk = typeof import("@opentelemetry/sdk-metrics");

/** What all points of a run have in common. */
export interface MetricFrame {
  readonly sdk: Sdk;
  readonly resource: Resource;
  readonly runId: string;
  isDelta(kind: Instrument["kind"]): boolean;
}

/** Points, in the form that exporters take. */
export function metricsOf(points: readonly Point[], frame: MetricFrame): ResourceMetrics {
  const byInstrument = new Map<Instrument, Point[]>();
  for (const point of points) {
    const known = byInstrument.get(point.instrument);
    if (known === undefined) byInstrument.set(point.instrument, [point]);
    else known.push(point);
  }
  const metrics = [...byInstrument].map(([instrument, group]) => metricOf(instrument, group, frame));
  return { resource: frame.resource, scopeMetrics: [{ scope: SCOPE, metrics }] };
}

function metricOf(instrument: Instrument, points: readonly Point[], { sdk, runId, isDelta }: MetricFrame): MetricData {
  const { name, unit, description, kind } = instrument;
  const { DELTA, CUMULATIVE } = sdk.AggregationTemporality;
  const base = {
    descriptor: { name, unit, description, valueType: ValueType.DOUBLE },
    aggregationTemporality: isDelta(kind) ? DELTA : CUMULATIVE,
  };
  const { EXPONENTIAL_HISTOGRAM, GAUGE, SUM } = sdk.DataPointType;
  if (kind === "histogram") {
    const dataPoints = points.flatMap((point) =>
      typeof point.value === "number" ? [] : [dataPointOf<HistogramValue>(point, point.value, runId)],
    );
    return { ...base, dataPointType: EXPONENTIAL_HISTOGRAM, dataPoints };
  }
  const dataPoints = points.flatMap((point) =>
    typeof point.value === "number" ? [dataPointOf(point, point.value, runId)] : [],
  );
  return kind === "gauge"
    ? { ...base, dataPointType: GAUGE, dataPoints }
    : { ...base, dataPointType: SUM, isMonotonic: true, dataPoints };
}

function dataPointOf<T>({ labels, startMicros, micros }: Point, value: T, runId: string): DataPoint<T> {
  return {
    startTime: hrTime(startMicros),
    endTime: hrTime(micros),
    attributes: { [ATTRIBUTES.runId]: runId, ...labels },
    value,
  };
}
