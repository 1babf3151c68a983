import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { BatchEmitter, WriteResult } from "@hivewatch/core";
import { temporaryFolder, until } from "@hivewatch/test-support";
import { expect, onTestFinished, test, vi } from "vitest";
import { createReaderHealth, keepArtifacts, keepDelivering, openRunStore, type ReaderHealth } from "../src/index.ts";
import { updates } from "./support/events.ts";
import { appendTo, appendUpdates, finished } from "./support/stored.ts";

const NOTHING = { events: 0, runs: 0, waitedMs: 0 };

/** An emitter that holds what it gets until it is told how to answer. */
function held() {
  let answer: (result: WriteResult) => void = () => {};
  const sizes: number[] = [];
  const emitter: BatchEmitter = {
    name: "held",
    write(batch) {
      sizes.push(batch.length);
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
  };
  return { emitter, sizes, answer: (result: WriteResult) => answer(result) };
}

function keep(store: ReturnType<typeof openRunStore>, emitter: BatchEmitter): ReaderHealth {
  const health = createReaderHealth("e");
  const stop = new AbortController();
  const ended = keepDelivering(store, {
    reader: "e",
    open: () => emitter,
    signal: stop.signal,
    graceMs: 1,
    health,
  });
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  return health;
}

test("a reader that stands still lags behind by all that comes, and for as long as the first of it has waited", async () => {
  const store = openRunStore({ dir: await temporaryFolder(), readers: ["e"] });
  const { emitter, sizes, answer } = held();
  const health = keep(store, emitter);
  expect(health.lag()).toEqual(NOTHING);
  const [one, other] = [await store.openLog("one"), await store.openLog("other")];
  await appendTo(one, updates(3, 0, "one"));
  await until("a batch", () => sizes.length === 1);
  const before = health.lag();
  expect(before).toMatchObject({ events: 3, runs: 1 });
  await appendTo(one, updates(700, 3, "one"));
  await appendTo(other, updates(5, 0, "other"));
  await until("another batch", () => sizes.length === 2);
  await until("a longer wait", () => health.lag().waitedMs > before.waitedMs + 5);
  expect(health.lag()).toMatchObject({ events: 708, runs: 2 });
  expect(health.stats).toMatchObject({ delivered: 0, refused: 0, retries: 0 });
  // What is told last is held, which is the other run's; then the first one's are still in the log.
  answer({ status: "delivered", refused: 2, reason: "too many" });
  await until("the other run's", () => health.lag().events === 703);
  expect(health.stats).toMatchObject({ name: "e", delivered: 3, refused: 2 });
  await Promise.all([one.close(), other.close()]);
});

test("a reader that keeps up doesn't lag, and forgets runs that are over", async () => {
  const store = openRunStore({ dir: await temporaryFolder(), readers: ["e"] });
  let tries = 0;
  const health = keep(store, {
    name: "flaky",
    write: () => (++tries % 2 === 1 ? { status: "retry", afterMs: 1 } : { status: "delivered" }),
  });
  const log = await store.openLog("r");
  await appendTo(log, updates(1200));
  await until("all of it", () => health.stats.delivered === 1200);
  expect(health.lag()).toEqual(NOTHING);
  await appendTo(log, [finished()]);
  await log.close();
  await until("its end", async () => (await store.behindReader("e")).length === 0);
  await until("nothing left", () => health.lag().runs === 0);
  expect(health.stats).toMatchObject({ delivered: 1201, retries: tries / 2 });
});

test("runs that an earlier process has left behind wait until they are read", async () => {
  const before = openRunStore({ dir: await temporaryFolder(), readers: ["e"] });
  for (const runId of ["a", "b", "c", "d", "f", "g"]) await appendUpdates(before, runId, 3);
  const store = openRunStore({ dir: before.dir, readers: ["e"] });
  let isThere = false;
  const health = keep(store, {
    name: "away",
    write: () => (isThere ? { status: "delivered" } : { status: "retry", afterMs: 1 }),
  });
  await until("some tries", () => health.stats.retries > 10);
  const { runs, waitedMs } = health.lag();
  expect(runs).toBe(6);
  await until("a longer wait", () => health.lag().waitedMs > waitedMs);
  isThere = true;
  await until("nothing left", () => health.lag().runs === 0);
  expect(health.stats.delivered).toBe(18);
  expect(health.lag()).toEqual(NOTHING);
});

test("the writing of files is a reader, too", async () => {
  const before = openRunStore({ dir: await temporaryFolder() });
  await appendUpdates(before, "left", 5);
  const store = openRunStore({ dir: before.dir });
  const health = createReaderHealth("files");
  const stop = new AbortController();
  const ended = keepArtifacts(store, { signal: stop.signal, health });
  const log = await store.openLog("r");
  await appendTo(log, updates(100));
  await until("the files of both", async () => {
    return health.lag().runs === 0 && (await before.behindArtifacts()).length <= 1;
  });
  expect(health.lag()).toEqual(NOTHING);
  await log.close();
  stop.abort();
  await ended;
});

test("a reader that fails at a run stays behind, whatever it fails at", async () => {
  const store = openRunStore({ dir: await temporaryFolder(), readers: ["e"] });
  const [emitting, writing] = [createReaderHealth("e"), createReaderHealth("files")];
  const stop = new AbortController();
  const said: string[] = [];
  const options = { signal: stop.signal, onDiagnostic: (message: string) => said.push(message) };
  const open = (): Promise<BatchEmitter> => Promise.reject(new Error("can't be made"));
  const ended = [
    keepDelivering(store, { ...options, reader: "e", open, health: emitting }),
    keepArtifacts(store, { ...options, health: writing }),
  ];
  // Something else is where files of the run should be.
  await mkdir(join(store.dir, "r.map2.json/occupied"), { recursive: true });
  const log = await store.openLog("r");
  await appendTo(log, updates(10));
  await until("both failures", () => ["[e]", "the files"].every((who) => said.some((text) => text.startsWith(who))));
  await appendTo(log, updates(5, 10));
  await until("a wait", () => Math.min(emitting.lag().waitedMs, writing.lag().waitedMs) > 5);
  expect(emitting.lag()).toMatchObject({ events: 15, runs: 1 });
  expect(writing.lag()).toMatchObject({ runs: 1 });
  await log.close();
  stop.abort();
  await Promise.all(ended);
});

test("the wait is at least that of what came last before a position that is not reached", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const health = createReaderHealth("e");
  health.begin("r", 0);
  health.hear({ runId: "r", position: 0, isOpen: true });
  expect(health.lag()).toEqual(NOTHING);
  health.hear({ runId: "r", position: 10, isOpen: true });
  vi.advanceTimersByTime(1000);
  health.hear({ runId: "r", position: 30, isOpen: true });
  vi.advanceTimersByTime(1000);
  health.reach("r", 5);
  expect(health.lag()).toEqual({ events: 25, runs: 1, waitedMs: 2000 });
  health.reach("r", 10);
  vi.advanceTimersByTime(500);
  expect(health.lag()).toEqual({ events: 20, runs: 1, waitedMs: 500 });
  health.reach("r", 30);
  expect(health.lag()).toEqual(NOTHING);
});

test("a run that is not delivered counts for nothing", async () => {
  const health = createReaderHealth("e");
  health.expect(["never", "unwanted"]);
  health.hear({ runId: "unwanted", position: 100, isOpen: true });
  expect(health.lag().runs).toBe(2);
  for (const runId of ["never", "unwanted"]) health.end(runId);
  expect(health.lag()).toEqual(NOTHING);
  health.hear({ runId: "unwanted", position: 200, isOpen: true });
  health.hear({ runId: "unwanted", position: 200, isOpen: false });
  expect(health.lag()).toEqual(NOTHING);
});

test("a reader that is busy with one run is behind in another that came and went meanwhile", () => {
  const health = createReaderHealth("e");
  health.hear({ runId: "first", position: 5, isOpen: true });
  health.begin("first", 0);
  health.hear({ runId: "second", position: 1, isOpen: true });
  health.hear({ runId: "second", position: 7, isOpen: false });
  expect(health.lag()).toMatchObject({ events: 12, runs: 2 });
  health.begin("second", 0);
  health.reach("second", 7);
  health.end("second");
  expect(health.lag()).toMatchObject({ events: 5, runs: 1 });
});

test("of a run that was over before anybody could say so, a reader has all to read", () => {
  const health = createReaderHealth("e");
  health.hear({ runId: "r", position: 7, isOpen: false });
  expect(health.lag()).toMatchObject({ events: 7, runs: 1 });
  health.begin("r", 0);
  health.reach("r", 7);
  health.end("r");
  expect(health.lag()).toEqual(NOTHING);
});

test("what a reader has no use for is not in its way", () => {
  const health = createReaderHealth("e");
  health.hear({ runId: "another's", position: 7, isOpen: true });
  health.end("another's");
  health.hear({ runId: "another's", position: 9, isOpen: true });
  expect(health.lag()).toEqual(NOTHING);
});
