import { isSoak, needReceiver, startCollector, startJaeger, startPrometheus, until } from "@hivewatch/test-support";
import { expect, test } from "vitest";

// That what the other tests measure by measures right.

const SECOND = 1_000_000_000n;
const NOW = BigInt(Date.now()) * 1_000_000n;
const resource = { attributes: [{ key: "service.name", value: { stringValue: "receivers" } }] };
const TRACE_ID = "0123456789abcdef0123456789abcdef";
const SPAN_ID = "0123456789abcdef";

const metrics = {
  resourceMetrics: [
    {
      resource,
      scopeMetrics: [
        {
          scope: { name: "test" },
          metrics: [
            {
              name: "a.gauge",
              unit: "s",
              gauge: { dataPoints: [{ asDouble: 1.5, timeUnixNano: String(NOW), attributes: [] }] },
            },
            {
              name: "a.histogram",
              unit: "By",
              exponentialHistogram: {
                aggregationTemporality: 2,
                dataPoints: [
                  {
                    startTimeUnixNano: String(NOW - SECOND),
                    timeUnixNano: String(NOW),
                    count: "4",
                    sum: 9,
                    scale: 0,
                    zeroCount: "1",
                    positive: { offset: 0, bucketCounts: ["1", "2"] },
                    negative: { offset: 0, bucketCounts: [] },
                  },
                ],
              },
            },
          ],
        },
      ],
    },
  ],
};
const traces = {
  resourceSpans: [
    {
      resource,
      scopeSpans: [
        {
          scope: { name: "test" },
          spans: [
            {
              name: "a span",
              traceId: TRACE_ID,
              spanId: SPAN_ID,
              kind: 1,
              startTimeUnixNano: String(NOW - SECOND),
              endTimeUnixNano: String(NOW),
              status: { code: 2, message: "broken" },
            },
          ],
        },
      ],
    },
  ],
};

async function send(url: string, body: unknown): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  expect(response.status, await response.text()).toBe(200);
}

test("a collector keeps what it has taken, over a restart", async (context) => {
  const collector = await startCollector(needReceiver("collector", context));
  await send(`${collector.http}/v1/metrics`, metrics);
  expect(await collector.stop()).toMatchObject({ code: 0 });
  const again = await collector.restart();
  expect(again.http).toBe(collector.http);
  await send(`${again.http}/v1/traces`, traces);
  await again.stop();
  const { points, spans, logs } = await again.received();
  expect(points).toMatchObject([
    { name: "a.gauge", unit: "s", kind: "gauge", value: 1.5, time: NOW, resource: { "service.name": "receivers" } },
    { name: "a.histogram", kind: "exponentialHistogram", temporality: "cumulative", startTime: NOW - SECOND },
  ]);
  expect(points[1]?.histogram).toEqual({
    count: 4,
    sum: 9,
    min: undefined,
    max: undefined,
    scale: 0,
    zeroCount: 1,
    positive: { offset: 0, counts: [1, 2] },
    negative: { offset: 0, counts: [] },
  });
  expect(spans).toMatchObject([
    { name: "a span", traceId: TRACE_ID, spanId: SPAN_ID, endTime: NOW, status: 2, statusMessage: "broken" },
  ]);
  expect(logs).toEqual([]);
});

test("Prometheus takes OTLP, and answers for a gauge and a histogram", async (context) => {
  const prometheus = await startPrometheus(needReceiver("prometheus", context));
  await send(`${prometheus.otlp}/v1/metrics`, metrics);
  const [gauge] = await until("the gauge", async () => {
    const found = await prometheus.query("a_gauge_seconds");
    return found.length > 0 && found;
  });
  expect(gauge).toMatchObject({ labels: { job: "receivers" }, points: [{ value: 1.5 }] });
  expect(await prometheus.query("a_histogram_bytes")).toMatchObject([
    { points: [{ histogram: { count: 4, sum: 9 } }] },
  ]);
  const [median] = await prometheus.query("histogram_quantile(0.5, a_histogram_bytes)");
  expect(median?.points[0]?.value).toBeGreaterThan(1);
  expect(median?.points[0]?.value).toBeLessThanOrEqual(4);
  await expect(prometheus.query("not ( a query")).rejects.toThrow(/parse error/);
});

if (isSoak) testJaeger();

function testJaeger(): void {
  test("Jaeger finds a trace that it was sent", async (context) => {
    const jaeger = await startJaeger(needReceiver("jaeger", context));
    await send(`${jaeger.http}/v1/traces`, traces);
    const [found] = await until("the trace", async () => {
      const traces = await jaeger.ask(`traces/${TRACE_ID}`);
      return traces.length > 0 && traces;
    });
    expect(found).toMatchObject({ traceID: TRACE_ID, spans: [{ operationName: "a span", duration: 1_000_000 }] });
  });
}
