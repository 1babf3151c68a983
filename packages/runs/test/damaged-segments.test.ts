import { cp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { microsFromIso } from "@hivewatch/core";
import { temporaryFolder } from "@hivewatch/test-support";
import { beforeEach, describe, expect, test } from "vitest";
import type { Disk } from "../src/disk.ts";
import type { LogEntry } from "../src/read-entries.ts";
import { openRunLog, type RunLog } from "../src/run-log.ts";
import { listSegments, type Segment } from "../src/segments.ts";
import { diskWith, hastyDisk } from "./support/disks.ts";
import { batchOf, ids, idsOf, updates } from "./support/events.ts";
import { readAll } from "./support/logs.ts";

const BATCHES = 12;
const BATCH_EVENTS = 2;
const EVENTS = BATCHES * BATCH_EVENTS;

let original: string;
let segments: Segment[];
let said: string[];

function open(dir: string, disk: Disk = hastyDisk): Promise<RunLog> {
  said = [];
  return openRunLog(dir, "r", { segmentBytes: 500, disk, onDiagnostic: (message) => said.push(message) });
}

/** A log of some segments, of two producers. */
beforeEach(async () => {
  original = await temporaryFolder();
  const log = await open(original);
  for (let i = 0; i < BATCHES; i++) {
    const first = i * BATCH_EVENTS;
    await log.append(batchOf(updates(BATCH_EVENTS, first), first));
    if (i === 2) await log.append(batchOf(updates(1, 1000), 0, "early", 7n));
  }
  await log.close();
  segments = await listSegments(original);
});

/** Runs a check in copies of the log. */
async function inCopies(count: number, check: (dir: string, i: number) => Promise<void>): Promise<void> {
  const folder = await temporaryFolder();
  for (let i = 0; i < count; i++) {
    const dir = join(folder, String(i));
    await cp(original, dir, { recursive: true });
    await check(dir, i);
    await rm(dir, { recursive: true });
  }
}

function nth(index: number): { name: string; first: number; end: number } {
  const segment = segments.at(index);
  const next = segments[segments.indexOf(segment ?? { path: "", firstPosition: 0 }) + 1];
  if (segment === undefined) throw new Error("there is no such segment");
  return { name: basename(segment.path), first: segment.firstPosition, end: next?.firstPosition ?? EVENTS + 1 };
}

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
  await writeFile(path, bytes);
}

const all = (): string[] => [...ids(6), "c1000", ...ids(EVENTS - 6, 6)];

async function expectWhole(dir: string): Promise<void> {
  const log = await open(dir);
  expect(log.position).toBe(EVENTS + 1);
  expect(log.highWaterMark("p", 1n)).toBe(BigInt(EVENTS));
  expect(log.highWaterMark("early", 7n)).toBe(1n);
  await log.close();
  expect(idsOf(await readAll(dir))).toEqual(all());
}

test("a segment's index is there as soon as the next one begins, and is the same when it is made anew", async () => {
  expect(segments.length).toBeGreaterThan(3);
  const names = await readdir(original);
  const sealed = segments.slice(0, -1).map(({ path }) => basename(path).replace(".seg", ".idx"));
  expect(names.filter((name) => name.endsWith(".idx")).sort()).toEqual(sealed);
  await inCopies(sealed.length, async (dir, i) => {
    const newest = sealed.slice(i);
    for (const name of newest) await rm(join(dir, name));
    await expectWhole(dir);
    expect(said).toEqual([]);
    for (const name of newest) expect(await readFile(join(dir, name))).toEqual(await readFile(join(original, name)));
  });
});

test("opening a log reads nothing but its newest index and what is behind it", async () => {
  const read = new Set<string>();
  const disk = diskWith((file, path) => ({
    ...file,
    read: (into, offset) => {
      read.add(basename(path));
      return file.read(into, offset);
    },
  }));
  await (await open(original, disk)).close();
  const [newest, last] = [nth(-2).name.replace(".seg", ".idx"), nth(-1).name];
  expect([...read].filter((name) => !name.endsWith(".lock")).sort()).toEqual([newest, last].sort());
});

test("an index with any byte changed, or cut off anywhere, is made anew", async () => {
  const name = nth(-2).name.replace(".seg", ".idx");
  const bytes = await readFile(join(original, name));
  await inCopies(2 * bytes.length, async (dir, i) => {
    const path = join(dir, name);
    if (i < bytes.length) await flip(path, i);
    else await truncate(path, i - bytes.length);
    await expectWhole(dir);
    expect(said).toEqual([expect.stringContaining(`${name} is damaged`)]);
    expect(await readFile(path)).toEqual(bytes);
  });
});

test("the index of another segment, or of one that has ended elsewhere, is made anew", async () => {
  await inCopies(1, async (dir) => {
    const path = join(dir, nth(-2).name.replace(".seg", ".idx"));
    await cp(join(dir, nth(0).name.replace(".seg", ".idx")), path);
    await expectWhole(dir);
    expect(said).toEqual([expect.stringContaining("is damaged")]);
  });
});

describe("a damaged segment is read up to the damage, then reading goes on behind it:", () => {
  interface Damaged {
    readonly dir: string;
    readonly name: string;
    /** Where reading comes to the damage, in bytes. */
    readonly at: number;
    /** The positions that are lost. */
    readonly from: number;
    readonly end: number;
  }

  /** What is read of it, whatever the damage looks like. */
  async function expectRead({ dir, name, at, from, end }: Damaged): Promise<LogEntry[]> {
    const entries = await readAll(dir);
    const expected = all();
    expect(idsOf(entries)).toEqual([...expected.slice(0, from), ...expected.slice(end)]);
    const lost = entries.filter(({ event }) => event.event_type === "log_damaged");
    expect(lost).toEqual([
      {
        position: end,
        event: expect.objectContaining({ run_id: "r", count: end - from, segment: name, byte_offset: at }),
      },
    ]);
    expect(microsFromIso(lost[0]?.event.timestamp ?? "")).toBeGreaterThan(0);
    return entries;
  }

  /** And from where reading and writing go on. */
  async function expectLost(damaged: Damaged): Promise<void> {
    const { dir, from, end } = damaged;
    const entries = await expectRead(damaged);
    expect(await readAll(dir)).toEqual(entries);
    expect(await readAll(dir, { from })).toEqual(entries.filter(({ position }) => position > from));
    expect(await readAll(dir, { from: end })).toEqual(entries.filter(({ position }) => position > end));
    const log = await open(dir);
    expect([log.position, log.highWaterMark("p", 1n), log.highWaterMark("early", 7n)]).toEqual([
      EVENTS + 1,
      BigInt(EVENTS),
      1n,
    ]);
    expect((await log.append(batchOf(updates(1, EVENTS), EVENTS))).status).toBe("stored");
    await log.close();
    expect(idsOf(await readAll(dir)).at(-1)).toBe(`c${EVENTS}`);
  }

  /** Where the frames of a segment begin, and its end. */
  async function offsetsIn(path: string): Promise<number[]> {
    const bytes = await readFile(path);
    const offsets = [8];
    for (let at = 8; at < bytes.length; offsets.push(at)) at += 8 + bytes.readUInt32LE(at);
    return offsets;
  }

  test("any byte of its last frame", async () => {
    const { name, end } = nth(-2);
    const offsets = await offsetsIn(join(original, name));
    const [at = 0, size = 0] = offsets.slice(-2);
    await inCopies(size - at, async (dir, i) => {
      await flip(join(dir, name), at + i);
      const damaged = { dir, name, at, from: end - BATCH_EVENTS, end };
      if (i % 20 === 0) await expectLost(damaged);
      else await expectRead(damaged);
    });
  });

  test("cut off at any byte of its last frame", async () => {
    const { name, end } = nth(-2);
    const [at = 0, size = 0] = (await offsetsIn(join(original, name))).slice(-2);
    await inCopies(size - at, async (dir, i) => {
      await truncate(join(dir, name), at + i);
      const damaged = { dir, name, at, from: end - BATCH_EVENTS, end };
      if (i % 20 > 0) return void (await expectRead(damaged));
      await expectLost(damaged);
      expect(said).toEqual([expect.stringContaining(`${name} has lost ${size - at - i} bytes`)]);
    });
  });

  test("its first frame", async () => {
    const { name, first, end } = nth(1);
    await inCopies(1, async (dir) => {
      await flip(join(dir, name), 20);
      await expectLost({ dir, name, at: 8, from: first, end });
    });
  });

  test("all of it", async () => {
    const { name, first, end } = nth(1);
    await inCopies(2, async (dir, i) => {
      await writeFile(join(dir, name), i === 0 ? "" : Buffer.alloc(1000));
      await expectLost({ dir, name, at: 8, from: first, end });
    });
  });

  test("with its index, so that what is lost is told when it is opened, once", async () => {
    const { name, first, end } = nth(-2);
    await inCopies(1, async (dir) => {
      await flip(join(dir, name), 20);
      await rm(join(dir, name.replace(".seg", ".idx")));
      await (await open(dir)).close();
      expect(said).toEqual([expect.stringContaining(`${name} is damaged at byte 8: ${end - first} events are lost`)]);
      await expectLost({ dir, name, at: 8, from: first, end });
      expect(said).toEqual([]);
    });
  });

  test("the whole file", async () => {
    const [before, gone] = [nth(1), nth(2)];
    await inCopies(1, async (dir) => {
      await rm(join(dir, gone.name));
      const { size } = await stat(join(dir, before.name));
      await expectLost({ dir, name: before.name, at: size, from: gone.first, end: gone.end });
    });
  });
});

test("a segment's first bytes may be damaged without harm, but for those that tell a newer format", async () => {
  await inCopies(2 * 7, async (dir, i) => {
    const { name } = nth(i < 7 ? 1 : -1);
    await flip(join(dir, name), i % 7);
    expect(idsOf(await readAll(dir))).toEqual(all());
    await expectWhole(dir);
    expect(said).toEqual(i < 7 ? [] : [expect.stringContaining("its first bytes are damaged")]);
  });
});

test("a last segment of which nothing can be read is kept beside the log, which goes on", async () => {
  const { name, first } = nth(-1);
  const garbage = Buffer.from("this is no log at all");
  await inCopies(1, async (dir) => {
    await writeFile(join(dir, name), garbage);
    const log = await open(dir);
    expect(log.position).toBe(first);
    expect(said).toEqual([expect.stringContaining(`${name}: cut off ${garbage.length} bytes`)]);
    expect(await readFile(join(dir, `${name}.cut-at-0`))).toEqual(garbage);
    const next = Number(log.highWaterMark("p", 1n));
    await log.append(batchOf(updates(1, next), next));
    await log.close();
    expect(idsOf(await readAll(dir))).toEqual([...all().slice(0, first), `c${next}`]);
  });
});

test("a log that ends in a segment that was sealed goes on there, and its old index is not believed", async () => {
  const { name, first, end } = nth(-2);
  await inCopies(2, async (dir, i) => {
    await rm(join(dir, nth(-1).name));
    if (i === 1) await truncate(join(dir, name), 20);
    const position = i === 0 ? end : first;
    const log = await open(dir);
    expect(log.position).toBe(position);
    const next = Number(log.highWaterMark("p", 1n));
    for (let at = next; at < next + 6; at++) await log.append(batchOf(updates(1, at), at));
    await log.close();
    expect(idsOf(await readAll(dir))).toEqual([...all().slice(0, position), ...ids(6, next)]);
    for (let from = first; from <= position + 6; from++) {
      expect((await readAll(dir, { from })).map((entry) => entry.position)[0]).toBe(
        from === position + 6 ? undefined : from + 1,
      );
    }
  });
});

test("what stands behind the end of a sealed segment is not read", async () => {
  const { name } = nth(-2);
  await inCopies(1, async (dir) => {
    const path = join(dir, name);
    const bytes = await readFile(path);
    await writeFile(path, Buffer.concat([bytes, bytes.subarray(8)])); // whole frames, of one who had lost the log
    expect(idsOf(await readAll(dir))).toEqual(all());
    await rm(path.replace(".seg", ".idx"));
    await expectWhole(dir);
    expect(said).toEqual([]);
  });
});

test("a folder of which only the newest segments are left is a log that begins there", async () => {
  const { first } = nth(1);
  await inCopies(1, async (dir) => {
    await rm(join(dir, nth(0).name));
    await rm(join(dir, nth(0).name.replace(".seg", ".idx")));
    const entries = await readAll(dir);
    expect(entries[0]?.position).toBe(first + 1);
    expect(idsOf(entries)).toEqual(all().slice(first));
    const log = await open(dir);
    expect(log.highWaterMark("early", 7n)).toBe(1n);
    await log.close();
  });
});
