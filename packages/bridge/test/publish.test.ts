import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { encodeBatch } from "@hivewatch/runs";
import { BatchSchema } from "@hivewatch/runs/gen/hivewatch/v1/batch_pb.ts";
import { temporaryFolder } from "@hivewatch/test-support";
import { describe, expect, test } from "vitest";
import { batchOf, broken, hello, one, openStream, publishOne, update } from "./support/raw-client.ts";
import { eventsOf, numbers, numbersOf, startTestBridge } from "./support/test-bridge.ts";

test("a batch is acknowledged by its number, and is in the log then", async () => {
  const { bridge, store } = await startTestBridge();
  const stream = openStream(bridge.address);
  stream.send(hello());
  expect(await stream.next()).toMatchObject({ batch: 0n, runId: "r", producerId: "p", producerEpoch: 1n, nextSeq: 0n });
  stream.send(batchOf([update(0), update(1)]));
  const ack = await stream.next();
  expect(ack).toMatchObject({ batch: 1n, nextSeq: 2n });
  expect(ack.refusal).toBeUndefined();
  expect(await numbersOf(store)).toEqual(numbers(2));
});

test("one batch alone is published without a stream", async () => {
  const { bridge, store } = await startTestBridge();
  expect(await publishOne(bridge.address, one(0))).toMatchObject({ batch: 0n, nextSeq: 1n });
  expect(await publishOne(bridge.address, one(1))).toMatchObject({ batch: 0n, nextSeq: 2n });
  expect(await publishOne(bridge.address, one(1))).toMatchObject({ nextSeq: 2n });
  expect(await publishOne(bridge.address, hello())).toMatchObject({ nextSeq: 2n });
  expect((await publishOne(bridge.address, one(9))).refusal).toMatchObject({ code: "gap" });
  expect((await publishOne(bridge.address, Buffer.from("garbage"))).refusal).toMatchObject({ code: "malformed" });
  expect(await numbersOf(store)).toEqual(numbers(2));
});

test("many batches in flight are answered in their order, those that are refused too", async () => {
  const { bridge, store } = await startTestBridge();
  const stream = openStream(bridge.address);
  for (const i of numbers(500)) stream.send(i % 50 === 49 ? broken(one(i)) : one(i));
  stream.finish();
  expect(await stream.end).toBeUndefined();
  expect(stream.acks.map((ack) => ack.batch)).toEqual(numbers(500).map(BigInt));
  expect(stream.acks.map((ack) => ack.nextSeq)).toEqual(numbers(500).map((i) => BigInt(i + 1)));
  const refused = stream.acks.filter((ack) => ack.refusal !== undefined).map((ack) => Number(ack.batch));
  expect(refused).toEqual(numbers(500).filter((i) => i % 50 === 49));
  expect(await eventsOf(store)).toHaveLength(500);
});

describe("a batch that is of no use is refused, and the stream lives on:", () => {
  test("one that breaks the contract, with word of the loss in its place", async () => {
    const { bridge, store } = await startTestBridge();
    const stream = openStream(bridge.address);
    stream.send(one(0));
    stream.send(broken(batchOf([update(1), update(2), update(3)], 1)));
    stream.send(one(4));
    const [, refused, stored] = [await stream.next(), await stream.next(), await stream.next()];
    expect(refused).toMatchObject({ batch: 1n, nextSeq: 4n, refusal: { code: "malformed" } });
    expect(refused?.refusal?.reason).toContain("crc32 does not match");
    expect(stored).toMatchObject({ batch: 2n, nextSeq: 5n });
    expect(await eventsOf(store)).toMatchObject([
      { event_type: "client_update" },
      { event_type: "batch_refused", count: 3, reason: refused?.refusal?.reason },
      { event_type: "client_update" },
    ]);
  });

  test("one that is sent again is not lost again", async () => {
    const { bridge, store } = await startTestBridge();
    const stream = openStream(bridge.address);
    for (let i = 0; i < 3; i++) stream.send(broken(one(0)));
    for (let i = 0; i < 3; i++) {
      expect(await stream.next()).toMatchObject({ nextSeq: 1n, refusal: { code: "malformed" } });
    }
    expect(await eventsOf(store)).toHaveLength(1);
  });

  test.each<[string, Uint8Array]>([
    ["garbage", Buffer.from("hello world, I am no batch")],
    ["nothing", Buffer.alloc(0)],
    ["ones", Buffer.alloc(1000, 0xff)],
    ["half a batch", encodeBatch(one(0)).subarray(0, 20)],
    ["no producer", toBinary(BatchSchema, hello({ producerId: "" }))],
    ["the largest numbers", encodeBatch({ ...one(0), firstSeq: 2n ** 64n - 1n, count: 2 ** 32 - 1 })],
  ])("%s", async (_, bytes) => {
    const { bridge, store } = await startTestBridge();
    const stream = openStream(bridge.address);
    stream.send(bytes);
    stream.send(one(0));
    const refused = await stream.next();
    expect(refused).toMatchObject({ batch: 0n, refusal: { code: "malformed" } });
    expect(refused.refusal?.reason).not.toBe("");
    expect(await stream.next()).toMatchObject({ batch: 1n, nextSeq: 1n });
    expect(await numbersOf(store)).toEqual([0]);
  });

  test("a time that no calendar has is malformed, and not for a second try", async () => {
    const { bridge } = await startTestBridge();
    const batch = batchOf([update(0)]);
    const payload = batch.payload.case === "columns" ? Buffer.from(batch.payload.value) : Buffer.alloc(0);
    const time = Buffer.alloc(8);
    time.writeBigUInt64LE(1_795_419_800_337_352n);
    payload.fill(0xff, payload.indexOf(time), payload.indexOf(time) + 8);
    const ack = await publishOne(
      bridge.address,
      encodeBatch({ ...batch, crc32: crc32(payload), payload: { case: "columns", value: payload } }),
    );
    expect(ack.refusal).toMatchObject({ code: "malformed", reason: expect.stringContaining("timestamp_us") });
  });

  test.each(["../../x", "..", "a/b", "/etc/x", "a\\b", "a\0b", "C:x", "x".repeat(200)])(
    "the run id %j, and nothing is written",
    async (runId) => {
      const outer = await temporaryFolder();
      const dir = join(outer, "runs");
      await mkdir(dir);
      const { bridge } = await startTestBridge({ dir });
      const stream = openStream(bridge.address);
      stream.send({ ...one(0), runId });
      stream.send({ ...hello(), runId });
      for (const batch of [0n, 1n]) {
        const ack = await stream.next();
        expect(ack).toMatchObject({ batch, refusal: { code: "malformed" } });
        expect(ack.refusal?.reason).toContain("run id");
      }
      expect(await readdir(outer, { recursive: true })).toEqual(["runs"]);
    },
  );
});

test("a gap is refused with the number to go on from, and then filled", async () => {
  const { bridge, store } = await startTestBridge();
  const stream = openStream(bridge.address);
  stream.send(one(0));
  stream.send(one(5));
  stream.send(one(1));
  stream.send(one(2));
  const acks = [await stream.next(), await stream.next(), await stream.next(), await stream.next()];
  expect(acks.map((ack) => [ack.nextSeq, ack.refusal?.code])).toEqual([
    [1n, undefined],
    [1n, "gap"],
    [2n, undefined],
    [3n, undefined],
  ]);
  expect(await numbersOf(store)).toEqual(numbers(3));
});

test("what is sent again after a connection broke is stored once", async () => {
  const { bridge, store } = await startTestBridge();
  const first = openStream(bridge.address);
  for (const i of numbers(20)) first.send(one(i));
  await first.next();
  first.cancel();
  const second = openStream(bridge.address);
  second.send(hello());
  const { nextSeq } = await second.next();
  expect(nextSeq).toBeGreaterThan(0n);
  for (const i of numbers(30)) second.send(one(i));
  second.finish();
  await second.end;
  expect(second.acks.every((ack) => ack.refusal === undefined)).toBe(true);
  expect(await numbersOf(store)).toEqual(numbers(30));
});

test("connections that write one run at the same time keep their own order", async () => {
  const { bridge, store } = await startTestBridge();
  const streams = ["p", "q", "s"].map((producerId) => ({ producerId, stream: openStream(bridge.address) }));
  for (const i of numbers(100)) for (const { producerId, stream } of streams) stream.send(one(i, { producerId }));
  for (const { stream } of streams) {
    stream.finish();
    expect(await stream.end).toBeUndefined();
    expect(stream.acks.at(-1)?.nextSeq).toBe(100n);
  }
  expect((await numbersOf(store)).sort((a, b) => Number(a) - Number(b))).toEqual(
    numbers(300).map((i) => Math.floor(i / 3)),
  );
});

test("one connection may write several runs", async () => {
  const { bridge, store } = await startTestBridge();
  const stream = openStream(bridge.address);
  const runIds = ["error", "constructor", "__proto__", "病院 🐝"];
  for (const i of numbers(10)) for (const runId of runIds) stream.send(one(i, { runId }));
  stream.finish();
  expect(await stream.end).toBeUndefined();
  for (const runId of runIds) expect(await numbersOf(store, runId)).toEqual(numbers(10));
});

test("an older epoch of a producer is told to stop", async () => {
  const { bridge, store } = await startTestBridge();
  const stream = openStream(bridge.address);
  stream.send(one(0, { epoch: 2n }));
  stream.send(one(0));
  await stream.next();
  expect(await stream.next()).toMatchObject({ refusal: { code: "stale_epoch" } });
  expect(await numbersOf(store)).toEqual([0]);
});

test("what this version doesn't know is kept: fields and types of events, and fields of the message", async () => {
  const { bridge, store } = await startTestBridge();
  const stream = openStream(bridge.address);
  const strange = { ...update(0), event_type: "something_new", field: { deep: [1] } };
  const unknownField = new BinaryWriter().tag(99, WireType.LengthDelimited).string("from the future").finish();
  stream.send(Buffer.concat([encodeBatch(batchOf([strange])), unknownField]));
  expect(await stream.next()).toMatchObject({ nextSeq: 1n });
  expect(await eventsOf(store)).toEqual([strange]);
});

test("numbers that are none survive", async () => {
  const { bridge, store } = await startTestBridge();
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];
  expect((await publishOne(bridge.address, batchOf(odd.map((value) => update(value))))).nextSeq).toBe(4n);
  expect(await numbersOf(store)).toEqual(odd);
});

test("a message that is too large ends its own stream alone, and those that are not go through", async () => {
  const { bridge, store } = await startTestBridge();
  const good = openStream(bridge.address);
  const bad = openStream(bridge.address);
  good.send(one(0));
  await good.next();
  bad.send(Buffer.alloc(17 * 1024 * 1024));
  expect((await bad.end)?.message).toContain("RESOURCE_EXHAUSTED");
  good.send(one(1));
  expect(await good.next()).toMatchObject({ nextSeq: 2n });
  const large = batchOf([update(0, "large", { blob: "x".repeat(15 * 1024 * 1024) })]);
  expect(await publishOne(bridge.address, large)).toMatchObject({ nextSeq: 1n });
  expect(await numbersOf(store)).toEqual(numbers(2));
});

test("a run goes on after it had finished", async () => {
  const { bridge, store } = await startTestBridge();
  const stream = openStream(bridge.address);
  const time = "2026-11-23T07:43:20.337352+00:00";
  for (const i of numbers(5)) {
    const init = { event_type: "init", run_id: "r", timestamp: time, started_at: time, algorithm: "x", config: {} };
    stream.send(batchOf([init, { event_type: "finished", run_id: "r", timestamp: time }], 2 * i));
  }
  stream.finish();
  await stream.end;
  // A batch that meets the log while it is being closed is to be sent again.
  let stored = stream.acks.filter((ack) => ack.refusal === undefined).length;
  expect(stored).toBeGreaterThan(0);
  for (; stored < 5; stored++) {
    const init = { event_type: "init", run_id: "r", timestamp: time, started_at: time, algorithm: "x", config: {} };
    const again = batchOf([init, { event_type: "finished", run_id: "r", timestamp: time }], 2 * stored);
    expect((await publishOne(bridge.address, again)).refusal).toBeUndefined();
  }
  expect((await eventsOf(store)).map((event) => event.event_type)).toEqual(
    numbers(5).flatMap(() => ["init", "finished"]),
  );
});

test("a run whose log can't be opened is unavailable, and the others go on; once it can be, it goes on as well", async () => {
  const dir = await temporaryFolder();
  const { bridge, store, said } = await startTestBridge({ dir });
  await writeFile(join(dir, "bad.log"), "in the way");
  const stream = openStream(bridge.address);
  stream.send(one(0, { runId: "bad" }));
  stream.send(one(0, { runId: "good" }));
  expect(await stream.next()).toMatchObject({ batch: 0n, refusal: { code: "unavailable" } });
  expect(await stream.next()).toMatchObject({ batch: 1n, nextSeq: 1n });
  expect(said).toContainEqual(expect.stringContaining("the log of run bad can't be opened"));
  await rm(join(dir, "bad.log"));
  stream.send(one(0, { runId: "bad" }));
  expect((await stream.next()).refusal).toBeUndefined();
  expect(await numbersOf(store, "bad")).toEqual([0]);
});

test("a run whose log is of a newer format is unavailable, with the file that is", async () => {
  const dir = await temporaryFolder();
  await mkdir(join(dir, "bad.log"));
  const path = join(dir, "bad.log", `${"0".repeat(20)}.seg`);
  await writeFile(path, "HWLOG\0\0\x02 and something newer");
  const { bridge } = await startTestBridge({ dir });
  for (const batch of [hello({ runId: "bad" }), one(0, { runId: "bad" })]) {
    const { refusal } = await publishOne(bridge.address, batch);
    expect(refusal).toMatchObject({ code: "unavailable", reason: expect.stringContaining(path) });
  }
});
