import { newSeed, randomFrom } from "@hivewatch/test-support";
import {
  AggregationTemporality,
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { expect, it } from "vitest";
import { createExponentialHistogram, type HistogramValue } from "../src/metrics/exponential-histogram.ts";

/** What OpenTelemetry's own SDK makes of values. */
async function bySdk(values: Iterable<number>): Promise<HistogramValue> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter });
  const aggregation = { type: AggregationType.EXPONENTIAL_HISTOGRAM } as const;
  const provider = new MeterProvider({ readers: [reader], views: [{ instrumentName: "h", aggregation }] });
  const histogram = provider.getMeter("test").createHistogram("h");
  for (const value of values) histogram.record(value);
  await provider.forceFlush();
  const [first] = exporter.getMetrics();
  await provider.shutdown();
  const value: unknown = first?.scopeMetrics[0]?.metrics[0]?.dataPoints[0]?.value;
  return JSON.parse(JSON.stringify(value));
}

function ours(...batches: readonly (readonly number[])[]): HistogramValue {
  const histogram = createExponentialHistogram();
  for (const batch of batches) histogram.add(Float64Array.from(batch));
  return histogram.value();
}

/** Which bucket holds how many: without those at the ends that hold none. */
function counts({ offset, bucketCounts }: HistogramValue["positive"]): [number, number][] {
  return bucketCounts.flatMap((count, i): [number, number][] => (count === 0 ? [] : [[offset + i, count]]));
}

function comparable({ positive, negative, sum, ...rest }: HistogramValue) {
  return { ...rest, positive: counts(positive), negative: counts(negative), sum: Number(sum.toPrecision(9)) };
}

it.each([
  ["one value", () => [42]],
  ["values far apart", () => [1e-300, 1, 1e300]],
  ["zeros", () => [0, 0, 1]],
  ["zeros alone", () => [0, 0]],
  ["powers of two, which are the upper ends of buckets", () => Array.from({ length: 80 }, (_, i) => 2 ** (i - 40))],
  ["the smallest and the largest of full precision", () => [2.3e-308, Number.MAX_VALUE]],
])("counts as OpenTelemetry's SDK does: %s", async (_, make) => {
  const values = make();
  expect(comparable(ours(values))).toEqual(comparable(await bySdk(values)));
});

it("counts as OpenTelemetry's SDK does, in whatever batches the values come", async () => {
  const seed = newSeed();
  const random = randomFrom(seed);
  for (let turn = 0; turn < 40; turn++) {
    const spread = random.pick([0.001, 1, 10, 300]);
    const value = (): number => (random.below(10) === 0 ? 0 : Math.exp((random.below(2000) / 1000 - 1) * spread));
    const batches = Array.from({ length: 1 + random.below(5) }, () => Array.from({ length: random.below(50) }, value));
    const values = batches.flat();
    if (values.length === 0) continue;
    expect(comparable(ours(...batches)), `seed ${seed}, turn ${turn}`).toEqual(comparable(await bySdk(values)));
  }
});

it("counts negative values by their magnitude", () => {
  const { count, sum, min, max, negative, positive, zeroCount } = ours([-1, -2, -4, 3]);
  expect({ count, sum, min, max, zeroCount }).toEqual({ count: 4, sum: -4, min: -4, max: 3, zeroCount: 0 });
  expect(counts(negative).map(([, many]) => many)).toEqual([1, 1, 1]);
  expect(counts(positive)).toHaveLength(1);
});

it("leaves out what is no finite number, and is empty without any", () => {
  const empty = ours([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  expect(empty).toMatchObject({ count: 0, sum: 0, zeroCount: 0 });
  expect(empty.min).toBeUndefined();
  expect(ours([Number.NaN, 1], [Number.NaN]).count).toBe(1);
});

it("has a sum that every format can hold", () => {
  expect(ours([Number.MAX_VALUE, Number.MAX_VALUE], [Number.MAX_VALUE]).sum).toBe(Number.MAX_VALUE);
});

it("never has more than 160 buckets of a sign", () => {
  const { positive, negative } = ours(Array.from({ length: 4000 }, (_, i) => (i - 2000) ** 3));
  expect(Math.max(positive.bucketCounts.length, negative.bucketCounts.length)).toBeLessThanOrEqual(160);
});
