import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { newSeed, randomFrom, temporaryFolder } from "@hivewatch/test-support";
import { describe, expect, test } from "vitest";
import type { Batch } from "../src/batch.ts";
import { openRunLog, type RunLog } from "../src/run-log.ts";
import { openRunStore } from "../src/run-store.ts";
import { listSegments, segmentPath } from "../src/segments.ts";
import { batchOf, entriesOf, ids, idsOf, updates } from "./support/events.ts";
import { readAll } from "./support/logs.ts";

const batch = (first: number, count: number, producerId = "p", epoch = 1n): Batch =>
  batchOf(updates(count, first), first, producerId, epoch);

test("what was appended is read, in order and at its position, also after the log is opened again", async () => {
  const dir = await temporaryFolder();
  let log = await openRunLog(dir, "r");
  expect(await log.append(batch(0, 3))).toEqual({ status: "stored", nextSeq: 3n });
  expect(await log.append(batch(3, 2))).toEqual({ status: "stored", nextSeq: 5n });
  expect(log.position).toBe(5);
  await log.close();
  log = await openRunLog(dir, "r");
  expect(log.position).toBe(5);
  expect(await log.append(batch(5, 1))).toEqual({ status: "stored", nextSeq: 6n });
  await log.close();
  const entries = await readAll(dir);
  expect(idsOf(entries)).toEqual(ids(6));
  expect(entries.map((entry) => entry.position)).toEqual([1, 2, 3, 4, 5, 6]);
});

test("batches that are appended at the same time are stored in the order of the calls", async () => {
  const dir = await temporaryFolder();
  const log = await openRunLog(dir, "r");
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const result = await log.append(batch(i, 1));
      expect(result).toEqual({ status: "stored", nextSeq: BigInt(i + 1) });
      order.push(i);
    }),
  );
  expect(order).toEqual(Array.from({ length: 100 }, (_, i) => i));
  await log.close();
  expect(idsOf(await readAll(dir))).toEqual(ids(100));
});

describe("a producer's sequence", () => {
  async function withLog(check: (log: RunLog, reopen: () => Promise<RunLog>) => Promise<void>): Promise<void> {
    const dir = await temporaryFolder();
    const log = await openRunLog(dir, "r");
    await check(log, async () => {
      await log.close();
      return openRunLog(dir, "r");
    });
  }

  test("is kept: a repeat is dropped, a gap and an overlap are refused, and it goes on", () =>
    withLog(async (log) => {
      await log.append(batch(0, 4));
      expect(await log.append(batch(0, 4))).toEqual({ status: "duplicate", nextSeq: 4n });
      expect(await log.append(batch(1, 2))).toEqual({ status: "duplicate", nextSeq: 4n });
      expect(await log.append(batch(6, 2))).toEqual({ status: "gap", nextSeq: 4n });
      expect(await log.append(batch(2, 4))).toEqual({ status: "gap", nextSeq: 4n });
      expect(await log.append(batch(4, 1))).toEqual({ status: "stored", nextSeq: 5n });
      expect(log.position).toBe(5);
      await log.close();
    }));

  test("begins anew in a newer epoch, and an older one is refused then, also after a restart", () =>
    withLog(async (log, reopen) => {
      await log.append(batch(0, 4));
      expect(log.highWaterMark("p", 2n)).toBe(0n);
      expect(await log.append(batch(3, 1, "p", 2n))).toEqual({ status: "gap", nextSeq: 0n });
      expect(await log.append(batch(0, 2, "p", 2n))).toEqual({ status: "stored", nextSeq: 2n });
      expect((await log.append(batch(4, 1))).status).toBe("stale_epoch");
      const again = await reopen();
      expect((await again.append(batch(4, 1))).status).toBe("stale_epoch");
      expect([again.highWaterMark("p", 1n), again.highWaterMark("p", 2n)]).toEqual([0n, 2n]);
      await again.close();
    }));

  test("is its own: producers don't disturb each other, whatever they are called", () =>
    withLog(async (log, reopen) => {
      const names = ["p", "q", "__proto__", "constructor", "病院 🐝"];
      for (const name of names) await log.append(batch(0, 2, name));
      await log.append(batch(2, 1, "q"));
      const again = await reopen();
      expect(names.map((name) => again.highWaterMark(name, 1n))).toEqual([2n, 3n, 2n, 2n, 2n]);
      expect(again.highWaterMark("nobody", 1n)).toBe(0n);
      await again.close();
    }));

  test("has a high-water mark that counts only what is on disk", () =>
    withLog(async (log) => {
      const storing = log.append(batch(0, 3));
      expect(log.highWaterMark("p", 1n)).toBe(0n);
      const repeat = log.append(batch(0, 3));
      const gap = log.append(batch(9, 1));
      let stored = false;
      void storing.then(() => {
        stored = true;
      });
      // Both speak of events below 3 as stored, so they can't answer before these are.
      expect([await repeat, stored]).toEqual([{ status: "duplicate", nextSeq: 3n }, true]);
      expect(await gap).toEqual({ status: "gap", nextSeq: 3n });
      expect(log.highWaterMark("p", 1n)).toBe(3n);
      await log.close();
    }));

  test("survives any schedule of repeats, gaps, newer epochs and restarts", async () => {
    const random = randomFrom(newSeed());
    const dir = await temporaryFolder();
    let log = await openRunLog(dir, "r", { segmentBytes: 2000 });
    const expected: string[] = [];
    const next = new Map([
      ["p", 0],
      ["q", 0],
    ]);
    const epochs = new Map([
      ["p", 1],
      ["q", 1],
    ]);
    for (let step = 0; step < 400; step++) {
      const producer = random.pick(["p", "q"]);
      const seq = next.get(producer) ?? 0;
      const epoch = epochs.get(producer) ?? 1;
      const count = 1 + random.below(4);
      const at = (first: number, of = epoch): Batch =>
        batchOf(updates(count, expected.length), first, producer, BigInt(of));
      const take = (): void => {
        expected.push(...ids(count, expected.length));
        next.set(producer, seq + count);
      };
      switch (random.below(8)) {
        case 0:
          await log.close();
          log = await openRunLog(dir, "r", { segmentBytes: 2000 });
          expect(log.highWaterMark(producer, BigInt(epoch))).toBe(BigInt(seq));
          break;
        case 1:
          expect((await log.append(at(seq + 1 + random.below(3)))).status).toBe("gap");
          break;
        case 2:
          if (seq >= count) expect((await log.append(at(random.below(seq - count + 1)))).status).toBe("duplicate");
          break;
        case 3:
          if (seq === 0) break;
          epochs.set(producer, epoch + 1);
          expect((await log.append(at(0, epoch + 1))).status).toBe("stored");
          expected.push(...ids(count, expected.length));
          next.set(producer, count);
          expect((await log.append(at(seq))).status).toBe("stale_epoch");
          break;
        default:
          expect((await log.append(at(seq))).status).toBe("stored");
          take();
      }
    }
    await log.close();
    expect(idsOf(await readAll(dir))).toEqual(expected);
  });
});

describe("segments", () => {
  async function written(count: number): Promise<string> {
    const dir = await temporaryFolder();
    const log = await openRunLog(dir, "r", { segmentBytes: 500 });
    for (let i = 0; i < count; i++) await log.append(batch(i, 1));
    await log.close();
    return dir;
  }

  test("begin when one has grown large, and are read as one", async () => {
    const dir = await written(50);
    expect((await readdir(dir)).length).toBeGreaterThan(3);
    const entries = await readAll(dir);
    expect(idsOf(entries)).toEqual(ids(50));
    expect(entries.map((entry) => entry.position)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });

  test("are resumed from at any position", async () => {
    const dir = await written(30);
    for (let from = 0; from <= 31; from++) {
      const entries = await readAll(dir, { from });
      expect(idsOf(entries)).toEqual(ids(30).slice(from));
    }
  });

  test("go on where they ended", async () => {
    const dir = await written(30);
    const log = await openRunLog(dir, "r", { segmentBytes: 500 });
    expect(log.highWaterMark("p", 1n)).toBe(30n);
    for (let i = 30; i < 60; i++) await log.append(batch(i, 1));
    await log.close();
    expect(idsOf(await readAll(dir))).toEqual(ids(60));
  });

  test("of a newer format are left alone", async () => {
    const dir = await written(5);
    const path = (await listSegments(dir)).at(-1)?.path ?? "";
    const bytes = await readFile(path);
    bytes[7] = 2; // the next version of the format
    await writeFile(path, bytes);
    const refusal = { code: "corrupt_log", message: expect.stringContaining(path) };
    await expect(openRunLog(dir, "r")).rejects.toMatchObject(refusal);
    await expect(readAll(dir)).rejects.toMatchObject(refusal);
    expect(await readFile(path)).toEqual(bytes);
  });

  test.each([0, 1, 7])("that were only just being made, with %i bytes, are made again", async (length) => {
    const dir = await temporaryFolder();
    await writeFile(segmentPath(dir, 0), Buffer.from("HWLOG\0\0\x01", "latin1").subarray(0, length));
    const log = await openRunLog(dir, "r");
    await log.append(batch(0, 2));
    await log.close();
    expect(idsOf(await readAll(dir))).toEqual(ids(2));
    await (await openRunLog(dir, "r")).close();
  });
});

test.each(["error", "constructor", "__proto__", "toString", "two words", "ünïcödé", "🐝🐝", "a.log", "CON", "%2e%2e"])(
  "a run may be called %j",
  async (runId) => {
    const dir = await temporaryFolder();
    const store = openRunStore({ dir, pollIntervalMs: 60_000 });
    const log = await store.openLog(runId);
    const stop = new AbortController();
    const following = entriesOf(store.read(runId, { follow: true, signal: stop.signal }));
    await log.append(batchOf(updates(3, 0, runId)));
    await log.close();
    stop.abort();
    expect(idsOf(await following)).toEqual(ids(3));
    expect((await store.list()).map((run) => run.run_id)).toEqual([runId]);
    expect(await store.listing(runId)).toMatchObject({ run_id: runId, num_events: 3 });
    expect(await readdir(dir)).toEqual([`${runId}.log`]);
  },
);

test.each(["../x", "a/b", "..", ".", "", "a\0b", "x".repeat(129), "a\\b", "-rf"])(
  "a run may not be called %j, and nothing is written",
  async (runId) => {
    const dir = await temporaryFolder();
    const inner = join(dir, "inner");
    await mkdir(inner);
    const store = openRunStore({ dir: inner });
    await expect(store.openLog(runId)).rejects.toMatchObject({ code: "invalid_run_id" });
    await expect(entriesOf(store.read(runId))).rejects.toMatchObject({ code: "not_found" });
    expect(await readdir(dir, { recursive: true })).toEqual(["inner"]);
  },
);

test("a copy of a log under another name is a run of that name", async () => {
  const dir = await temporaryFolder();
  const store = openRunStore({ dir });
  const log = await store.openLog("r");
  await log.append(batch(0, 2));
  await log.close();
  await mkdir(join(dir, "copy.log"));
  await writeFile(segmentPath(join(dir, "copy.log"), 0), await readFile(segmentPath(join(dir, "r.log"), 0)));
  const entries = await entriesOf(store.read("copy"));
  expect(entries.map((entry) => entry.event.run_id)).toEqual(["copy", "copy"]);
});

test("a folder in which nothing can be written is told of", async () => {
  const dir = await temporaryFolder();
  await writeFile(join(dir, "file"), "");
  const store = openRunStore({ dir: join(dir, "file") });
  await expect(store.openLog("r")).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("run r"),
  });
  await expect(store.list()).rejects.toMatchObject({ code: "unavailable" });
  await rm(join(dir, "file"));
  expect(await store.list()).toEqual([]);
});
