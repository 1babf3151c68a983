import { setTimeout as sleep } from "node:timers/promises";
import { parseEvent, type Run } from "@hivewatch/core";
import { otelEmitter } from "@hivewatch/emitter-otel";
import {
  type Collector,
  isSoak,
  needReceiver,
  newSeed,
  type OtlpContent,
  randomFrom,
  soak,
  startCollector,
  startHivewatch,
  syntheticRun,
  temporaryFolder,
  until,
} from "@hivewatch/test-support";
import { expect, onTestFinished, type TestContext, test, vi } from "vitest";
import { startCuttingProxy } from "./support/cutting-proxy.ts";
import { startFaultyReceiver, startStallingWay } from "./support/faulty-receiver.ts";
import { startKnownRun } from "./support/known-run.ts";
import { endpointOf, PROTOCOLS, type Protocol } from "./support/otel.ts";
import { startTraining } from "./support/training.ts";

const CLIENTS = 5;

/** A run of which a receiver is told. */
function startRun(endpoint: string, protocol: Protocol = "http/protobuf") {
  // So that what never answers is given up soon.
  vi.stubEnv("OTEL_EXPORTER_OTLP_TIMEOUT", "500");
  onTestFinished(() => void vi.unstubAllEnvs());
  const known = startKnownRun(otelEmitter({ endpoint, protocol }), logKnownRound);
  return {
    ...known,
    /** Ends it, and checks that a collector has all of it. */
    async expectAll(collector: Collector): Promise<void> {
      expect(await known.run.finish({ timeoutMs: 120_000 }), known.said()).toBe(true);
      await collector.stop();
      expectKnownRounds(await collector.received(), known.rounds());
    },
  };
}

function logKnownRound(run: Run, round: number): void {
  run.roundStart(round);
  for (let client = 0; client < CLIENTS; client++) {
    run.logClientUpdate(`client-${client}`, { round, local_loss: round + client / 10, num_samples: 10 });
  }
  run.logDropout(round, "client-x", "gone");
  run.logRound(round, { global_loss: round / 2 });
}

/**
 * Checks that all of some known rounds is there. What was sent and not confirmed may be there again, and late, and is then
 * the same.
 */
function expectKnownRounds(content: OtlpContent, rounds: number): void {
  const all = Array.from({ length: rounds }, (_, round) => round);
  const points = content.points.toSorted((a, b) => Number(a.time - b.time));
  const losses = points.filter(
    ({ name, attributes }) => name === "hivewatch.model.loss" && attributes["hivewatch.evaluation.source"] === "server",
  );
  expect([...new Set(losses.map(({ value }) => value))]).toEqual(all.map((round) => round / 2));
  const updates = points.filter(({ name }) => name === "hivewatch.client.updates");
  expect(updates.at(-1)?.value).toBe(rounds * CLIENTS);
  const histograms = points.filter(({ name }) => name === "hivewatch.client.loss");
  expect(histograms.at(-1)?.histogram?.count).toBe(rounds * CLIENTS);
  const spans = new Map(content.spans.map((span) => [`${span.traceId} ${span.spanId}`, span]));
  const named = (wanted: string) => [...spans.values()].filter(({ name }) => name === wanted);
  const told = named("round").map(({ attributes }) => Number(attributes["hivewatch.round"]));
  expect(told.toSorted((a, b) => a - b)).toEqual(all);
  expect(named("client")).toHaveLength(rounds * (CLIENTS + 1));
  expect(named("run")).toHaveLength(1);
  const dropouts = content.logs.filter(({ eventName }) => eventName === "hivewatch.client.dropout");
  expect(new Set(dropouts.map(({ attributes }) => attributes["hivewatch.round"]))).toEqual(new Set(all));
}

function collectorFor(context: TestContext): Promise<Collector> {
  return startCollector(needReceiver("collector", context));
}

test.for(PROTOCOLS)("while the collector is away all waits, over %s", async (protocol, context) => {
  const collector = await collectorFor(context);
  const run = startRun(endpointOf(collector, protocol), protocol);
  run.logRound();
  await run.answered();
  await collector.stop();
  run.logRound();
  await until("word of it", () => run.said().includes("127.0.0.1"));
  run.logRound();
  const again = await collector.restart();
  await run.answered();
  expect(run.stats()).toMatchObject({ refused: 0, dropped: 0 });
  run.logRound();
  await run.expectAll(again);
});

test.for(PROTOCOLS)(
  "a receiver that takes connections and never answers holds nothing up for ever, over %s",
  async (protocol, context) => {
    const collector = await collectorFor(context);
    const way = await startStallingWay(endpointOf(collector, protocol));
    const run = startRun(way.url, protocol);
    run.logRound();
    await until("word of it", () => run.said() !== "");
    way.heal();
    run.logRound();
    await run.expectAll(collector);
  },
);

test.for(PROTOCOLS)(
  "a collector that stops in the middle of a run holds it up, and nothing is lost, over %s",
  async (protocol, context) => {
    const collector = await collectorFor(context);
    const run = startRun(endpointOf(collector, protocol), protocol);
    run.logRound();
    await run.answered();
    collector.program.signal("SIGSTOP");
    run.logRound();
    await until("word of it", () => run.said() !== "");
    run.logRound();
    collector.program.signal("SIGCONT");
    await run.expectAll(collector);
    expect(run.stats()).toMatchObject({ refused: 0, dropped: 0 });
  },
);

test.for([429, 500, 502, 503, 504])("what is answered with HTTP %i is sent again", async (status, context) => {
  const collector = await collectorFor(context);
  const receiver = await startFaultyReceiver(collector.http);
  receiver.become({ status, headers: { "retry-after": "1" } });
  const run = startRun(receiver.url);
  run.logRound();
  await until("a request", () => receiver.requests.length > 2);
  receiver.become("take");
  await run.expectAll(collector);
});

test.for([
  [400, /400/],
  [404, /404.*(endpoint|OTEL_EXPORTER_OTLP_ENDPOINT)/is],
  [413, /413/],
] as const)(
  "what is answered with HTTP %i is counted and told of, and what follows is sent",
  async ([status, reason], context) => {
    const collector = await collectorFor(context);
    const receiver = await startFaultyReceiver(collector.http);
    receiver.become({ status });
    const run = startRun(receiver.url);
    run.logRound();
    await run.answered();
    expect(run.stats()?.refused).toBeGreaterThan(0);
    expect(run.said()).toMatch(reason);
    receiver.become("take");
    run.logRound();
    expect(await run.run.finish({ timeoutMs: 120_000 })).toBe(false);
    await collector.stop();
    const { points, spans, logs } = await collector.received();
    // What accumulates has all, whatever became of the first round.
    const updates = points.filter(({ name }) => name === "hivewatch.client.updates");
    expect(updates.at(-1)?.value).toBe(2 * CLIENTS);
    const rounds = spans.filter(({ name }) => name === "round").map(({ attributes }) => attributes["hivewatch.round"]);
    expect(rounds).toContain(1);
    expect(logs.length).toBeGreaterThan(0);
  },
);

test.for(PROTOCOLS)(
  "requests that are too large for a collector are sent in smaller ones, over %s",
  async (protocol, context) => {
    const collector = await startCollector(needReceiver("collector", context), { maxMessageMiB: 1 });
    vi.stubEnv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "20000");
    onTestFinished(() => void vi.unstubAllEnvs());
    const events = [...syntheticRun({ runId: "large-requests", clients: 500, rounds: 10, seed: 17 })].map(parseEvent);
    const emitter = otelEmitter({ endpoint: endpointOf(collector, protocol), protocol });
    expect(await emitter.write(events, AbortSignal.timeout(60_000))).toEqual({ status: "delivered" });
    await emitter.finish?.();
    await collector.stop();
    const { spans } = await collector.received();
    const told = events.filter(({ event_type: type }) => /^(client_update|client_dropout|comm_failure)$/.test(type));
    expect(spans.filter(({ name }) => name === "client")).toHaveLength(told.length);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  },
);

test("what a receiver wants other credentials for is kept, and sent when it has been told to take it", async (context) => {
  const collector = await collectorFor(context);
  const receiver = await startFaultyReceiver(collector.http);
  receiver.become({ status: 401 });
  const run = startRun(receiver.url);
  run.logRound();
  await until("word of it", () => /401.*OTEL_EXPORTER_OTLP_HEADERS/s.test(run.said()));
  expect(run.stats()).toMatchObject({ refused: 0, delivered: 0 });
  receiver.become("take");
  // It asks again after half a minute.
  if (isSoak) await run.expectAll(collector);
});

test.for(["metrics", "traces", "logs"])(
  "what a receiver takes in part of %s is counted and told of",
  async (signal, context) => {
    const collector = await collectorFor(context);
    const receiver = await startFaultyReceiver(collector.http);
    const run = startRun(receiver.url, "http/json");
    const rejected =
      { metrics: "rejectedDataPoints", traces: "rejectedSpans", logs: "rejectedLogRecords" }[signal] ?? "";
    const partial = JSON.stringify({ partialSuccess: { [rejected]: "2", errorMessage: "out of quota" } });
    receiver.become((path) =>
      path === `/v1/${signal}`
        ? { status: 200, body: partial, headers: { "content-type": "application/json" }, isTaken: true }
        : "take",
    );
    run.logRound();
    await run.answered();
    expect(run.stats()?.refused).toBeGreaterThan(0);
    expect(run.said()).toMatch(/out of quota/);
    expect(receiver.requests).toContain(`/v1/${signal}`);
  },
);

test("behind a way on which connections are cut at random, all arrives", async (context) => {
  const collector = await collectorFor(context);
  const proxy = await startCuttingProxy(collector.http, randomFrom(newSeed()), 4);
  const run = startRun(proxy.url);
  // What waited for a cut goes on in one request: so there may be few of them.
  while (run.rounds() < soak(20, 500) || proxy.cuts < 3) {
    run.logRound();
    // So that there are many requests.
    await sleep(20);
  }
  proxy.heal();
  await run.expectAll(collector);
});

test("killed again and again, a bridge goes on with what it has counted", async (context) => {
  const collector = await collectorFor(context);
  const random = randomFrom(newSeed());
  const runsDir = await temporaryFolder();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.http };
  let hivewatch = await startHivewatch({ runsDir, args: ["--emit", "otel"], env });
  const run = startTraining(hivewatch.grpc, { maxQueue: Number.POSITIVE_INFINITY });
  const arrived = (round: number) =>
    until(`round ${round} at the collector`, async () => {
      const { spans } = await collector.received();
      return spans.some(({ name, attributes }) => name === "round" && attributes["hivewatch.round"] === round);
    });
  let rounds = 0;
  for (let kill = 0; kill < soak(3, 50); kill++) {
    logKnownRound(run, rounds++);
    logKnownRound(run, rounds++);
    // At the latest when all is sent, or in the middle of it.
    if (random.below(2) === 0) await arrived(rounds - 1);
    else await arrived(rounds - 2);
    await hivewatch.kill();
    hivewatch = await hivewatch.restart();
  }
  expect(await run.finish({ timeoutMs: 60_000 })).toBe(true);
  await until("the run's end", async () => (await collector.received()).spans.some(({ name }) => name === "run"));
  await hivewatch.stop();
  await collector.stop();
  expectKnownRounds(await collector.received(), rounds);
});
