import { cp, readdir } from "node:fs/promises";
import { join } from "node:path";
import { parseEvent } from "@hivewatch/core";
import { otelEmitter } from "@hivewatch/emitter-otel";
import {
  type Attributes,
  inRepository,
  list,
  needReceiver,
  type OtlpPoint,
  type OtlpSpan,
  runCommand,
  startCollector,
  startCommand,
  startHivewatch,
  temporaryFolder,
  until,
} from "@hivewatch/test-support";
import { expect, onTestFinished, test, vi } from "vitest";
import { fetchJson, readLines } from "./support/json.ts";
import { environment, expectRun, linesOf, PROTOCOLS, timedRun } from "./support/otel.ts";
import { expectLogs, expectMetrics, expectTraces } from "./support/otel-expected.ts";
import { expectTimes, type KnownReport, reportsOf } from "./support/otel-times.ts";
import { needFlower } from "./support/parts.ts";
import { startPythonClient } from "./support/python-client.ts";
import { startTraining } from "./support/training.ts";
import { logVariedRun } from "./support/varied-run.ts";
import { writeRun } from "./support/write-run.ts";

test.for(PROTOCOLS)(
  "what a run that is emitted over %s becomes at a collector is its log",
  async (protocol, context) => {
    const collector = await startCollector(needReceiver("collector", context));
    const runsDir = await temporaryFolder();
    const env = environment(collector, protocol);
    const hivewatch = await startHivewatch({ runsDir, args: ["--emit", "otel"], env });
    const flags = ["--pace", "max", "--rounds", "8", "--clients", "6", "--endpoint", hivewatch.grpc];
    const demo = await startCommand(["demo", ...flags]);
    expect(await demo.exited).toEqual({ code: 0, signal: null });
    const [listing] = list(await fetchJson(`${hivewatch.http}/runs`));
    const lines = await linesOf(runsDir, String(listing?.run_id));
    await until("the run's end", async () => (await collector.received()).spans.some(({ name }) => name === "run"));
    expect(await hivewatch.stop()).toMatchObject({ code: 0 });
    await collector.stop();
    expectRun(await collector.received(), lines);
  },
);

test("a saved run is sent by replay with its true times, and sent again it is the same", async (context) => {
  const collector = await startCollector(needReceiver("collector", context));
  const runsDir = await temporaryFolder();
  const runId = "saved-run";
  await writeRun(runsDir, runId, timedRun({ runId, clients: 40, rounds: 25, seed: 7 }));
  const env = environment(collector, "http/protobuf");
  const replay = (...flags: string[]) =>
    runCommand(["replay", runId, "--to", "otel", "--runs-dir", runsDir, ...flags], env);
  expect(await replay()).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^\d+ events of .* sent to otel\.$/m),
  });
  await collector.stop();
  const first = await collector.received();
  expectRun(first, await linesOf(runsDir, runId));
  const names = new Set(first.spans.map(({ name }) => name));
  expect([...names].sort()).toEqual(
    ["aggregate", "assign", "client", "round", "round summary", "run", "train", "upload"].sort(),
  );

  const again = await collector.restart();
  expect(await replay()).toMatchObject({ code: 0, stderr: expect.stringContaining("has all of") });
  expect(await replay("--again")).toMatchObject({ code: 0 });
  await again.stop();
  const both = await again.received();
  expect(both.points.slice(first.points.length)).toEqual(first.points);
  expect(both.spans.slice(first.spans.length)).toEqual(first.spans);
  // When a record was observed is the time at which it was sent.
  const sent = first.logs.map((record) => ({ ...record, observedTime: expect.anything() }));
  expect(both.logs.slice(first.logs.length)).toEqual(sent);
});

test("a run that goes on after its end is another attempt at it, also where a batch ends with its end", async (context) => {
  const collector = await startCollector(needReceiver("collector", context));
  const runsDir = await temporaryFolder();
  const runId = "goes-on";
  const first = [...timedRun({ runId, clients: 10, rounds: 60, seed: 23 })];
  // The emitter is handed 500 events at once.
  const life = [...first.slice(0, 499), first.at(-1) ?? {}];
  const next = [...timedRun({ runId, clients: 10, rounds: 3, seed: 29, startedAt: Date.UTC(2026, 0, 2) })];
  await writeRun(runsDir, runId, [...life, ...next]);
  const env = environment(collector, "grpc");
  expect(await runCommand(["replay", runId, "--to", "otel", "--runs-dir", runsDir], env)).toMatchObject({ code: 0 });
  await collector.stop();
  const { spans, points } = await collector.received();
  const runs = spans.filter(({ name }) => name === "run");
  expect(runs.map(({ attributes }) => attributes["hivewatch.run.attempt"])).toEqual([undefined, 2]);
  expect(runs[1]?.links).toMatchObject([{ spanId: runs[0]?.spanId }]);
  expect(new Set(spans.map(({ traceId, spanId }) => `${traceId} ${spanId}`)).size).toBe(spans.length);
  const updates = [...life, ...next].filter(({ event_type: type }) => type === "client_update").length;
  expect(points.findLast(({ name }) => name === "hivewatch.client.updates")?.value).toBe(updates);
});

/** In an order that doesn't depend on what came in one request. */
function sorted(points: readonly OtlpPoint[]): OtlpPoint[] {
  const keyOf = ({ time, name, attributes }: OtlpPoint): string => `${time} ${name} ${JSON.stringify(attributes)}`;
  return points.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

test("what is sent while a run goes on, and what replay sends of it later, is the same", async (context) => {
  const executable = needReceiver("collector", context);
  const [live, later] = [await startCollector(executable), await startCollector(executable)];
  const runsDir = await temporaryFolder();
  const hivewatch = await startHivewatch({ runsDir, args: ["--emit", "otel"], env: environment(live, "http/json") });
  const run = startTraining(hivewatch.grpc);
  await logVariedRun(run);
  await until("the run's end", async () => (await live.received()).spans.some(({ name }) => name === "run"));
  await hivewatch.stop();
  const flags = ["--to", "otel", "--runs-dir", runsDir, "--again"];
  expect(await runCommand(["replay", run.runId, ...flags], environment(later, "grpc"))).toMatchObject({ code: 0 });
  await Promise.all([live.stop(), later.stop()]);
  const [first, second] = [await live.received(), await later.received()];
  expect(second.spans).toEqual(first.spans);
  expect(second.logs.map(({ attributes }) => attributes)).toEqual(first.logs.map(({ attributes }) => attributes));
  // OTLP in JSON has no word for NaN.
  const finite = second.points.filter(({ value }) => value === undefined || Number.isFinite(value));
  // The bridge tells the same collector how it is.
  expect(first.points.map(({ name }) => name)).toContain("hivewatch.bridge.ingest.events");
  const ofRun = first.points.filter(({ name }) => !name.startsWith("hivewatch.bridge."));
  expect(sorted(finite)).toEqual(sorted(ofRun));
});

test("runs that go on at the same time are told apart", async (context) => {
  const collector = await startCollector(needReceiver("collector", context));
  const runsDir = await temporaryFolder();
  const env = environment(collector, "grpc");
  const hivewatch = await startHivewatch({ runsDir, args: ["--emit", "otel"], env });
  const demos = [1, 2, 3].map((seed) =>
    startCommand(["demo", "--pace", "max", "--rounds", "5", "--seed", String(seed), "--endpoint", hivewatch.grpc]),
  );
  for (const demo of await Promise.all(demos)) expect(await demo.exited).toEqual({ code: 0, signal: null });
  await until(
    "the ends of all runs",
    async () => (await collector.received()).spans.filter(({ name }) => name === "run").length === demos.length,
  );
  expect(await hivewatch.stop()).toMatchObject({ code: 0 });
  await collector.stop();
  const { points, spans, logs } = await collector.received();
  const files = (await readdir(runsDir)).filter((name) => name.endsWith(".jsonl"));
  expect(files).toHaveLength(demos.length);
  for (const file of files) {
    const id = file.replace(".jsonl", "");
    const isOfRun = ({ resource }: { resource: Attributes }) => resource["hivewatch.run.id"] === id;
    const content = { points: points.filter(isOfRun), spans: spans.filter(isOfRun), logs: logs.filter(isOfRun) };
    expectRun(content, await linesOf(runsDir, id));
  }
});

test("a bridge that finds no collector keeps everything, and sends it when it is started where there is one", async (context) => {
  const collector = await startCollector(needReceiver("collector", context));
  await collector.stop();
  const runsDir = await temporaryFolder();
  const env = environment(collector, "grpc");
  const hivewatch = await startHivewatch({ runsDir, args: ["--emit", "otel"], env });
  const demo = await startCommand(["demo", "--pace", "max", "--rounds", "3", "--endpoint", hivewatch.grpc]);
  expect(await demo.exited).toEqual({ code: 0, signal: null });
  const [listing] = list(await fetchJson(`${hivewatch.http}/runs`));
  await hivewatch.program.printed(/\[otel\].*127\.0\.0\.1/);
  await hivewatch.stop();
  const again = await collector.restart();
  const next = await hivewatch.restart();
  await until("the run's end", async () => (await again.received()).spans.some(({ name }) => name === "run"));
  await next.stop();
  await again.stop();
  expectRun(await again.received(), await linesOf(runsDir, String(listing?.run_id)));
});

test("a run of Python hivewatch is sent, too", async (context) => {
  const collector = await startCollector(needReceiver("collector", context));
  const runsDir = await temporaryFolder();
  await cp(inRepository("tests/fixtures/python-hivewatch-0.2.1"), runsDir, { recursive: true });
  const env = environment(collector, "grpc");
  const flags = ["--to", "otel", "--runs-dir", runsDir];
  expect(await runCommand(["replay", "run-saved-0001", ...flags], env)).toMatchObject({ code: 0 });
  await collector.stop();
  const content = await collector.received();
  const lines = await readLines(join(runsDir, "run-saved-0001.jsonl"));
  const ends = lines.filter(({ event_type: type }) => type === "round_end").length;
  expect(content.points.findLast(({ name }) => name === "hivewatch.rounds")?.value).toBe(ends);
  expect(content.spans.filter(({ name }) => name === "round summary").length).toBeGreaterThanOrEqual(ends);
  expect(content.spans.filter(({ name }) => name === "run")).toHaveLength(1);
});

test("the trace that a Python program is in goes on in that of its run, whatever else it logs", async (context) => {
  const python = needFlower(context);
  const collector = await startCollector(needReceiver("collector", context));
  const runsDir = await temporaryFolder();
  const env = environment(collector, "grpc");
  const hivewatch = await startHivewatch({ runsDir, args: ["--emit", "otel"], env });
  const [traceId, spanId] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
  vi.stubEnv("TRACEPARENT", `00-${traceId}-${spanId}-01`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const client = startPythonClient(python, "log_values.py", hivewatch.grpc);
  expect(await client.exited, client.stderr()).toEqual({ code: 0, signal: null });
  await until("the run's end", async () => (await collector.received()).spans.some(({ name }) => name === "run"));
  expect(await hivewatch.stop()).toMatchObject({ code: 0 });
  await collector.stop();
  const { spans, logs, points } = await collector.received();
  const run = spans.filter(({ name }) => name === "run");
  expect(run).toMatchObject([{ traceId, parentSpanId: spanId, status: 2, statusMessage: "why: ✓" }]);
  expect(spans.find(({ name }) => name === "round")?.links).toMatchObject([{ traceId, spanId: run[0]?.spanId }]);
  expect(logs.find(({ eventName }) => eventName === "hivewatch.run.end")).toMatchObject({ traceId, severity: 17 });
  const dropout = logs.find(({ eventName }) => eventName === "hivewatch.client.dropout");
  expect(dropout?.attributes["hivewatch.reason"]).toBe("out of\nmemory");
  const id = "10388190150487002303";
  expect(spans.find(({ attributes }) => attributes["hivewatch.client.id"] === id)?.name).toBe("client");
  const nonFinite = points.filter(({ name }) => name === "hivewatch.non_finite_values");
  expect(new Set(nonFinite.map(({ attributes }) => attributes["hivewatch.field"]))).toContain("local_loss");
});

test("20,000 spans that are made in one tick all arrive", async (context) => {
  const collector = await startCollector(needReceiver("collector", context));
  const runId = "many-spans";
  const events = [...timedRun({ runId, clients: 1000, rounds: 20, seed: 13 })].map(parseEvent);
  const emitter = otelEmitter({ endpoint: collector.grpc, protocol: "grpc", maxClientSpans: 1000 });
  expect(await emitter.write?.(events, AbortSignal.timeout(120_000))).toEqual({ status: "delivered" });
  await emitter.finish?.();
  await collector.stop();
  const content = await collector.received();
  expectRun(content, events);
  expect(content.spans.filter(({ name }) => name === "client").length).toBeGreaterThan(19_000);
});

/** Checks that the slowest of many clients have spans, as many as there is room for beside the failed ones and a sample. */
function expectSlowest(reports: readonly KnownReport[], clients: readonly OtlpSpan[]): void {
  const failed = clients.filter(({ status }) => status === 2).length;
  const room = Math.floor((clients.length - failed) / 2);
  const lengthOf = ({ own: [start, end] }: KnownReport): number => end - start;
  const slowest = reports.filter(({ isFailed }) => !isFailed).sort((a, b) => lengthOf(b) - lengthOf(a));
  const ids = new Set(clients.map(({ attributes }) => attributes["hivewatch.client.id"]));
  expect(room).toBeGreaterThan(100);
  for (const { clientId } of slowest.slice(0, room)) expect(ids).toContain(clientId);
}

/** How many reports some spans stand for. */
function standFor(clients: readonly OtlpSpan[]): number {
  return clients.reduce((sum, { attributes }) => sum + Number(attributes["hivewatch.adjusted_count"] ?? 1), 0);
}

test("a round of 100,000 clients is in its histograms with every one of them", async (context) => {
  const collector = await startCollector(needReceiver("collector", context));
  const runsDir = await temporaryFolder();
  const runId = "large-run";
  await writeRun(runsDir, runId, timedRun({ runId, clients: 100_000, rounds: 2, seed: 11 }));
  const env = environment(collector, "grpc");
  const replay = await runCommand(["replay", runId, "--to", "otel", "--runs-dir", runsDir], env);
  expect(replay).toMatchObject({ code: 0, stderr: expect.stringMatching(/sent to otel\.$/m) });
  await collector.stop();
  const content = await collector.received();
  const lines = await linesOf(runsDir, runId);
  expectMetrics(content, lines);
  const traces = expectTraces(content, lines);
  for (const { round, clients } of traces) {
    const reports = reportsOf(lines, round.attributes["hivewatch.round"]);
    const failed = reports.filter(({ isFailed }) => isFailed).length;
    expect(clients.length).toBeLessThan(reports.length);
    // What is not there by itself is stood for by what is.
    expect(round.attributes).toMatchObject({
      "hivewatch.reports": reports.length,
      "hivewatch.reports_failed": failed,
    });
    expect(standFor(clients)).toBeCloseTo(reports.length, 3);
    expect(standFor(clients.filter(({ status }) => status === 2))).toBeCloseTo(failed, 3);
    expectSlowest(reports, clients);
  }
  expectTimes(content, lines, traces);
  expectLogs(content, lines, traces);
});
