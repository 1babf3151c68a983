import { type GrpcAnswer, startGrpcReceiver, until } from "@hivewatch/test-support";
import { recordedStream } from "@hivewatch/testkit";
import { expect, it, onTestFinished } from "vitest";
import { otelEmitter } from "../src/index.ts";
import type { Signal } from "../src/signals.ts";

const NEVER = new AbortController().signal;

async function emitterAt(answerTo: () => GrpcAnswer, signal: Signal = "metrics") {
  const receiver = await startGrpcReceiver(answerTo);
  const emitter = otelEmitter({ endpoint: receiver.endpoint, protocol: "grpc", signals: [signal] });
  onTestFinished(() => emitter.finish?.());
  return { receiver, emitter };
}

/** Field 1, of 2 bytes and a text: field 1 is how many, field 2 why. */
function partialSuccess(rejected: number, message: string): Uint8Array {
  const text = Buffer.from(message);
  return Buffer.from([0x0a, 4 + text.length, 0x08, rejected, 0x12, text.length, ...text]);
}

it.each(["metrics", "traces", "logs"] as const)("counts what a receiver takes in part, of %s", async (signal) => {
  const { emitter } = await emitterAt(() => ({ body: partialSuccess(2, "too old") }), signal);
  expect(await emitter.write(recordedStream("troubled"), NEVER)).toEqual({
    status: "delivered",
    refused: 2,
    reason: expect.stringMatching(new RegExp(`^2 values, .* has not taken all ${signal}: too old$`)),
  });
});

it.each([1, 4, 8, 10, 11, 14, 15])("sends again what is answered with code %i", async (status) => {
  const { emitter } = await emitterAt(() => ({ status, message: "not now" }));
  const answer = await emitter.write(recordedStream("complete"), NEVER);
  expect(answer).toMatchObject({ status: "retry", reason: expect.stringContaining("not now") });
});

it.each([7, 16])("waits for other credentials after code %i", async (status) => {
  const { emitter } = await emitterAt(() => ({ status }));
  expect(await emitter.write(recordedStream("complete"), NEVER)).toMatchObject({
    status: "retry",
    afterMs: 30_000,
    reason: expect.stringContaining("OTEL_EXPORTER_OTLP_HEADERS"),
  });
});

it.each([
  [3, "no such metric"],
  [9, "not in this state"],
  [12, "OTEL_METRICS_EXPORTER=none"],
])("counts as refused what is answered with code %i", async (status, said) => {
  const { emitter } = await emitterAt(() => ({ status, message: said }));
  const answer = await emitter.write(recordedStream("complete"), NEVER);
  expect(answer).toMatchObject({ status: "delivered", reason: expect.stringContaining(said) });
  expect("refused" in answer && answer.refused).toBeGreaterThan(0);
});

it.each([2, 13])("doubts code %i a few times, and believes it then", async (status) => {
  const { emitter } = await emitterAt(() => ({ status }));
  const stream = recordedStream("complete");
  expect(await emitter.write(stream, NEVER)).toMatchObject({ status: "retry" });
  let answer = await emitter.write(stream, NEVER);
  for (let i = 0; i < 500 && answer.status === "retry"; i++) answer = await emitter.write(stream, NEVER);
  expect(answer.status).toBe("delivered");
  expect("refused" in answer && answer.refused).toBeGreaterThan(0);
});

it("sends in pieces what is too large for one message", async () => {
  let isLarge = true;
  const { receiver, emitter } = await emitterAt(() => {
    const answer = isLarge ? { status: 8, message: "grpc: received message larger than max (9 vs. 4)" } : {};
    isLarge = false;
    return answer;
  });
  expect(await emitter.write(recordedStream("complete"), NEVER)).toEqual({ status: "delivered" });
  expect(receiver.calls.length).toBeGreaterThan(1);
});

it("closes what it has opened for a run with the run's end", async () => {
  const { receiver, emitter } = await emitterAt(() => ({}));
  const stream = recordedStream("complete");
  await emitter.write(stream.slice(0, -1), NEVER);
  expect(receiver.connections).toBe(1);
  await emitter.write(stream.slice(-1), NEVER);
  await until("it to be closed", () => receiver.connections === 0);
});
