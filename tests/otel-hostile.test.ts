import { createRun } from "@hivewatch/core";
import { otelEmitter } from "@hivewatch/emitter-otel";
import { needReceiver, startCollector, startPrometheus } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { endpointOf, PROTOCOLS } from "./support/otel.ts";

/** What clients may call themselves and their fields, and say. */
const TEXTS = [
  "\ud800",
  "a\udfffb",
  "",
  " ",
  "\0",
  "line\nbreak",
  "🗼 東京",
  "__proto__",
  "x".repeat(256),
  '"}\\',
  "<script>alert(1)</script>",
];
const VALUES = [0, -0, 5e-324, -5e-324, 1.7e308, -1.7e308, Number.NaN, Number.POSITIVE_INFINITY, 1e-9, 2 ** 53, -1];

/** Logs a run of which everything that clients can choose is odd. */
async function logHostileRun(options: Parameters<typeof otelEmitter>[0]) {
  const said: string[] = [];
  const emitters = [otelEmitter({ perClient: 100, ...options })];
  const run = createRun({ algorithm: "\ud800", emitters, onDiagnostic: (message) => said.push(message) });
  for (let round = 0; round < 3; round++) {
    run.roundStart(round);
    for (const [i, text] of TEXTS.entries()) {
      const id = text === "" ? "unnamed" : text;
      const metrics = {
        local_loss: VALUES[i % VALUES.length],
        train_time_sec: -1,
        status: text,
        [text]: i,
        num_samples: 1e300,
        base_round: -1e300,
      };
      run.logClientUpdate(id, { round, ...metrics, network_latency_ms: VALUES[(i + round) % VALUES.length] });
      run.logDropout(round, id, text);
      run.logCheckpoint(round, `${text}/${round}`);
    }
    run.logRound(round, {
      global_loss: VALUES[round],
      [TEXTS[round] ?? ""]: 1,
      global_accuracy: Number.NEGATIVE_INFINITY,
    });
  }
  const isDelivered = await run.finish({ reason: "\ud800", status: "failed", timeoutMs: 60_000 });
  return { runId: run.runId, isDelivered, said: said.join("\n"), stats: run.stats[0] };
}

test.for(PROTOCOLS)(
  "whatever clients call themselves, and whatever they say, a collector takes it over %s",
  async (protocol, context) => {
    const collector = await startCollector(needReceiver("collector", context));
    const endpoint = endpointOf(collector, protocol);
    const { isDelivered, said, stats } = await logHostileRun({ endpoint, protocol });
    expect(isDelivered, said).toBe(true);
    expect(stats).toMatchObject({ refused: 0, dropped: 0 });
    await collector.stop();
    const { points, spans, logs } = await collector.received();
    expect(spans.filter(({ name }) => name === "client")).toHaveLength(3 * 2 * TEXTS.length);
    expect(logs.filter(({ eventName }) => eventName === "hivewatch.client.dropout")).toHaveLength(3 * TEXTS.length);
    const losses = points.filter(({ name }) => name === "hivewatch.client.loss");
    expect(losses.at(-1)?.histogram?.count).toBe(3 * VALUES.filter(Number.isFinite).length);
  },
);

test("and Prometheus takes its metrics", async (context) => {
  const prometheus = await startPrometheus(needReceiver("prometheus", context));
  const { isDelivered, said, runId } = await logHostileRun({ endpoint: prometheus.otlp, signals: ["metrics"] });
  expect(isDelivered, said).toBe(true);
  const [count] = await prometheus.query(`histogram_count(hivewatch_client_loss{hivewatch_run_id="${runId}"})`);
  expect(count?.points[0]?.value).toBe(3 * VALUES.filter(Number.isFinite).length);
});
