import { temporaryFolder } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { startBridge } from "../src/index.ts";
import { hello, one, openStream, publishOne, type RawStream } from "./support/raw-client.ts";
import { numbers, numbersOf, startTestBridge, type TestBridge } from "./support/test-bridge.ts";

test("a bridge that closes acknowledges what it took, and ends its streams in peace", async () => {
  const { bridge, store } = await startTestBridge();
  const stream = openStream(bridge.address);
  for (const i of numbers(300)) stream.send(one(i));
  await stream.next();
  await bridge.close();
  expect(await stream.end).toBeUndefined();
  const acked = stream.acks.length;
  expect(stream.acks.map((ack) => ack.nextSeq)).toEqual(numbers(acked).map((i) => BigInt(i + 1)));
  expect((await numbersOf(store)).length).toBe(acked);
});

test("a bridge on the same folder continues the sequence", async () => {
  const dir = await temporaryFolder();
  for (const start of [0, 10, 20]) {
    const { bridge, store } = await startTestBridge({ dir });
    const stream = openStream(bridge.address);
    stream.send(hello());
    expect((await stream.next()).nextSeq).toBe(BigInt(start));
    for (let i = start; i < start + 10; i++) stream.send(one(i));
    stream.finish();
    expect(await stream.end).toBeUndefined();
    await bridge.close();
    expect(await numbersOf(store)).toEqual(numbers(start + 10));
  }
});

/** More than fits into the buffers between two ends of a connection. */
const TOO_MANY = 8000;

/** Sends a lot without reading an answer, until nothing more is taken. */
async function stall({ bridge, store }: TestBridge): Promise<RawStream> {
  const stream = openStream(bridge.address);
  stream.pause();
  for (const i of numbers(TOO_MANY)) stream.send(one(i));
  let stored = -1;
  let quiet = 0;
  for (let i = 0; quiet < 100; i++) {
    // Others are served meanwhile; each of these takes as long as many batches of the stream would.
    expect((await publishOne(bridge.address, one(i, { runId: "other" }))).nextSeq).toBe(BigInt(i + 1));
    const now = (await store.listing("r"))?.position ?? 0;
    quiet = now === stored && now > 0 ? quiet + 1 : 0;
    stored = now;
  }
  expect(stored).toBeLessThan(TOO_MANY);
  return stream;
}

test("who sends on and never reads the answers is made to wait, so that the memory isn't filled with them", async () => {
  const test = await startTestBridge();
  const stream = await stall(test);
  stream.resume();
  stream.finish();
  expect(await stream.end).toBeUndefined();
  expect(stream.acks.at(-1)?.nextSeq).toBe(BigInt(TOO_MANY));
  expect(await numbersOf(test.store)).toEqual(numbers(TOO_MANY));
});

test("a bridge that closes doesn't wait for ever for one who never reads", async () => {
  const test = await startTestBridge();
  const stream = await stall(test);
  await test.bridge.close();
  stream.resume();
  expect(await stream.end).toBeInstanceOf(Error);
});

test("an address that is taken is told of", async () => {
  const { bridge, store } = await startTestBridge();
  const starting = startBridge({ store, port: bridge.port });
  await expect(starting).rejects.toMatchObject({ code: "unavailable", message: expect.stringMatching(/EADDRINUSE/) });
});
