import { getEventListeners } from "node:events";
import { newSeed, randomFrom, temporaryFolder, until } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { openRunLog } from "../src/run-log.ts";
import { openRunStore, type RunStore } from "../src/run-store.ts";
import { batchOf, entriesOf, ids, idsOf, updates } from "./support/events.ts";

// So long that nothing but a commit wakes a reader in time for its test.
const NEVER_MS = 2 ** 30;

async function storeWith(count: number, pollIntervalMs = NEVER_MS): Promise<RunStore> {
  const store = openRunStore({ dir: await temporaryFolder(), pollIntervalMs });
  const log = await store.openLog("r");
  if (count > 0) await log.append(batchOf(updates(count)));
  await log.close();
  return store;
}

test("one who follows sees everything once and in order, while it is written", async () => {
  const random = randomFrom(newSeed());
  const store = await storeWith(0);
  const log = await store.openLog("r");
  const stop = new AbortController();
  const readers = Array.from({ length: 5 }, () => entriesOf(store.read("r", { follow: true, signal: stop.signal })));
  const appends: Promise<unknown>[] = [];
  let next = 0;
  for (let i = 0; i < 300; i++) {
    const count = 1 + random.below(20);
    const append = log.append(batchOf(updates(count, next), next));
    next += count;
    appends.push(append);
    if (random.below(3) === 0) await append;
  }
  await Promise.all(appends);
  stop.abort();
  for (const reader of readers) expect(idsOf(await reader)).toEqual(ids(next));
  await log.close();
});

test("one who follows goes through segments that are being begun", async () => {
  const dir = await temporaryFolder();
  const store = openRunStore({ dir, pollIntervalMs: 1 });
  const log = await openRunLog(`${dir}/r.log`, "r", { segmentBytes: 1000 });
  const stop = new AbortController();
  const reader = entriesOf(store.read("r", { follow: true, signal: stop.signal }));
  for (let i = 0; i < 200; i++) await log.append(batchOf(updates(1, i), i));
  await log.close();
  stop.abort();
  expect(idsOf(await reader)).toEqual(ids(200));
});

test("a commit that comes while a reader is busy is not slept through", async () => {
  const store = await storeWith(1);
  const log = await store.openLog("r");
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const step of store.read("r", { follow: true, signal: stop.signal })) {
    seen.push(...idsOf(step.entries));
    if (step.atEnd && seen.length === 1) await log.append(batchOf(updates(1, 1), 1));
    if (seen.length === 2) stop.abort();
  }
  expect(seen).toEqual(ids(2));
  await log.close();
});

test("what another process writes is found by looking", async () => {
  const store = await storeWith(2, 1);
  const other = openRunStore({ dir: store.dir });
  const stop = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const step of store.read("r", { follow: true, signal: stop.signal })) seen.push(...idsOf(step.entries));
  })();
  await until("what was there before", () => seen.length === 2);
  const log = await other.openLog("r");
  await log.append(batchOf(updates(2, 2), 2));
  await until("what the other one has written", () => seen.length === 4);
  stop.abort();
  await reading;
  expect(seen).toEqual(ids(4));
  await log.close();
});

test("a reader goes on from any position, also inside of a batch", async () => {
  const store = await storeWith(20);
  for (let from = 0; from <= 20; from++) {
    const entries = await entriesOf(store.read("r", { from }));
    expect(idsOf(entries)).toEqual(ids(20).slice(from));
    expect(entries.map((entry) => entry.position)).toEqual(Array.from({ length: 20 - from }, (_, i) => from + i + 1));
  }
  expect(await entriesOf(store.read("r", { from: 1000 }))).toEqual([]);
});

test("a reader that is told to stop reads to the end first, and then ends", async () => {
  const store = await storeWith(10);
  expect(idsOf(await entriesOf(store.read("r", { follow: true, signal: AbortSignal.abort() })))).toEqual(ids(10));
});

test("the end of what is there is told each time it is reached", async () => {
  const store = await storeWith(3);
  const steps: (number | "end")[] = [];
  for await (const { entries, atEnd } of store.read("r")) steps.push(atEnd ? "end" : entries.length);
  expect(steps).toEqual([3, "end"]);
});

test("a run that isn't there is told of at once", async () => {
  const store = await storeWith(1);
  await expect(entriesOf(store.read("other", { follow: true }))).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringContaining('"other"'),
  });
});

test("a reader that waits often leaves no listener behind", async () => {
  const store = await storeWith(1);
  const log = await store.openLog("r");
  const stop = new AbortController();
  const reading = entriesOf(store.read("r", { follow: true, signal: stop.signal }));
  for (let i = 1; i < 50; i++) {
    await until("a reader that waits", () => getEventListeners(stop.signal, "abort").length === 1);
    await log.append(batchOf(updates(1, i), i));
  }
  stop.abort();
  expect(idsOf(await reading)).toEqual(ids(50));
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  await log.close();
});
