import type { HistogramData } from "@hivewatch/core";

/**
 * What a metric is, in OpenTelemetry's words: a counter only grows, an up-down counter can be added up over its
 * attributes, a gauge can't.
 */
export type MetricKind = "counter" | "upDownCounter" | "gauge" | "histogram";

/** One value of a metric. */
export interface MetricPoint {
  /** By OpenTelemetry's names: `hivewatch.thread.name`. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly value: number | HistogramData;
}

/** A metric with its values. */
export interface MetricFamily {
  /** OpenTelemetry's: `hivewatch.bridge.ingest.io`. */
  readonly name: string;
  readonly kind: MetricKind;
  /** In UCUM: `s`, `By`, `{event}`, `1`. */
  readonly unit: string;
  readonly description: string;
  readonly points: readonly MetricPoint[];
}
