import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { temporaryFolder } from "@hivewatch/test-support";
import { describe, expect, test } from "vitest";
import { openRunLog } from "../src/run-log.ts";
import { segmentPath } from "../src/segments.ts";
import { hastyDisk } from "./support/disks.ts";
import { batchOf, ids, idsOf, updates } from "./support/events.ts";
import { readAll } from "./support/logs.ts";

const BATCHES = 4;
const BATCH_EVENTS = 2;

/** A log of some batches of two events, and the lengths that its file had after each. */
async function written(dir: string): Promise<{ path: string; bytes: Buffer; ends: number[] }> {
  const log = await openRunLog(dir, "r");
  const path = segmentPath(dir, 0);
  const ends = [(await stat(path)).size];
  for (let i = 0; i < BATCHES; i++) {
    await log.append(batchOf(updates(BATCH_EVENTS, i * BATCH_EVENTS), i * BATCH_EVENTS));
    ends.push((await stat(path)).size);
  }
  await log.close();
  return { path, bytes: await readFile(path), ends };
}

/** Opens a damaged log, and checks that so many batches of it are there, and that it goes on behind them. */
async function expectRecovered(dir: string, damaged: Buffer, whole: number, end: number): Promise<void> {
  await mkdir(dir, { recursive: true });
  const path = segmentPath(dir, 0);
  await writeFile(path, damaged);
  const said: string[] = [];
  const log = await openRunLog(dir, "r", { disk: hastyDisk, onDiagnostic: (message) => said.push(message) });
  const count = whole * BATCH_EVENTS;
  expect(log.position).toBe(count);
  expect(log.highWaterMark("p", 1n)).toBe(BigInt(count));
  expect(idsOf(await readAll(dir))).toEqual(ids(count));
  if (damaged.length > end) {
    expect(await readFile(`${path}.cut-at-${end}`)).toEqual(damaged.subarray(end));
    expect(said).toEqual([expect.stringContaining(`${path}: cut off ${damaged.length - end} bytes`)]);
  } else expect(said).toEqual([]);
  expect((await log.append(batchOf(updates(3, count), count))).status).toBe("stored");
  await log.close();
  expect(idsOf(await readAll(dir))).toEqual(ids(count + 3));
}

async function inFreshFolders(count: number, check: (dir: string, i: number) => Promise<void>): Promise<void> {
  const dir = await temporaryFolder();
  for (let i = 0; i < count; i++) await check(`${dir}/${i}`, i);
}

describe("the longest beginning that is whole is recovered", () => {
  test("of a log that ends at any byte of its last two frames", async () => {
    const { bytes, ends } = await written(await temporaryFolder());
    const from = ends[BATCHES - 2] ?? 0;
    await inFreshFolders(bytes.length - from + 1, async (dir, i) => {
      const length = from + i;
      const whole = ends.filter((end) => end <= length).length - 1;
      await expectRecovered(dir, bytes.subarray(0, length), whole, ends[whole] ?? 0);
    });
  });

  test("of a log with any byte of its last two frames changed", async () => {
    const { bytes, ends } = await written(await temporaryFolder());
    const from = ends[BATCHES - 2] ?? 0;
    await inFreshFolders(bytes.length - from, async (dir, i) => {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(damaged.readUInt8(from + i) ^ 0xff, from + i);
      const whole = ends.filter((end) => end <= from + i).length - 1;
      await expectRecovered(dir, damaged, whole, ends[whole] ?? 0);
    });
  });

  test("of a log that is damaged in the middle; what followed is kept beside it", async () => {
    const { bytes, ends } = await written(await temporaryFolder());
    await inFreshFolders(BATCHES - 1, async (dir, i) => {
      const damaged = Buffer.from(bytes);
      const at = (ends[i + 1] ?? 0) - 1;
      damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
      await expectRecovered(dir, damaged, i, ends[i] ?? 0);
    });
  });

  test.each(["zeros", "ones"])("of a log with %s behind it, as a loss of power leaves them", async (what) => {
    const dir = await temporaryFolder();
    const { bytes } = await written(dir);
    const damaged = Buffer.concat([bytes, Buffer.alloc(5000, what === "zeros" ? 0 : 0xff)]);
    await expectRecovered(dir, damaged, BATCHES, bytes.length);
  });
});

test("what is cut off at the same place a second time is added to what was cut off before", async () => {
  const dir = await temporaryFolder();
  const { path, bytes } = await written(dir);
  for (const tail of ["first", "second"]) {
    await writeFile(path, Buffer.concat([bytes, Buffer.from(tail)]));
    await (await openRunLog(dir, "r")).close();
  }
  expect(await readFile(`${path}.cut-at-${bytes.length}`, "utf8")).toBe("firstsecond");
  expect(await readFile(path)).toEqual(bytes);
});

test("a reader takes half a frame for one that is being written: it waits, and reads it once when it is whole", async () => {
  const dir = await temporaryFolder();
  const { path, bytes, ends } = await written(dir);
  await inTurns(dir, path, bytes, ends[BATCHES - 1] ?? 0);
});

async function inTurns(dir: string, path: string, bytes: Buffer, from: number): Promise<void> {
  for (let length = from; length < bytes.length; length++) {
    await writeFile(path, bytes.subarray(0, length));
    expect(idsOf(await readAll(dir))).toEqual(ids((BATCHES - 1) * BATCH_EVENTS));
  }
  await writeFile(path, bytes);
  expect(idsOf(await readAll(dir))).toEqual(ids(BATCHES * BATCH_EVENTS));
  expect(await readdir(dir)).toEqual(["00000000000000000000.seg", "writer-1.lock"]);
}
