import { encodeBatch } from "@hivewatch/runs";
import { until } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { batchOf, broken, hello, one, openStream, publishOne, update } from "./support/raw-client.ts";
import { startTestBridge } from "./support/test-bridge.ts";

const NONE = { stored: 0, duplicate: 0, malformed: 0, gap: 0, stale_epoch: 0, unavailable: 0 };

test("a bridge that has done nothing says so", async () => {
  const { bridge } = await startTestBridge();
  const { ackDelay, ...rest } = bridge.health();
  expect(rest).toEqual({
    events: 0,
    bytes: 0,
    batches: NONE,
    unanswered: 0,
    streams: 0,
    logs: { open: 0, failed: 0 },
  });
  expect([ackDelay.sum, ...ackDelay.counts]).toEqual([0, ...ackDelay.counts.map(() => 0)]);
});

test("each batch is counted once, as what became of it", async () => {
  const { bridge } = await startTestBridge();
  const stream = openStream(bridge.address);
  const good = [batchOf([update(0), update(1), update(2)]), one(3)];
  // A greeting is no batch; then two that are stored, one again, one with a hole before it, and one that is broken.
  for (const message of [hello(), ...good, one(3), one(9), broken(one(4))]) stream.send(message);
  stream.send(Buffer.from("garbage"));
  stream.send(hello({ epoch: 2n }));
  stream.send(one(0, { epoch: 2n }));
  stream.send(one(5));
  for (let i = 0; i < 10; i++) await stream.next();
  const { events, bytes, batches, ackDelay } = bridge.health();
  expect(batches).toEqual({ ...NONE, stored: 3, duplicate: 1, gap: 1, malformed: 2, stale_epoch: 1 });
  expect(events).toBe(5);
  expect(bytes).toBe([...good, one(0, { epoch: 2n })].reduce((sum, batch) => sum + encodeBatch(batch).length, 0));
  expect(ackDelay.counts.reduce((sum, count) => sum + count)).toBe(8);
  expect(ackDelay.sum).toBeGreaterThan(0);
});

test("streams and logs that are open are counted in and out", async () => {
  const { bridge } = await startTestBridge();
  const stream = openStream(bridge.address);
  stream.send(hello());
  await stream.next();
  expect(bridge.health()).toMatchObject({ streams: 1, logs: { open: 1 }, unanswered: 0 });
  await publishOne(bridge.address, one(0, { runId: "other" }));
  expect(bridge.health()).toMatchObject({ streams: 1, logs: { open: 2, failed: 0 } });
  stream.finish();
  await until("the end of the stream", () => bridge.health().streams === 0);
});

test("a batch that waits is one that is not answered", async () => {
  let answer = (): void => {};
  const waiting = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const { bridge } = await startTestBridge({ notices: async () => waiting.then(() => []) });
  const stream = openStream(bridge.address);
  stream.send(one(0));
  stream.send(one(1));
  await until("both of them", () => bridge.health().unanswered === 2);
  expect(bridge.health().batches).toEqual(NONE);
  answer();
  await stream.next();
  await stream.next();
  expect(bridge.health()).toMatchObject({ unanswered: 0, batches: { stored: 2 } });
});
