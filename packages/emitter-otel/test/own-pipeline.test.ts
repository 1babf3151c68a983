import { type HiveEvent, parseEvent } from "@hivewatch/core";
import { until } from "@hivewatch/test-support";
import { recordedStream } from "@hivewatch/testkit";
import { expect, it, onTestFinished } from "vitest";
import { type OtelEmitterOptions, otelEmitter } from "../src/index.ts";
import { attributesOf, type Fault, pointsAt, type Receiver, startReceiver } from "./receiver.ts";

const NEVER = new AbortController().signal;

function events(...fields: readonly Record<string, unknown>[]): HiveEvent[] {
  return fields.map((each, second) =>
    parseEvent({ run_id: "r", timestamp: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(), ...each }),
  );
}

const ROUND = events(
  { event_type: "init", algorithm: "FedAvg", config: {} },
  { event_type: "client_update", round: 1, clients: [{ client_id: "a", local_loss: 0.5, train_time_sec: 2, f1: 0.9 }] },
  { event_type: "client_update", round: 1, clients: [{ client_id: "b", local_loss: 0.25, train_time_sec: 8 }] },
  { event_type: "round_end", round: 1, round_metrics: { global_accuracy: 0.75, num_selected: 4 } },
  { event_type: "finished" },
);

async function emitterAt(fault?: Fault, options: OtelEmitterOptions = {}) {
  const receiver = await startReceiver(fault);
  const said: string[] = [];
  const emitter = otelEmitter({
    endpoint: receiver.endpoint,
    protocol: "http/json",
    signals: ["metrics"],
    onDiagnostic: (message) => said.push(message),
    ...options,
  });
  onTestFinished(() => emitter.finish?.());
  return { receiver, emitter, said };
}

function valuesOf(receiver: Receiver, name: string): unknown[] {
  return pointsAt(receiver)
    .filter((each) => each.name === name)
    .map(({ point }) => point.asDouble);
}

it("sends the figures of a round, as of the time at which it ended", async () => {
  const { receiver, emitter } = await emitterAt();
  expect(await emitter.write(ROUND, NEVER)).toEqual({ status: "delivered" });
  const points = pointsAt(receiver);
  const accuracy = points.find(({ name }) => name === "hivewatch.model.accuracy");
  expect(accuracy?.attributes).toEqual({ "hivewatch.run.id": "r", "hivewatch.evaluation.source": "server" });
  expect(accuracy?.point).toMatchObject({
    asDouble: 0.75,
    startTimeUnixNano: String(BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n),
    timeUnixNano: String(BigInt(Date.UTC(2026, 0, 1, 0, 0, 3)) * 1_000_000n),
  });
  const loss = points.find(({ name }) => name === "hivewatch.client.loss");
  expect(loss?.point).toMatchObject({ count: 2, sum: 0.75, min: 0.25, max: 0.5 });
  const other = points.find(({ name }) => name === "hivewatch.client.metric");
  expect(other?.attributes["hivewatch.field"]).toBe("f1");
  expect(valuesOf(receiver, "hivewatch.round.selected")).toEqual([4]);
});

it("names the run as the resource", async () => {
  const { receiver, emitter } = await emitterAt(undefined, { resource: { "deployment.environment.name": "lab" } });
  await emitter.write(ROUND, NEVER);
  const [body] = receiver.of("metrics");
  const resources = Array.isArray(body?.resourceMetrics) ? body.resourceMetrics : [];
  expect(attributesOf(resources[0].resource)).toMatchObject({
    "service.name": "hivewatch",
    "service.instance.id": "r",
    "hivewatch.run.id": "r",
    "hivewatch.strategy": "FedAvg",
    "deployment.environment.name": "lab",
    "telemetry.sdk.language": "nodejs",
  });
});

it("sends the same points, however the events come in batches, and after a restart in between", async () => {
  const whole = await emitterAt();
  const single = await emitterAt();
  const restarted = await emitterAt();
  const stream = recordedStream("troubled");
  await whole.emitter.write(stream, NEVER);
  for (const event of stream) await single.emitter.write([event], NEVER);
  const middle = 20;
  await restarted.emitter.write(stream.slice(0, middle), NEVER);
  const later = otelEmitter({ endpoint: restarted.receiver.endpoint, protocol: "http/json", signals: ["metrics"] });
  onTestFinished(() => later.finish?.());
  await later.recall?.(stream.slice(0, middle));
  await later.write(stream.slice(middle), NEVER);
  const sorted = (receiver: Receiver): string[] =>
    pointsAt(receiver)
      .map((point) => JSON.stringify(point))
      .sort();
  expect(sorted(single.receiver)).toEqual(sorted(whole.receiver));
  expect(sorted(restarted.receiver)).toEqual(sorted(whole.receiver));
  expect(pointsAt(whole.receiver).length).toBeGreaterThan(20);
});

it("sends the same points where one emitter is told of a run again, having let go of it", async () => {
  const whole = await emitterAt();
  const again = await emitterAt();
  const stream = recordedStream("complete");
  const middle = 20;
  await whole.emitter.write(stream, NEVER);
  await again.emitter.write(stream.slice(0, middle), NEVER);
  await again.emitter.finishRun?.(stream[0]?.run_id ?? "");
  await again.emitter.recall?.(stream.slice(0, middle));
  await again.emitter.write(stream.slice(middle), NEVER);
  const sorted = (receiver: Receiver): string[] =>
    pointsAt(receiver)
      .map((point) => JSON.stringify(point))
      .sort();
  expect(sorted(again.receiver)).toEqual(sorted(whole.receiver));
});

it("goes on where it was, when a receiver was away", async () => {
  let answers = 0;
  const { receiver, emitter } = await emitterAt((_request, response) => {
    if (answers++ > 0) return false;
    response.writeHead(500).end("not now");
    return true;
  });
  expect(await emitter.write(ROUND, NEVER)).toMatchObject({
    status: "retry",
    reason: expect.stringContaining("answered HTTP 500 to metrics: Internal Server Error: not now"),
  });
  expect(await emitter.write(ROUND, NEVER)).toEqual({ status: "delivered" });
  expect(receiver.requests[1]?.body).toEqual(receiver.requests[0]?.body);
});

it("does not try for ever what always fails", async () => {
  const { emitter } = await emitterAt((_request, response) => {
    response.writeHead(500).end();
    return true;
  });
  const statuses: string[] = [];
  while (statuses.at(-1) !== "delivered" && statuses.length < 200)
    statuses.push((await emitter.write(ROUND, NEVER)).status);
  expect(statuses.at(-1)).toBe("delivered");
});

it("says what to do where there is nothing for a signal, and sends the others", async () => {
  const { receiver, emitter } = await emitterAt(
    ({ path }, response) => {
      if (path === "/v1/metrics") response.writeHead(404).end("<html>");
      return path === "/v1/metrics";
    },
    { signals: ["metrics", "logs"] },
  );
  const result = await emitter.write(ROUND, NEVER);
  expect(result).toMatchObject({ status: "delivered", refused: 5 });
  expect("reason" in result && result.reason).toMatch(/it takes no metrics there\. .* OTEL_METRICS_EXPORTER=none$/);
  expect(receiver.requests.length).toBeGreaterThan(0);
});

it("waits for other credentials, and loses nothing", async () => {
  const { emitter } = await emitterAt((_request, response) => {
    response.writeHead(401).end();
    return true;
  });
  expect(await emitter.write(ROUND, NEVER)).toMatchObject({
    status: "retry",
    afterMs: 30_000,
    reason: expect.stringContaining("OTEL_EXPORTER_OTLP_HEADERS"),
  });
});

it.each([
  [
    "http/json",
    "application/json",
    Buffer.from(JSON.stringify({ partialSuccess: { rejectedDataPoints: "2", errorMessage: "too old" } })),
  ],
  // Field 1, of 2 bytes: field 1 is 2; and field 2, the message.
  ["http/protobuf", "application/x-protobuf", Buffer.from([0x0a, 11, 0x08, 2, 0x12, 7, ...Buffer.from("too old")])],
] as const)("counts what a receiver has not taken, though it answers 200: %s", async (protocol, type, body) => {
  const { emitter } = await emitterAt(
    (_request, response) => {
      response.writeHead(200, { "content-type": type }).end(body);
      return true;
    },
    { protocol },
  );
  expect(await emitter.write(ROUND, NEVER)).toEqual({
    status: "delivered",
    refused: 2,
    reason: expect.stringMatching(/^2 values, .* has not taken all metrics: too old$/),
  });
});

it("waits for as long as a receiver wants to be left alone", async () => {
  const { emitter } = await emitterAt((_request, response) => {
    response.writeHead(503, { "retry-after": "120" }).end();
    return true;
  });
  expect(await emitter.write(ROUND, NEVER)).toMatchObject({ status: "retry", afterMs: 120_000 });
});

it("sends smaller requests to a receiver that takes no large ones", async () => {
  const limit = 6000;
  const { receiver, emitter } = await emitterAt(({ body }, response) => {
    if (body.length > limit) response.writeHead(413).end();
    return body.length > limit;
  });
  expect(await emitter.write(ROUND, NEVER)).toEqual({ status: "delivered" });
  expect(receiver.requests.filter(({ body }) => body.length <= limit).length).toBeGreaterThan(1);
});

it("loses no more than what is wrong", async () => {
  const wrong = "hivewatch.client.loss";
  const { receiver, emitter } = await emitterAt(({ body }, response) => {
    const isWrong = body.includes(wrong);
    if (isWrong) response.writeHead(400).end("no such metric");
    return isWrong;
  });
  const result = await emitter.write(ROUND, NEVER);
  // At the round's end, and at the run's.
  expect(result).toMatchObject({ status: "delivered", refused: 2 });
  const taken = receiver.requests.filter(({ body }) => !body.includes(wrong));
  expect(taken.some(({ body }) => body.includes("hivewatch.client.train.duration"))).toBe(true);
  expect(taken.some(({ body }) => body.includes("hivewatch.client.updates"))).toBe(true);
});

it("is not held up by a receiver that never answers, once it isn't waited for", async () => {
  const { emitter, receiver } = await emitterAt(() => true);
  const stop = new AbortController();
  const written = emitter.write(ROUND, stop.signal);
  await until("the request", () => receiver.requests.length === 1);
  stop.abort();
  expect(await written).toMatchObject({ status: "retry" });
});

it("gives clients metrics of their own only if asked to, and says how many", async () => {
  const without = await emitterAt();
  await without.emitter.write(ROUND, NEVER);
  expect(pointsAt(without.receiver).filter(({ name }) => name.startsWith("hivewatch.per_client."))).toEqual([]);
  const { receiver, emitter, said } = await emitterAt(undefined, { perClient: 1 });
  await emitter.write(ROUND, NEVER);
  const points = pointsAt(receiver).filter(({ name }) => name.startsWith("hivewatch.per_client."));
  expect(new Set(points.map(({ attributes }) => attributes["hivewatch.client.id"]))).toEqual(new Set(["a"]));
  expect(said).toEqual([expect.stringContaining("perClient: 1")]);
});

it("says it with its answer, once, where there is no listener", async () => {
  const { emitter } = await emitterAt(undefined, { perClient: 1, onDiagnostic: undefined });
  expect(await emitter.write(ROUND.slice(0, -1), NEVER)).toEqual({
    status: "delivered",
    reason: expect.stringContaining("perClient: 1"),
  });
  expect(await emitter.write(ROUND.slice(-1), NEVER)).toEqual({ status: "delivered" });
});
