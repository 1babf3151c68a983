import { gunzipSync } from "node:zlib";
import { list, startGrpcReceiver } from "@hivewatch/test-support";
import { recordedStream } from "@hivewatch/testkit";
import { expect, it, onTestFinished, vi } from "vitest";
import { type OtelEmitterOptions, otelEmitter } from "../src/index.ts";
import { PROTOCOLS, type Protocol } from "../src/signals.ts";
import { attributesOf, startReceiver } from "./receiver.ts";
import { eventsOf, failure, init, roundEnd, update } from "./recording.ts";

const NEVER = new AbortController().signal;

/** Sends a run to a receiver with some variables set, and tells what came there. */
async function sent(variables: Record<string, string>, protocol: Protocol, options: OtelEmitterOptions = {}) {
  const receiver = protocol === "grpc" ? await startGrpcReceiver(() => ({})) : await startReceiver();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: protocol };
  for (const [name, value] of Object.entries({ ...env, ...variables })) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const emitter = otelEmitter(options);
  expect(await emitter.write(recordedStream("troubled"), NEVER)).toEqual({ status: "delivered" });
  await emitter.finish?.();
  const requests = "calls" in receiver ? receiver.calls : receiver.requests;
  expect(requests).toHaveLength(3);
  return requests;
}

it.each(PROTOCOLS)("sends the headers of the variables, and over them those of the options: %s", async (protocol) => {
  const variables = {
    OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=all,x-team=fl",
    OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x-tenant=logs",
  };
  const byVariables = await sent(variables, protocol);
  for (const { path, headers } of byVariables) {
    expect(headers).toMatchObject({ "x-tenant": /logs/i.test(path) ? "logs" : "all", "x-team": "fl" });
  }
  for (const { headers } of await sent(variables, protocol, { headers: { "x-tenant": "option" } })) {
    expect(headers).toMatchObject({ "x-tenant": "option", "x-team": "fl" });
  }
});

it.each(PROTOCOLS)("compresses: %s", async (protocol) => {
  const plain = await sent({}, protocol);
  const gzip = await sent({ OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" }, protocol);
  const header = protocol === "grpc" ? "grpc-encoding" : "content-encoding";
  for (const { path, headers, body } of gzip) {
    expect(headers[header]).toBe("gzip");
    const whole = plain.find((request) => request.path === path)?.body;
    expect(body.length).toBeLessThan(whole?.length ?? 0);
    expect(gunzipSync(body).length).toBe(whole?.length);
  }
});

/** What a receiver that speaks JSON has got of a run, with some variables set. */
async function sentAsJson(variables: Record<string, string>, events = recordedStream("troubled")) {
  const receiver = await startReceiver();
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const said: string[] = [];
  const emitter = otelEmitter({
    endpoint: receiver.endpoint,
    protocol: "http/json",
    signals: ["traces", "logs"],
    onDiagnostic: (message) => said.push(message),
  });
  await emitter.write(events, NEVER);
  await emitter.finish?.();
  const spans = receiver
    .of("traces")
    .flatMap(({ resourceSpans }) => list(resourceSpans))
    .flatMap(({ scopeSpans }) => list(scopeSpans))
    .flatMap((scope) => list(scope.spans));
  const records = receiver
    .of("logs")
    .flatMap(({ resourceLogs }) => list(resourceLogs))
    .flatMap(({ scopeLogs }) => list(scopeLogs))
    .flatMap(({ logRecords }) => list(logRecords));
  return { spans, records, said };
}

it("keeps to the limits of spans and of log records", async () => {
  const { spans, records } = await sentAsJson({
    OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "2",
    OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: "4",
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "5",
  });
  for (const span of spans) expect(list(span.attributes).length).toBeLessThanOrEqual(2);
  expect(spans.some(({ droppedAttributesCount: count }) => Number(count) > 0)).toBe(true);
  for (const record of records) expect(list(record.attributes).length).toBeLessThanOrEqual(4);
  expect(records.some((record) => list(record.attributes).length === 4)).toBe(true);
  for (const item of [...spans, ...records]) expect(attributesOf(item)["hivewatch.run.id"]).toBe("recor");
});

it("sends a part of the traces, each of them whole, if a ratio says so", async () => {
  const rounds = Array.from({ length: 60 }, (_, round) => [
    [round + 1, update("a", round, { train_time_sec: 0.1 })] as const,
    [round + 1, failure("b", round)] as const,
    [round + 1, roundEnd(round)] as const,
  ]).flat();
  const events = eventsOf([0, init()], ...rounds);
  const variables = { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.5" };
  const { spans } = await sentAsJson(variables, events);
  const ids = new Set(spans.filter(({ name }) => name === "round").map(({ traceId }) => traceId));
  // The ids are derived, so which traces these are is known for good.
  expect(ids.size).toBeGreaterThan(15);
  expect(ids.size).toBeLessThan(45);
  const parts = spans.filter(({ name }) => /^(round|client|train)$/.test(String(name)));
  expect(parts).toHaveLength(4 * ids.size);
  expect(parts.every(({ traceId }) => ids.has(traceId))).toBe(true);
});

it.each(["2", "-0.5", "half", ""])("sends every trace, and says so, where the ratio is %j", async (ratio) => {
  const variables = { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: ratio };
  const { spans, said } = await sentAsJson(variables);
  expect(spans.some(({ name }) => name === "run")).toBe(true);
  expect(said).toEqual([expect.stringContaining("OTEL_TRACES_SAMPLER_ARG")]);
});
