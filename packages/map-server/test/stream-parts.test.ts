import { createServer, type ServerResponse } from "node:http";
import type { RunStore } from "@hivewatch/runs";
import { listen, readStream, until } from "@hivewatch/test-support";
import { expect, onTestFinished, test } from "vitest";
import { createCacheMemory, createFrameCache } from "../src/stream/frame-cache.ts";
import { createHub } from "../src/stream/hub.ts";
import { createLogCursors } from "../src/stream/log-cursors.ts";
import { createPublisher } from "../src/stream/publisher.ts";
import { type RunPlace, runPlace } from "../src/stream/run-hub.ts";
import { createLimit } from "../src/stream/scheduling.ts";
import { serve } from "../src/stream/serve.ts";
import { createStreamParts } from "../src/stream/stream-parts.ts";
import { streamAll, streamRun } from "../src/stream/stream-routes.ts";
import type { Subscriber } from "../src/stream/subscriber.ts";
import { init, numbers, numbersOf, startTestServer, type TestServer, updates } from "./support/test-server.ts";

/** A server of the stream of one run or of all, of which the answers can be seen from within. */
async function startStreamServer(
  { store }: TestServer,
  stalledAfterMs: number,
  query = "run_id=r&batch=1",
): Promise<{ url: string; responses: ServerResponse[] }> {
  const closing = new AbortController();
  const parts = createStreamParts({ store, stalledAfterMs, closing: closing.signal });
  const responses: ServerResponse[] = [];
  const server = createServer((request, response) => {
    responses.push(response);
    const query = new URL(request.url ?? "", "http://server").searchParams;
    const exchange = { request, response, query };
    void (query.has("run_id") ? streamRun(exchange, parts, "r") : streamAll(exchange, parts));
  });
  const port = await listen(server);
  onTestFinished(() => closing.abort());
  return { url: `http://127.0.0.1:${port}/stream?${query}`, responses };
}

/** Events of a megabyte together. */
function bigUpdates(first: number, runId = "r"): ReturnType<typeof updates> {
  return updates(100, first, runId).map((each) => ({ ...each, big: "x".repeat(10_000) }));
}

test("a subscriber who takes nothing holds a few writes, however much there is for him", async () => {
  const source = await startTestServer();
  await source.write([init()]);
  const { url, responses } = await startStreamServer(source, 60_000);
  const slow = await readStream(url);
  await slow.note("caught_up");
  slow.pause();
  const fast = await readStream(url);
  let most = 0;
  for (let i = 0; i < 30; i++) {
    await source.write(bigUpdates(i * 100));
    await fast.atLeast(1 + 100 * (i + 1));
    most = Math.max(most, responses[0]?.writableLength ?? 0);
  }
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(100 * 1024);
  slow.resume();
  expect(numbersOf(await slow.atLeast(3001))).toEqual(numbers(3000));
});

test("a subscriber who takes nothing for long is told to load anew, and can go on where he was", async () => {
  const source = await startTestServer();
  await source.write([init()]);
  const { url, responses } = await startStreamServer(source, 1000);
  const slow = await readStream(url);
  await slow.note("caught_up");
  slow.pause();
  for (let i = 0; i < 30; i++) await source.write(bigUpdates(i * 100));
  await until("the end of the stream", () => responses[0]?.writableEnded === true);
  slow.resume();
  await slow.ended;
  expect(slow.frames.at(-1)).toEqual({
    id: undefined,
    events: [{ event_type: "reload", run_id: "r", position: Number(slow.lastId), reason: "stalled" }],
    isArray: true,
  });
  const again = await readStream(`${source.url}/stream?run_id=r&batch=1`, slow.lastId);
  const rest = await again.atLeast(3001 - slow.events.length);
  expect(numbersOf([...slow.events, ...rest])).toEqual(numbers(3000));
});

test("one of all runs is told to load anew as well, and can go on with each where he was", async () => {
  const source = await startTestServer();
  const runIds = ["a", "b"];
  for (const runId of runIds) await source.write([init(runId)]);
  const { url, responses } = await startStreamServer(source, 1000, "batch=1");
  const slow = await readStream(url);
  await slow.note("connected");
  slow.pause();
  for (let i = 0; i < 15; i++) for (const runId of runIds) await source.write(bigUpdates(i * 100, runId));
  await until("the end of the stream", () => responses[0]?.writableEnded === true);
  slow.resume();
  await slow.ended;
  expect(slow.frames.at(-1)).toMatchObject({ events: [{ event_type: "reload", reason: "stalled" }] });
  const again = await readStream(`${source.url}/stream?batch=1`, slow.lastId);
  await until("the rest", () => numbersOf([...slow.events, ...again.events]).length >= 3000);
  for (const runId of runIds) {
    const seen = [...slow.events, ...again.events].filter(({ run_id }) => run_id === runId);
    expect(numbersOf(seen)).toEqual(numbers(1500));
  }
});

test("a subscriber who never takes that either is cut off", async () => {
  const source = await startTestServer();
  const { url, responses } = await startStreamServer(source, 50);
  await source.write([init()]);
  const slow = await readStream(url);
  slow.pause();
  for (let i = 0; i < 30; i++) await source.write(bigUpdates(i * 100));
  await until("the end of the connection", () => responses[0]?.destroyed === true);
  expect(slow.events.length).toBeLessThan(3001);
});

test("caches share their memory, and what was put in first goes first", () => {
  const memory = createCacheMemory(100);
  const [one, two] = [createFrameCache(memory), createFrameCache(memory)];
  const frame = { data: Buffer.alloc(40), next: { id: "" }, isPassing: false };
  one.set("a", frame);
  two.set("b", frame);
  expect([one.get("a"), two.get("b")]).toEqual([frame, frame]);
  one.set("c", frame);
  expect([one.get("a"), two.get("b"), one.get("c")]).toEqual([undefined, frame, frame]);
  one.set("passing", { ...frame, data: Buffer.alloc(0), isPassing: true });
  one.forget();
  expect([one.get("c"), one.get("passing")]).toEqual([frame, undefined]);
  one.clear();
  two.set("d", frame);
  expect([two.get("b"), two.get("d")]).toEqual([frame, frame]);
  two.set("d", frame);
  expect([two.get("b"), two.get("d")]).toEqual([frame, frame]);
  two.set("e", { ...frame, data: Buffer.alloc(200) });
  expect([two.get("b"), two.get("d"), two.get("e")]).toEqual([undefined, undefined, undefined]);
});

test("a log is read in parts that fit together, wherever they are cut", async () => {
  const { store, write } = await startTestServer();
  for (let i = 0; i < 5; i++) await write(updates(700, i * 700));
  let opened = 0;
  const closing = new AbortController();
  const counting: Pick<RunStore, "read"> = {
    read(runId, options) {
      opened++;
      return store.read(runId, options);
    },
  };
  const cursors = createLogCursors(counting, closing.signal);
  const seen: unknown[] = [];
  for (let from = 0; from < 3300; ) {
    const isEnough = (position: number): boolean => position === 1234;
    const entries = await cursors.read({ runId: "r", from, to: 3300, isEnough });
    expect(entries.length).toBeGreaterThan(0);
    expect(entries.length).toBeLessThanOrEqual(1000);
    seen.push(...numbersOf(entries.map(({ event }) => ({ ...event }))));
    from = entries.at(-1)?.position ?? 0;
  }
  expect(seen).toEqual(numbers(3300));
  expect(opened).toBe(1);
  const behind = await cursors.read({ runId: "r", from: 3500, to: 9000, isEnough: () => false });
  expect(behind).toEqual([]);
  await cursors.rest();
});

test("a subscriber who was up to date, and has not been for very long, is told to load anew", async () => {
  const ended: unknown[] = [];
  const subscriber: Subscriber = {
    variant: { form: "batch", coding: "identity" },
    signal: new AbortController().signal,
    note() {},
    // Just slow enough that there is always more for him.
    send: () => new Promise((resolve) => setImmediate(() => resolve(true))),
    end: (event) => void ended.push(event),
  };
  const hub = createHub<RunPlace>({
    head: runPlace(0),
    memory: createCacheMemory(0),
    limit: createLimit(1),
    isBehind: (place, head) => place.position < head.position,
    async load({ position }) {
      const [event = init()] = updates(1);
      return { entries: [{ event, position }], placeAfter: () => runPlace(position + 1) };
    },
  });
  const serving = serve(subscriber, {
    hub,
    start: runPlace(0),
    stalledAfterMs: 0.1,
    reload: ({ position }) => ({ position }),
  });
  const [event = init()] = updates(1);
  await hub.publish({ entries: [{ event, position: 1 }], placeAfter: () => runPlace(Number.MAX_SAFE_INTEGER) });
  await serving;
  expect(ended).toEqual([{ event_type: "reload", position: expect.any(Number), reason: "behind" }]);
});

test("no more work runs at a time than the limit allows, and all of it gets done", async () => {
  const limit = createLimit(3);
  let running = 0;
  let most = 0;
  let done = 0;
  const all = Array.from({ length: 20 }, (_, i) =>
    limit(async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      done++;
      if (i === 5) throw new Error("work that fails makes room, too");
    }).catch(() => undefined),
  );
  await Promise.all(all);
  await until("all", () => done === 20);
  expect(most).toBe(3);
});

test("whatever is offered is published, at whichever moment of the publishing before it", async () => {
  const entries = updates(100).map((event, i) => ({ event, position: i + 1 }));
  const published: number[] = [];
  let offered = 0;
  async function offerNext(turns: number): Promise<void> {
    for (let i = 0; i < turns; i++) await undefined;
    const next = entries.slice(offered, offered + 1);
    offered += next.length;
    if (next.length > 0) void publisher.offer(next);
  }
  const publisher = createPublisher({
    async publish(taken) {
      published.push(...taken.map(({ position }) => position));
      void offerNext(offered % 20);
    },
    pauseMs: () => 0,
    onError(error) {
      throw error;
    },
  });
  void offerNext(0);
  await until("the last one", () => published.length === entries.length);
  expect(published).toEqual(entries.map(({ position }) => position));
});
