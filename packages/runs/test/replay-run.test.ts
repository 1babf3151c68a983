import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BatchEmitter, type HiveEvent, stringifyEvent } from "@hivewatch/core";
import { temporaryFolder } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { openRunStore, type ReplayOptions, type RunStore, replayRun } from "../src/index.ts";
import { update, updates } from "./support/events.ts";
import { append, appendUpdates, finished } from "./support/stored.ts";

/** An emitter that notes what it is given, and stops its run after so many events if told to. */
function noting(stopAfter = Number.POSITIVE_INFINITY) {
  const stop = new AbortController();
  const events: HiveEvent[] = [];
  const recalled: HiveEvent[] = [];
  let finishes = 0;
  const emitter: BatchEmitter = {
    name: "noting",
    write(batch) {
      events.push(...batch);
      if (events.length >= stopAfter) stop.abort();
      return { status: "delivered" };
    },
    recall: (batch) => void recalled.push(...batch),
    finish: () => void finishes++,
  };
  const replay = (store: RunStore, options: Partial<ReplayOptions> = {}) =>
    replayRun(store, "r", { reader: "e", open: () => emitter, signal: stop.signal, ...options });
  return { events, recalled, replay, finishes: () => finishes };
}

async function newStore(): Promise<RunStore> {
  return openRunStore({ dir: await temporaryFolder() });
}

/** A run of Python hivewatch: lines alone. */
async function pythonStore(events: readonly unknown[]): Promise<RunStore> {
  const dir = await temporaryFolder();
  await writeFile(join(dir, "r.jsonl"), events.map((event) => `${stringifyEvent(event)}\n`).join(""));
  return openRunStore({ dir });
}

function idsOf(events: readonly HiveEvent[]): unknown[] {
  return events.flatMap(({ clients }) => (Array.isArray(clients) ? clients.map(({ client_id: id }) => id) : []));
}

test("a saved run is sent from its beginning to its end, once, unless it is asked for again", async () => {
  const store = await newStore();
  await appendUpdates(store, "r", 1200);
  const first = noting();
  const shares: number[] = [];
  const onProgress = ({ share }: { share: number }) => shares.push(share);
  expect(await first.replay(store, { onProgress })).toEqual({ events: 1200, isComplete: true });
  expect(shares.at(-1)).toBe(1);
  expect(first.finishes()).toBe(1);
  const second = noting();
  expect(await second.replay(store)).toEqual({ events: 0, isComplete: true });
  expect(await second.replay(store, { again: true })).toEqual({ events: 1200, isComplete: true });
  expect(idsOf(second.events)).toEqual(idsOf(first.events));
});

test.each([
  [
    "a log",
    async (all: readonly HiveEvent[]) => {
      const store = await newStore();
      await append(store, "r", [...all]);
      return store;
    },
  ],
  ["lines of Python hivewatch", pythonStore],
])("one that was broken off goes on from there: %s", async (_, make) => {
  const all = [...updates(1500), finished()];
  const store = await make(all);
  const first = noting(1000);
  expect(await first.replay(store)).toMatchObject({ isComplete: false });
  const second = noting();
  expect(await second.replay(store)).toMatchObject({ isComplete: true });
  // The batch at which it was broken off comes again.
  expect(idsOf(second.recalled)).toEqual(idsOf(all).slice(0, 500));
  expect(idsOf([...second.recalled, ...second.events])).toEqual(idsOf(all));
  expect((await store.list()).map(({ run_id }) => run_id)).toEqual(["r"]);
});

test("at the real pace it pauses where the run did, and sends what came together", async () => {
  const times = ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.010Z", "2026-01-01T00:00:00.300Z"];
  const store = await pythonStore(times.map((timestamp, i) => ({ ...update({ client_id: `c${i}` }), timestamp })));
  const sizes: number[] = [];
  const emitter: BatchEmitter = {
    name: "sizes",
    write(batch) {
      sizes.push(batch.length);
      return { status: "delivered" };
    },
  };
  await noting().replay(store, { open: () => emitter, pace: "real" });
  expect(sizes).toEqual([2, 1]);
});

test("a run that isn't there is told of", async () => {
  await expect(noting().replay(await newStore())).rejects.toThrow("there is no run r");
});
