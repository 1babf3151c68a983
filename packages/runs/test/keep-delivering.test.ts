import type { BatchEmitter, Emitter, HiveEvent, HookEmitter, WriteResult } from "@hivewatch/core";
import { newSeed, randomFrom, temporaryFolder, until } from "@hivewatch/test-support";
import { expect, onTestFinished, test } from "vitest";
import { keepDelivering, openRunStore, type RunStore } from "../src/index.ts";
import { batchOf, event, ids, update, updates } from "./support/events.ts";
import { append, appendUpdates, finished } from "./support/stored.ts";

interface KeepOptions {
  wants?: (runId: string) => Promise<boolean>;
  reader?: string;
  graceMs?: number;
}

/** Delivers until the test or `stop` ends it. */
function keep(store: RunStore, open: (runId: string) => Emitter, { reader = "e", graceMs, wants }: KeepOptions = {}) {
  const said: string[] = [];
  const controller = new AbortController();
  const onDiagnostic = (message: string): number => said.push(message);
  const ended = keepDelivering(store, { reader, open, wants, signal: controller.signal, graceMs, onDiagnostic });
  const stop = async (): Promise<void> => {
    controller.abort();
    await ended;
  };
  onTestFinished(stop);
  return { said, stop };
}

/** An emitter that notes what it is given, and answers as it is told to. */
function noting(
  answer: (batch: readonly HiveEvent[]) => WriteResult | Promise<WriteResult> = () => ({ status: "delivered" }),
) {
  const events: HiveEvent[] = [];
  const sizes: number[] = [];
  let finishes = 0;
  const emitter: BatchEmitter = {
    name: "noting",
    async write(batch) {
      const result = await answer(batch);
      sizes.push(batch.length);
      if (result.status === "delivered") events.push(...batch);
      return result;
    },
    finish() {
      finishes++;
    },
  };
  return { emitter, events, sizes, finishes: () => finishes };
}

async function newStore(): Promise<RunStore> {
  return openRunStore({ dir: await temporaryFolder(), readers: ["e"] });
}

test("a run is delivered while it is written, in its order, in batches, and its emitter closed at its end", async () => {
  const store = await newStore();
  const { emitter, events, sizes, finishes } = noting();
  keep(store, () => emitter);
  const log = await store.openLog("r");
  await log.append(batchOf(updates(1200)));
  await log.append(batchOf([finished()], 1200));
  await until("the emitter's end", () => finishes() === 1);
  expect(idsOf(events)).toEqual(ids(1200));
  expect(events.at(-1)).toMatchObject(finished());
  expect(Math.max(...sizes)).toBe(500);
  expect(events.every(Object.isFrozen)).toBe(true);
  await log.close();
  await until("the cursor", async () => (await store.behindReader("e")).length === 0);
  expect((await store.cursor("r", "e")).position).toBe(1201);
});

test("what a reader has not been told is told after a restart, and only that", async () => {
  const store = await newStore();
  await appendUpdates(store, "r", 3);
  const first = noting();
  const before = keep(store, () => first.emitter);
  await until("three events", () => first.events.length === 3);
  await before.stop();
  await appendUpdates(store, "r", 2, 3);
  expect(await store.behindReader("e")).toEqual(["r"]);
  const again = openRunStore({ dir: store.dir, readers: ["e"] });
  const second = noting();
  keep(again, () => second.emitter);
  await until("two events", () => second.events.length === 2);
  expect(idsOf(second.events)).toEqual(ids(2, 3));
});

test("a run that no reader was kept for is not delivered when there is one, until something more comes: then all of it", async () => {
  const dir = await temporaryFolder();
  await appendUpdates(openRunStore({ dir }), "saved", 3);
  await appendUpdates(openRunStore({ dir }), "live", 3);
  const store = openRunStore({ dir, readers: ["e"] });
  const { emitter, events } = noting();
  keep(store, () => emitter);
  await appendUpdates(store, "live", 1, 3);
  await until("four events", () => events.length === 4);
  expect(events.map((each) => each.run_id)).toEqual(Array(4).fill("live"));
  expect(idsOf(events)).toEqual(ids(4));
});

test("a destination that is away is waited for, and others go on meanwhile", async () => {
  const store = openRunStore({ dir: await temporaryFolder(), readers: ["away", "there"] });
  let isBack = false;
  const away = noting(() => (isBack ? { status: "delivered" } : { status: "retry", afterMs: 1, reason: "away" }));
  const there = noting();
  const { said } = keep(store, () => away.emitter, { reader: "away" });
  keep(store, () => there.emitter, { reader: "there" });
  await append(store, "r", [...updates(5), finished()]);
  await until("the other's events", () => there.finishes() === 1);
  await until("some tries", () => away.sizes.length > 20);
  expect(said).toEqual([expect.stringContaining("trying again: away")]);
  isBack = true;
  await until("its own events", () => away.finishes() === 1);
  expect(away.events).toEqual(there.events);
});

test("what is refused is left behind, with a word", async () => {
  const store = await newStore();
  const { emitter, sizes } = noting((batch) =>
    batch.length > 400 ? { status: "refused", reason: "too many" } : { status: "delivered" },
  );
  const { said } = keep(store, () => emitter);
  await appendUpdates(store, "r", 600);
  await until("the cursor", async () => (await store.cursor("r", "e")).position === 600);
  expect(sizes).toEqual([500, 100]);
  expect(said).toEqual([expect.stringContaining("refused 500 events: too many")]);
});

test("one that throws is tried again, and is told why", async () => {
  const store = await newStore();
  let throws = 3;
  const { emitter, events } = noting(() => {
    if (throws-- > 0) throw new Error("connection refused");
    return { status: "delivered" };
  });
  const { said } = keep(store, () => emitter);
  await appendUpdates(store, "r", 2);
  await until("the events", () => events.length === 2);
  expect(said).toEqual([expect.stringContaining("trying again: connection refused")]);
});

test("one that hangs is not waited for when it is over, and loses nothing", async () => {
  const store = await newStore();
  let hangs = 0;
  const hung: BatchEmitter = {
    name: "hung",
    write() {
      hangs++;
      return new Promise(() => {});
    },
  };
  const { stop } = keep(store, () => hung, { graceMs: 1 });
  await appendUpdates(store, "a", 2);
  await appendUpdates(store, "b", 2);
  // That one run hangs is no reason not to try another.
  await until("both runs", () => hangs === 2);
  await stop();
  const { emitter, events } = noting();
  keep(openRunStore({ dir: store.dir }), () => emitter);
  await until("all events", () => events.length === 4);
});

test("an emitter that can't be made is told of, and its run delivered at the next start", async () => {
  const store = await newStore();
  const { said, stop } = keep(store, () => {
    throw new Error("no credentials");
  });
  await appendUpdates(store, "r", 2);
  await until("word", () => said.length > 0);
  expect(said[0]).toContain("[e] can't deliver run r: no credentials");
  await stop();
  const { emitter, events } = noting();
  keep(openRunStore({ dir: store.dir }), () => emitter);
  await until("all events", () => events.length === 2);
});

test("hooks that go on in the middle of a round have the figures of all of it, and know the run", async () => {
  const store = await newStore();
  const told: unknown[] = [];
  const hooks = (): HookEmitter => ({
    name: "hooks",
    onInit: ({ run_id }) => void told.push(run_id),
    onRound: ({ clients_loss }) => void told.push(clients_loss),
  });
  const init = event({ event_type: "init", started_at: "2026-11-23T07:43:20Z", algorithm: "FedAvg", config: {} });
  const before = keep(store, hooks);
  await append(store, "r", [init, update({ client_id: "a", local_loss: 1 })]);
  await until("the cursor", async () => (await store.cursor("r", "e")).position === 2);
  await before.stop();
  const again = openRunStore({ dir: store.dir });
  keep(again, hooks);
  await append(again, "r", [
    update({ client_id: "b", local_loss: 3 }),
    event({ event_type: "round_end", round: 1, round_metrics: {} }),
  ]);
  await until("the round's end", () => told.length === 3);
  expect(told).toEqual(["r", "r", 2]);
});

test("a run that goes on after its end is told anew to the next emitter, also where a batch ends with its end", async () => {
  const store = await newStore();
  const lives: { recalled: number; written: number; isClosed: boolean }[] = [];
  const open = (): BatchEmitter => {
    const life = { recalled: 0, written: 0, isClosed: false };
    lives.push(life);
    return {
      name: "lives",
      write(batch) {
        life.written += batch.length;
        return { status: "delivered" };
      },
      recall(batch) {
        life.recalled += batch.length;
      },
      finish() {
        life.isClosed = true;
      },
    };
  };
  await append(store, "r", [...updates(499), finished(), ...updates(3, 499)]);
  keep(store, open);
  await until("the cursor", async () => (await store.cursor("r", "e")).position === 503);
  await until("its end", () => lives.at(-1)?.isClosed);
  expect(lives).toEqual([
    { recalled: 0, written: 500, isClosed: true },
    { recalled: 500, written: 3, isClosed: true },
  ]);
});

test("an emitter that can't be told of what was before is closed", async () => {
  const store = await newStore();
  const before = keep(store, () => noting().emitter);
  await appendUpdates(store, "r", 3);
  await until("the cursor", async () => (await store.cursor("r", "e")).position === 3);
  await before.stop();
  const { emitter, finishes } = noting();
  const recall = (): never => {
    throw new Error("no memory");
  };
  const { said } = keep(store, () => ({ ...emitter, recall }));
  await appendUpdates(store, "r", 1, 3);
  await until("its end", () => finishes() === 1);
  await until("word", () => said.length > 0);
  expect(said[0]).toContain("no memory");
});

test("a run that is not wanted is left as it is, and one that is wanted later comes whole", async () => {
  const store = openRunStore({ dir: await temporaryFolder() });
  for (const runId of ["a", "b"]) await appendUpdates(store, runId, 3);
  expect(await store.readers("a")).toEqual([]);
  for (const runId of ["a", "b"]) await store.addReader(runId, "e");
  expect(await store.readers("a")).toEqual(["e"]);
  const { emitter, events } = noting();
  const { stop } = keep(store, () => emitter, { wants: async (runId) => runId === "b" });
  await appendUpdates(store, "a", 2, 3);
  await until("the one that is wanted", () => events.length === 3);
  await stop();
  expect(new Set(events.map(({ run_id }) => run_id))).toEqual(new Set(["b"]));
  expect((await store.cursor("a", "e")).position).toBe(0);
  // Again changes nothing for who has come further.
  await store.addReader("b", "e");
  expect((await store.cursor("b", "e")).position).toBe(3);
  const all = noting();
  keep(store, () => all.emitter);
  await until("the other", () => all.events.length === 5);
  expect(idsOf(all.events)).toEqual(["c0", "c1", "c2", "c3", "c4"]);
});

test("wherever it is stopped, every event comes at least once, and none before the one that precedes it", async () => {
  const random = randomFrom(newSeed());
  const store = await newStore();
  const log = await store.openLog("r");
  const seen: number[] = [];
  let sent = 0;
  for (let life = 0; life < 12; life++) {
    const emitter = noting(async (batch) => {
      if (random.below(4) === 0) return { status: "retry", afterMs: 1 };
      seen.push(...batch.map(numberOf));
      return { status: "delivered" };
    });
    const { stop } = keep(store, () => emitter.emitter, { graceMs: random.below(3) });
    for (let i = random.below(20); i > 0; i--) {
      const count = 1 + random.below(300);
      await log.append(batchOf(updates(count, sent), sent));
      sent += count;
    }
    await stop();
  }
  await log.close();
  const last = noting((batch) => {
    seen.push(...batch.map(numberOf));
    return { status: "delivered" };
  });
  keep(store, () => last.emitter);
  await until("the end", () => seen.at(-1) === sent - 1);
  let next = 0;
  for (const number of seen) {
    expect(number).toBeLessThanOrEqual(next);
    next = Math.max(next, number + 1);
  }
  expect(next).toBe(sent);
});

function numberOf({ clients }: HiveEvent): number {
  return Array.isArray(clients) ? clients[0]?.local_loss : Number.NaN;
}

function idsOf(events: readonly HiveEvent[]): string[] {
  return events.flatMap(({ clients }) => (Array.isArray(clients) ? clients : []).map((client) => client.client_id));
}
