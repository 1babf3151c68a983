import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { bridgeEmitter } from "@hivewatch/bridge";
import { createRun, parseEvent } from "@hivewatch/core";
import { encodeBatch, packEvents } from "@hivewatch/runs";
import {
  addressesOf,
  eventually,
  type Hivewatch,
  parseMetrics,
  type SampleFamily,
  sampleOf,
  startHivewatch,
  startProgram,
  temporaryFolder,
  until,
} from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { installEmitter } from "./support/emitter-package.ts";
import { WRITES, writeEmitter } from "./support/emitters.ts";
import { sendMessage } from "./support/grpc-message.ts";
import { installCommand } from "./support/installed-command.ts";
import { type Exported, type OtlpServer, startOtlpServer } from "./support/otlp-server.ts";

const CLIENTS = 100;
/** With the run's beginning and end. */
const EVENTS = CLIENTS + 2;

/** Plays a run into a bridge, until all of it was acknowledged. */
async function play(grpc: string, runId: string): Promise<void> {
  const run = createRun({ runId, emitters: [bridgeEmitter({ endpoint: grpc })] });
  for (let client = 0; client < CLIENTS; client++) run.logClientUpdate(`client-${client}`, { round: 1 });
  expect(await run.finish({ timeoutMs: 60_000 })).toBe(true);
}

async function metricsOf(http: string): Promise<ReadonlyMap<string, SampleFamily>> {
  const response = await fetch(`${http}/metrics`);
  expect(response.status).toBe(200);
  return parseMetrics(await response.text());
}

/** A figure as it is now; undefined if it isn't told yet. */
async function figure(
  { http }: Pick<Hivewatch, "http">,
  name: string,
  labels?: Readonly<Record<string, string>>,
): Promise<number | undefined> {
  const families = await metricsOf(http);
  const isThere = [...families.values()].some(({ samples }) => samples.some((sample) => sample.name === name));
  return isThere ? sampleOf(families, name, labels) : undefined;
}

const EVENTS_IN = "hivewatch_bridge_ingest_events_total";
const BATCHES = "hivewatch_bridge_ingest_batches_total";
const LAG = "hivewatch_bridge_reader_lag_events";
const WAIT = "hivewatch_bridge_reader_lag_duration_seconds";
const AGE = "hivewatch_bridge_thread_report_age_seconds";
const DELIVERED = "hivewatch_bridge_emitter_events_total";
const reader = (name: string) => ({ hivewatch_reader_name: name });
const delivered = (name: string) => ({ ...reader(name), hivewatch_delivery_outcome: "delivered" });
const outcome = (name: string) => ({ hivewatch_batch_outcome: name });

test("what a bridge took in, and what it refused, is what /metrics tells, and a reader that hangs falls behind", async () => {
  const [well, hung] = [await writeEmitter("well", WRITES.healthy), await writeEmitter("hung", WRITES.hung)];
  const args = ["--emit", well.path, "--emit", hung.path];
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder(), args });
  const { http, grpc } = hivewatch;
  await play(grpc, "first");
  await sendMessage(grpc, Buffer.from("no batch at all"));
  await sendMessage(grpc, Buffer.from("nor this"));
  await eventually(async () => {
    const families = await metricsOf(http);
    expect(sampleOf(families, EVENTS_IN)).toBe(EVENTS);
    expect(sampleOf(families, BATCHES, outcome("malformed"))).toBe(2);
    expect(sampleOf(families, BATCHES, outcome("gap"))).toBe(0);
    const stored = sampleOf(families, BATCHES, outcome("stored"));
    expect(sampleOf(families, "hivewatch_bridge_ingest_ack_duration_seconds_count")).toBe(stored + 2);
    expect(sampleOf(families, "hivewatch_bridge_ingest_io_bytes_total")).toBeGreaterThan(EVENTS);
    expect(sampleOf(families, DELIVERED, delivered("well"))).toBe(EVENTS);
    expect(sampleOf(families, DELIVERED, delivered("hung"))).toBe(0);
    for (const name of ["well", "files"]) expect(sampleOf(families, LAG, reader(name))).toBe(0);
    expect(sampleOf(families, LAG, reader("hung"))).toBe(EVENTS);
  });
  const waited = await figure(hivewatch, WAIT, reader("hung"));
  await play(grpc, "second");
  await eventually(async () => {
    const families = await metricsOf(http);
    expect(sampleOf(families, LAG, reader("hung"))).toBe(2 * EVENTS);
    expect(sampleOf(families, "hivewatch_bridge_reader_lag_runs", reader("hung"))).toBe(2);
    expect(sampleOf(families, WAIT, reader("hung"))).toBeGreaterThan(waited ?? 0);
    expect(sampleOf(families, DELIVERED, delivered("well"))).toBe(2 * EVENTS);
  });
  const openMetrics = await fetch(`${http}/metrics`, { headers: { accept: "application/openmetrics-text" } });
  expect(sampleOf(parseMetrics(await openMetrics.text(), true), EVENTS_IN)).toBe(2 * EVENTS);
  expect(await hivewatch.stop()).toEqual({ code: 0, signal: null });
});

test("an emitter that never yields can't say so: its last figures grow old, and it is known what it has not heard", async () => {
  const spinning = await writeEmitter("spinning", WRITES.spinning);
  const args = ["--emit", spinning.path];
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder(), args });
  const thread = { hivewatch_thread_name: "emitter-spinning" };
  await play(hivewatch.grpc, "first");
  const age = await until("its silence", async () => {
    const found = (await figure(hivewatch, AGE, thread)) ?? 0;
    return found > 2 ? found : undefined;
  });
  await play(hivewatch.grpc, "second");
  await eventually(async () => {
    const families = await metricsOf(hivewatch.http);
    expect(sampleOf(families, AGE, thread)).toBeGreaterThan(age);
    expect(sampleOf(families, WAIT, reader("spinning"))).toBeGreaterThan(age);
    expect(sampleOf(families, LAG, reader("spinning"))).toBeGreaterThanOrEqual(EVENTS);
    expect(sampleOf(families, AGE, { hivewatch_thread_name: "ingest" })).toBeLessThan(age);
  });
});

test("an emitter that brings its thread down goes on counting, and its restarts are counted", async () => {
  const crash = 'return new Promise(() => setTimeout(() => { throw new Error("out of the blue"); }));';
  const emitter = await writeEmitter("crashing", crash);
  const hivewatch = await startHivewatch({ runsDir: await temporaryFolder(), args: ["--emit", emitter.path] });
  const restarts = (): Promise<number | undefined> =>
    figure(hivewatch, "hivewatch_bridge_thread_restarts_total", { hivewatch_thread_name: "emitter-crashing" });
  await play(hivewatch.grpc, "r");
  await until("a restart", async () => ((await restarts()) ?? 0) > 0);
  await emitter.become(WRITES.healthy);
  await until("all of it", async () => (await figure(hivewatch, DELIVERED, delivered("crashing"))) === EVENTS);
  expect(await figure(hivewatch, LAG, reader("crashing"))).toBe(0);
});

test("an emitter that a program declares is measured as well, by the runs that declare it", async () => {
  const folder = await temporaryFolder();
  await installEmitter(folder, "mlflow", WRITES.hung);
  const hivewatch = await startHivewatch({ runsDir: join(folder, "runs"), cwd: folder });
  await play(hivewatch.grpc, "undeclared");
  expect(await figure(hivewatch, DELIVERED)).toBeUndefined();
  const timestamp = "2026-11-23T07:43:20.337352+00:00";
  const emitters = [{ name: "mlflow", options: { tracking_uri: "http://localhost:9" } }];
  const beginning = { event_type: "init", algorithm: "FedAvg", config: {}, started_at: timestamp, emitters };
  const events = [beginning, { event_type: "client_update", round: 1, clients: [{ client_id: "a" }] }];
  const sequence = { runId: "declared", producerId: "p", producerEpoch: 1n, firstSeq: 0n };
  const parsed = events.map((event) => parseEvent({ ...event, run_id: "declared", timestamp }));
  for (const batch of packEvents(parsed, sequence)) await sendMessage(hivewatch.grpc, encodeBatch(batch));
  await eventually(async () => {
    const families = await metricsOf(hivewatch.http);
    expect(sampleOf(families, LAG, reader("mlflow"))).toBe(2);
    expect(sampleOf(families, DELIVERED, delivered("mlflow"))).toBe(0);
    expect(sampleOf(families, AGE, { hivewatch_thread_name: "emitter-mlflow" })).toBeGreaterThan(0);
  });
});

const OTLP = { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json", OTEL_METRIC_EXPORT_INTERVAL: "200" };

test("the same figures are exported by OpenTelemetry where the environment asks for it, the last ones at the end", async () => {
  const server = await startOtlpServer();
  const hung = await writeEmitter("hung", WRITES.hung);
  const hivewatch = await startHivewatch({
    runsDir: await temporaryFolder(),
    args: ["--emit", hung.path],
    env: { ...OTLP, OTEL_EXPORTER_OTLP_ENDPOINT: server.url, OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=test" },
  });
  await play(hivewatch.grpc, "first");
  await sendMessage(hivewatch.grpc, Buffer.from("no batch at all"));
  await eventually(() => {
    expect(exported(server, "hivewatch.bridge.ingest.events{}")).toBe(EVENTS);
    expect(exported(server, "hivewatch.bridge.ingest.batches{hivewatch.batch.outcome=malformed}")).toBe(1);
    expect(exported(server, "hivewatch.bridge.reader.lag.events{hivewatch.reader.name=hung}")).toBe(EVENTS);
    expect(exported(server, "hivewatch.bridge.memory.rss{}")).toBeGreaterThan(0);
  });
  await eventually(async () => expectSameDelays(server, await metricsOf(hivewatch.http)));
  await play(hivewatch.grpc, "second");
  expect(await hivewatch.stop()).toEqual({ code: 0, signal: null });
  expect(exported(server, "hivewatch.bridge.ingest.events{}")).toBe(2 * EVENTS);
  expect(server.paths).toEqual(new Set(["/v1/metrics"]));
  expect(server.resource.get("service.name")).toBe("hivewatch");
  expect(server.resource.get("deployment.environment")).toBe("test");
});

function exported({ latest }: OtlpServer, name: string): Exported | undefined {
  return latest.get(name);
}

function expectSameDelays(server: OtlpServer, families: ReadonlyMap<string, SampleFamily>): void {
  const delays = exported(server, "hivewatch.bridge.ingest.ack.duration{}");
  if (delays === undefined || typeof delays === "number") throw new Error("there is no such histogram");
  const name = "hivewatch_bridge_ingest_ack_duration_seconds";
  const buckets = families.get(name)?.samples.filter((sample) => sample.name === `${name}_bucket`) ?? [];
  let total = 0;
  expect(delays.buckets.map((count) => (total += count))).toEqual(buckets.map(({ value }) => value));
  expect(delays.count).toBe(sampleOf(families, `${name}_count`));
  expect(delays.sum).toBeCloseTo(sampleOf(families, `${name}_sum`), 9);
}

test("a receiver that refuses or isn't there is told of, and holds up nothing", async () => {
  const refusing = await startOtlpServer(404);
  for (const [url, complaint] of [
    [refusing.url, /export of the bridge's health: .*Not Found/],
    ["http://127.0.0.1:9", /export of the bridge's health: .*(timed out|ECONNREFUSED)/],
  ] as const) {
    const env = { ...OTLP, OTEL_EXPORTER_OTLP_ENDPOINT: url };
    const hivewatch = await startHivewatch({ runsDir: await temporaryFolder(), env });
    await hivewatch.program.printed(complaint);
    await play(hivewatch.grpc, "r");
    await until("the events", async () => (await figure(hivewatch, EVENTS_IN)) === EVENTS);
    expect(await hivewatch.stop()).toEqual({ code: 0, signal: null });
    expect(hivewatch.program.stderr()).not.toContain("at ");
  }
});

/** The modules that a `hivewatch up` and its threads have loaded, as V8 tells of them at the end. */
async function loadedModules(env: Readonly<Record<string, string>>): Promise<string[]> {
  const coverage = await temporaryFolder();
  const hivewatch = await startHivewatch({
    runsDir: await temporaryFolder(),
    env: { ...env, NODE_V8_COVERAGE: coverage },
  });
  await play(hivewatch.grpc, "r");
  await until("the events", async () => (await figure(hivewatch, EVENTS_IN)) === EVENTS);
  expect(await hivewatch.stop()).toEqual({ code: 0, signal: null });
  const files = await readdir(coverage);
  const texts = await Promise.all(files.map((name) => readFile(join(coverage, name), "utf8")));
  return texts.flatMap((text) => [...text.matchAll(/"url":"([^"]*)"/g)].map(([, url = ""]) => url));
}

test("OpenTelemetry is loaded where it is asked for, and nowhere else", async () => {
  const server = await startOtlpServer();
  const isOpenTelemetry = (url: string): boolean => url.includes("opentelemetry");
  const asked = await loadedModules({ ...OTLP, OTEL_EXPORTER_OTLP_ENDPOINT: server.url });
  expect(asked.filter(isOpenTelemetry)).not.toEqual([]);
  const others = await Promise.all([
    loadedModules({}),
    loadedModules({ ...OTLP, OTEL_EXPORTER_OTLP_ENDPOINT: server.url, OTEL_SDK_DISABLED: "true" }),
  ]);
  for (const urls of others) {
    // Of all threads: else nothing would be shown by what is not there.
    for (const entry of ["main.js", "ingest-thread.js", "page-thread.js", "files-thread.js"])
      expect(urls.filter((url) => url.endsWith(entry))).not.toEqual([]);
    expect(urls.filter(isOpenTelemetry)).toEqual([]);
  }
});

test("that OpenTelemetry isn't installed is told with what to install, and is no failure", async () => {
  const main = await installCommand();
  const ports = ["--port", "0", "--grpc-port", "0", "--runs-dir", await temporaryFolder()];
  const program = startProgram(process.execPath, [main, "up", "--json", ...ports], {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" },
  });
  const { http, grpc } = await addressesOf(program);
  await program.printed(
    /The bridge's health is not exported: .*npm install @opentelemetry\/api.* @opentelemetry\/sdk-node/,
  );
  await play(grpc, "r");
  await until("the events", async () => (await figure({ http }, EVENTS_IN)) === EVENTS);
  program.signal("SIGINT");
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect(program.stderr().trimEnd().split("\n")).toHaveLength(1);
});
