import { parseMetrics, sampleOf } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import type { MetricFamily } from "../src/index.ts";
import { metricsText } from "../src/metrics/metrics-text.ts";

const NASTY = 'a "quoted" \\ back\\nslash\nand a line, {le="0"} é';

function family(changes: Partial<MetricFamily> = {}): MetricFamily {
  return {
    name: "hivewatch.bridge.ingest.io",
    kind: "counter",
    unit: "By",
    description: "Bytes that came",
    points: [{ attributes: {}, value: 7 }],
    ...changes,
  };
}

test.each([
  ["hivewatch.bridge.ingest.io", "counter", "By", "hivewatch_bridge_ingest_io_bytes_total"],
  ["hivewatch.bridge.ingest.events", "counter", "{event}", "hivewatch_bridge_ingest_events_total"],
  ["hivewatch.x.active", "counter", "s", "hivewatch_x_active_seconds_total"],
  ["hivewatch.x.age", "gauge", "s", "hivewatch_x_age_seconds"],
  ["hivewatch.x.seconds", "gauge", "s", "hivewatch_x_seconds"],
  ["hivewatch.x.utilization", "gauge", "1", "hivewatch_x_utilization_ratio"],
  ["hivewatch.x.share", "counter", "1", "hivewatch_x_share_total"],
  ["hivewatch.memory.rss", "upDownCounter", "By", "hivewatch_memory_rss_bytes"],
  ["9.lives-left", "gauge", "{life}", "_9_lives_left"],
] as const)("OpenTelemetry's rules name %s, a %s in %s, %s", (name, kind, unit, expected) => {
  const families = parseMetrics(metricsText([family({ name, kind, unit })], "prometheus"));
  expect([...families.keys()]).toEqual([expected]);
  expect(sampleOf(families, expected)).toBe(7);
});

test("a text in Prometheus's own form", () => {
  const points = [
    { attributes: { "hivewatch.batch.outcome": "stored" }, value: 2 },
    { attributes: { "hivewatch.batch.outcome": "gap" }, value: 0 },
  ];
  const gauge = family({ name: "hivewatch.lag", kind: "gauge", unit: "s", description: "Behind" });
  expect(
    metricsText([family({ points }), gauge], "prometheus"),
  ).toBe(`# HELP hivewatch_bridge_ingest_io_bytes_total Bytes that came
# TYPE hivewatch_bridge_ingest_io_bytes_total counter
hivewatch_bridge_ingest_io_bytes_total{hivewatch_batch_outcome="stored"} 2
hivewatch_bridge_ingest_io_bytes_total{hivewatch_batch_outcome="gap"} 0
# HELP hivewatch_lag_seconds Behind
# TYPE hivewatch_lag_seconds gauge
hivewatch_lag_seconds 7
`);
});

test("the same as OpenMetrics", () => {
  expect(metricsText([family()], "openmetrics")).toBe(`# HELP hivewatch_bridge_ingest_io_bytes Bytes that came
# TYPE hivewatch_bridge_ingest_io_bytes counter
# UNIT hivewatch_bridge_ingest_io_bytes bytes
hivewatch_bridge_ingest_io_bytes_total 7
# EOF
`);
});

test.each(["prometheus", "openmetrics"] as const)("a histogram in %s: each bucket holds those below it", (format) => {
  const value = { bounds: [0.001, 0.5, 2, 10], counts: [1, 0, 3, 2, 4], sum: 12.5 };
  const histogram = family({
    name: "hivewatch.ack.duration",
    kind: "histogram",
    unit: "s",
    points: [{ attributes: { a: "b" }, value }],
  });
  const families = parseMetrics(metricsText([histogram], format), format === "openmetrics");
  const bucket = (le: string): number => sampleOf(families, "hivewatch_ack_duration_seconds_bucket", { a: "b", le });
  expect(["0.001", "0.5", "2.0", "10.0", "+Inf"].map(bucket)).toEqual([1, 1, 4, 6, 10]);
  expect(sampleOf(families, "hivewatch_ack_duration_seconds_sum", { a: "b" })).toBe(12.5);
  expect(sampleOf(families, "hivewatch_ack_duration_seconds_count", { a: "b" })).toBe(10);
});

test.each(["prometheus", "openmetrics"] as const)(
  "whatever a label or a description says, %s keeps its form",
  (format) => {
    const points = [{ attributes: { "some.key": NASTY }, value: 1 }];
    const families = parseMetrics(
      metricsText([family({ description: NASTY, points })], format),
      format === "openmetrics",
    );
    expect(sampleOf(families, "hivewatch_bridge_ingest_io_bytes_total", { some_key: NASTY })).toBe(1);
    expect([...families.values()].map(({ help }) => help)).toEqual([NASTY]);
  },
);

test("numbers that are none, and large and small ones, are told as Prometheus reads them", () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e21, 1.5e-7, -0.25];
  const points = values.map((value, i) => ({ attributes: { i: String(i) }, value }));
  const families = parseMetrics(metricsText([family({ kind: "gauge", points })], "prometheus"));
  expect([...families.values()].flatMap(({ samples }) => samples.map(({ value }) => value))).toEqual(values);
});

test("what has no values is left out", () => {
  expect(metricsText([family({ points: [] })], "prometheus")).toBe("");
  expect(metricsText([family({ points: [] })], "openmetrics")).toBe("# EOF\n");
});
