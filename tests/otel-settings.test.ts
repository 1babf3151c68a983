import { otelEmitter } from "@hivewatch/emitter-otel";
import {
  type Collector,
  list,
  needReceiver,
  runCommand,
  startCollector,
  syntheticRun,
  temporaryFolder,
} from "@hivewatch/test-support";
import { recordedStream } from "@hivewatch/testkit";
import { expect, onTestFinished, test, vi } from "vitest";
import { makeCertificate } from "./support/certificate.ts";
import { endpointOf, environment, expectRun, linesOf, PROTOCOLS } from "./support/otel.ts";
import { writeRun } from "./support/write-run.ts";

/** Replays a run that was saved before, to a collector, with some variables set. */
async function replayed(collector: Collector, runId: string, variables: Record<string, string>) {
  const runsDir = await temporaryFolder();
  await writeRun(runsDir, runId, syntheticRun({ runId, clients: 12, rounds: 6, seed: 19 }));
  const env = { ...environment(collector, "http/protobuf"), ...variables };
  const { code, stderr } = await runCommand(["replay", runId, "--to", "otel", "--runs-dir", runsDir], env);
  expect(code, stderr).toBe(0);
  await collector.stop();
  return { content: await collector.received(), lines: await linesOf(runsDir, runId), stderr };
}

test("OpenTelemetry's own variables are obeyed", async (context) => {
  const collector = await startCollector(needReceiver("collector", context));
  const { content, lines } = await replayed(collector, "by-variables", {
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
    OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=lab",
    OTEL_SERVICE_NAME: "clinics",
    OTEL_TRACES_SAMPLER: "always_off",
    OTEL_LOGS_EXPORTER: "none",
  });
  const { points, spans, logs } = content;
  for (const { resource } of points) {
    expect(resource).toMatchObject({ "deployment.environment.name": "lab", "service.name": "clinics" });
  }
  expect([spans.length, logs.length]).toEqual([0, 0]);
  const updates = lines.filter(({ event_type: type }) => type === "client_update").length;
  const counted = points.filter(({ name }) => name === "hivewatch.client.updates");
  expect(counted.map(({ temporality }) => temporality)).toEqual(counted.map(() => "delta"));
  expect(counted.reduce((sum, { value = 0 }) => sum + value, 0)).toBe(updates);
  const histograms = points.filter(({ name }) => name === "hivewatch.client.samples");
  expect(histograms.reduce((sum, { histogram }) => sum + (histogram?.count ?? 0), 0)).toBe(updates);
  // Each begins where the one before has ended.
  expect(histograms.slice(1).map(({ startTime }) => startTime)).toEqual(
    histograms.slice(0, -1).map(({ time }) => time),
  );
});

test.for(PROTOCOLS)(
  "a collector is believed that shows the certificate that was named, over %s",
  async (protocol, context) => {
    const tls = await makeCertificate(context);
    const collector = await startCollector(needReceiver("collector", context), { tls });
    const env = environment(collector, protocol);
    const { content, lines } = await replayed(collector, "over-tls", {
      ...env,
      OTEL_EXPORTER_OTLP_CERTIFICATE: tls.cert,
    });
    expectRun(content, lines);
  },
);

test.for(PROTOCOLS)(
  "a collector that wants to know who sends is shown the certificate that was named, over %s",
  async (protocol, context) => {
    const [tls, client] = [await makeCertificate(context), await makeCertificate(context)];
    const options = { tls: { ...tls, clientCa: client.cert } };
    const collector = await startCollector(needReceiver("collector", context), options);
    const named = { ...environment(collector, protocol), OTEL_EXPORTER_OTLP_CERTIFICATE: tls.cert };
    for (const [name, value] of Object.entries(named)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const stranger = otelEmitter();
    onTestFinished(() => stranger.finish?.());
    const result = await stranger.write(recordedStream("complete"), AbortSignal.timeout(3_000));
    expect(result).toMatchObject({ status: "retry" });
    const { content, lines } = await replayed(collector, "over-mutual-tls", {
      ...named,
      OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: client.cert,
      OTEL_EXPORTER_OTLP_CLIENT_KEY: client.key,
    });
    expectRun(content, lines);
  },
);

test.for(PROTOCOLS)("nothing is sent to one whose certificate nobody knows, over %s", async (protocol, context) => {
  const collector = await startCollector(needReceiver("collector", context), { tls: await makeCertificate(context) });
  const endpoint = endpointOf(collector, protocol);
  const emitter = otelEmitter({ endpoint, protocol });
  onTestFinished(() => emitter.finish?.());
  const result = await emitter.write(recordedStream("complete"), AbortSignal.timeout(3_000));
  expect(result).toMatchObject({ status: "retry", reason: expect.stringMatching(/certificate|waited for/) });
  await collector.stop();
  expect(await collector.received()).toEqual({ points: [], spans: [], logs: [] });
});

test("clients have series of their own when asked for, so many and no more, which is told", async (context) => {
  const collector = await startCollector(needReceiver("collector", context));
  const { content, lines, stderr } = await replayed(collector, "per-client", { HIVEWATCH_OTEL_PER_CLIENT: "5" });
  const own = content.points.filter(({ name }) => name === "hivewatch.per_client.train.duration");
  const ids = [...new Set(own.map(({ attributes }) => String(attributes["hivewatch.client.id"])))];
  expect(ids).toHaveLength(5);
  for (const id of ids) {
    const reported = lines.flatMap((line) =>
      line.event_type === "client_update" ? list(line.clients).filter(({ client_id }) => client_id === id) : [],
    );
    const values = own.filter(({ attributes }) => attributes["hivewatch.client.id"] === id).map(({ value }) => value);
    expect(values).toEqual(reported.map(({ train_time_sec }) => train_time_sec));
  }
  expect(stderr).toMatch(/the first 5 clients/);
  expectRun(content, lines);
});
