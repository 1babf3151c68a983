import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bridgeEmitter } from "@hivewatch/bridge";
import { createRun, type HiveEvent, parseEvent, stringifyEvent } from "@hivewatch/core";
import {
  addressesOf,
  fields,
  inRepository,
  needReceiver,
  type OtlpContent,
  startCollector,
  startGrpcReceiver,
  startProgram,
  temporaryFolder,
  until,
} from "@hivewatch/test-support";
import { RECORDED_STREAMS, recordedStream } from "@hivewatch/testkit";
import { expect, type TestContext, test } from "vitest";
import { startFaultyReceiver } from "./support/faulty-receiver.ts";
import { installCommand } from "./support/installed-command.ts";
import { environment, expectRun, PROTOCOLS, type Protocol, timedRun } from "./support/otel.ts";
import { startOtlpServer } from "./support/otlp-server.ts";

/** The lines of OpenTelemetry's SDK that live, each with the Node that it is run with in its folder. */
const LINES = ["2", "3"] as const;
const EVENTS = RECORDED_STREAMS.map(recordedStream);

/** The folder where npm has installed the emitter with a line of the SDK, or the test is skipped. */
function needSdkLine(line: string, context: TestContext): string {
  const variable = `HIVEWATCH_TEST_SDK_LINE_${line}`;
  const folder = process.env[variable] ?? inRepository(".cache/sdk-lines", line);
  if (existsSync(join(folder, "node"))) return folder;
  return context.skip(
    `the emitter with line ${line} of the SDK was not found: npm test installs it, or name it in ${variable}`,
  );
}

/** Sends the recorded runs, and returns what each `write` answered. */
async function emit(
  folder: string,
  mode: "own" | "given",
  env: Record<string, string>,
  runs: readonly (readonly HiveEvent[])[] = EVENTS,
): Promise<unknown[]> {
  const code = await readFile(inRepository("tests/programs/emit.mjs"), "utf8");
  const answers: unknown[] = [];
  for (const events of runs) {
    const args = ["--input-type=module", "--eval", code, "--", mode];
    const program = startProgram(join(folder, "node"), args, { cwd: folder, env });
    program.say(`[${events.map(stringifyEvent).join(",")}]`);
    program.endInput();
    const exit = await program.exited;
    expect(exit, program.stderr()).toEqual({ code: 0, signal: null });
    expect(program.stderr()).toBe("");
    const lines = program.stdout().trim().split("\n");
    answers.push(...lines.map((line) => fields(JSON.parse(line))));
  }
  return answers;
}

/** Without what tells of the SDK and of the process, and without NaN, for which OTLP in JSON has no word. */
function comparable({ points, spans, logs }: OtlpContent) {
  const plain = <T extends { resource: object }>(item: T) => {
    const resource = Object.entries(item.resource).filter(([name]) => !/^(telemetry\.sdk|process|host)\./.test(name));
    return { ...item, resource: Object.fromEntries(resource) };
  };
  return {
    points: points.filter(({ value }) => value === undefined || Number.isFinite(value)).map(plain),
    spans: spans.map(plain),
    // When a record was observed is the time at which it was sent.
    logs: logs.map((record) => ({ ...plain(record), observedTime: undefined })),
  };
}

test("each line of the SDK sends the same, over each protocol", async (context) => {
  const folders = LINES.map((line) => needSdkLine(line, context));
  const executable = needReceiver("collector", context);
  const sent: ReturnType<typeof comparable>[] = [];
  for (const folder of folders) {
    for (const protocol of PROTOCOLS) {
      const collector = await startCollector(executable);
      const answers = await emit(folder, "own", environment(collector, protocol));
      expect(answers, `${folder} ${protocol}`).toEqual(
        answers.map(() => expect.objectContaining({ status: "delivered" })),
      );
      await collector.stop();
      sent.push(comparable(await collector.received()));
    }
  }
  const [first, ...others] = sent;
  expect(first?.points.length).toBeGreaterThan(0);
  expect(first?.spans.length).toBeGreaterThan(0);
  expect(first?.logs.length).toBeGreaterThan(0);
  for (const other of others) expect(other).toEqual(first);
});

/** What every receiver answers of which a few items were not taken: field 1, of a number and a text. */
const PARTIAL = Buffer.from([0x0a, 16, 0x08, 1, 0x12, 12, ...Buffer.from("out of quota")]);

test.for(LINES)("line %s of the SDK tells what a receiver takes in part", async (line, context) => {
  const folder = needSdkLine(line, context);
  const grpc = await startGrpcReceiver(() => ({ body: PARTIAL }));
  const { url, become } = await startFaultyReceiver("http://127.0.0.1:9");
  const told = async (endpoint: string, protocol: Protocol): Promise<void> => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: protocol };
    for (const answer of await emit(folder, "own", env)) {
      expect(answer, protocol).toMatchObject({
        status: "delivered",
        refused: expect.any(Number),
        reason: expect.stringContaining("out of quota"),
      });
    }
  };
  await told(grpc.endpoint, "grpc");
  become({ status: 200, body: PARTIAL, headers: { "content-type": "application/x-protobuf" } });
  await told(url, "http/protobuf");
  const partialSuccess = {
    rejectedSpans: "1",
    rejectedDataPoints: "1",
    rejectedLogRecords: "1",
    errorMessage: "out of quota",
  };
  become({ status: 200, body: JSON.stringify({ partialSuccess }), headers: { "content-type": "application/json" } });
  await told(url, "http/json");
});

test.for(LINES)(
  "line %s of the SDK sends again what a receiver could not take, and as it asks to",
  async (line, context) => {
    const folder = needSdkLine(line, context);
    const collector = await startCollector(needReceiver("collector", context), { maxMessageMiB: 1 });
    const receiver = await startFaultyReceiver(collector.http);
    const lasting = { status: 503, headers: { "retry-after": "120" } };
    const answersOf: Record<string, (typeof lasting)[]> = {
      "/v1/metrics": [lasting],
      "/v1/traces": [],
      "/v1/logs": [],
    };
    receiver.become((path) => answersOf[path]?.pop() ?? "take");
    const events = [...timedRun({ runId: "large", clients: 500, rounds: 10, seed: 17 })].map(parseEvent);
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "20000",
    };
    const answers = await emit(folder, "own", env, [events]);
    // The first few events make no metrics.
    expect(answers).toEqual([
      { status: "delivered" },
      { status: "retry", afterMs: 120_000, reason: expect.stringContaining("has not taken metrics") },
      { status: "delivered" },
    ]);
    await collector.stop();
    expectRun(await collector.received(), events);
  },
);

test.for(LINES)("line %s of the SDK, started by the program, is given everything", async (line, context) => {
  const folder = needSdkLine(line, context);
  const collector = await startCollector(needReceiver("collector", context));
  const env = { ...environment(collector, "http/protobuf"), OTEL_LOGS_EXPORTER: "otlp", OTEL_METRICS_EXPORTER: "otlp" };
  const answers = await emit(folder, "given", { ...env, OTEL_SERVICE_NAME: "a-program" });
  expect(answers).toEqual(answers.map(() => expect.objectContaining({ status: "delivered" })));
  await collector.stop();
  const { points, spans, logs } = await collector.received();
  for (const { resource } of [...points, ...spans, ...logs]) expect(resource["service.name"]).toBe("a-program");
  expect(new Set(points.map(({ attributes }) => attributes["hivewatch.run.id"]))).toEqual(
    new Set(EVENTS.map(([event]) => event?.run_id)),
  );
  expect(spans.length).toBeGreaterThan(0);
  expect(logs.length).toBeGreaterThan(0);
});

test.for(LINES)("the bridge's own health is exported by line %s of the SDK", async (line, context) => {
  const folder = needSdkLine(line, context);
  const server = await startOtlpServer();
  const main = await installCommand(join(folder, "node_modules/@opentelemetry"));
  const args = ["up", "--json", "--port", "0", "--grpc-port", "0", "--runs-dir", await temporaryFolder()];
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_METRIC_EXPORT_INTERVAL: "200",
  };
  const program = startProgram(join(folder, "node"), [main, ...args], { env });
  const { grpc } = await addressesOf(program);
  const run = createRun({ runId: "r", emitters: [bridgeEmitter({ endpoint: grpc })] });
  run.logClientUpdate("a", { round: 1 });
  expect(await run.finish({ timeoutMs: 60_000 })).toBe(true);
  await until("its figures", () => server.latest.get("hivewatch.bridge.ingest.events{}") === 3);
  program.signal("SIGINT");
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect(server.resource.get("telemetry.sdk.version")).toMatch(new RegExp(`^${line}\\.`));
});
