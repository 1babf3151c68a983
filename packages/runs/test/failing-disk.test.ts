import { rm } from "node:fs/promises";
import { newSeed, randomFrom, temporaryFolder } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { openRunLog, type RunLog, type RunLogOptions } from "../src/run-log.ts";
import { batchOf, ids, idsOf, updates } from "./support/events.ts";
import { readAll } from "./support/logs.ts";
import {
  type Fault,
  ioError,
  type ModelMachine,
  type ModelProcess,
  modelMachine,
  noSpace,
  type Operation,
} from "./support/model-disk.ts";

const DIR = "/runs/r.log";

const machine = (): ModelMachine => modelMachine(randomFrom(newSeed()));

function openOn({ disk, processes }: ModelProcess, options: RunLogOptions = {}): Promise<RunLog> {
  return openRunLog(DIR, "r", { disk, lock: { processes }, ...options });
}

async function idsOn({ disk }: ModelProcess): Promise<string[]> {
  return idsOf(await readAll(DIR, {}, "r", disk));
}

/** Lets one kind of operation on the log's segments fail, once or always. */
function failing(operation: Operation, error: Error, times = Number.POSITIVE_INFINITY): Fault {
  let left = times;
  return (done, path) => (done === operation && path.includes(".seg") && left-- > 0 ? error : undefined);
}

async function expectReadOnly(log: RunLog, stored: number): Promise<void> {
  const refusal = { code: "unavailable", message: expect.stringContaining("run r") };
  await expect(log.append(batchOf(updates(1, stored), stored))).rejects.toMatchObject(refusal);
  await expect(log.append(batchOf(updates(1, 0), 0))).rejects.toMatchObject(refusal);
  expect(log.highWaterMark("p", 1n)).toBe(BigInt(stored));
  expect(log.position).toBe(stored);
  expect(log.failure).toMatchObject(refusal);
}

test("a disk that is full for a while: what doesn't fit is refused with all behind it, and the log goes on by itself", async () => {
  const model = machine();
  const said: string[] = [];
  const log = await openOn(model.start(), { onDiagnostic: (message) => said.push(message) });
  await log.append(batchOf(updates(2)));
  model.setFault(failing("append", noSpace));
  const appends = await Promise.allSettled([
    log.append(batchOf(updates(2, 2), 2)),
    log.append(batchOf(updates(2, 4), 4)),
    log.append(batchOf(updates(2, 2), 2)), // judged by one that isn't there yet
    log.append(batchOf(updates(1), 0, "p", 2n)),
  ]);
  for (const append of appends) expect(append).toMatchObject({ reason: { code: "unavailable", cause: noSpace } });
  await expect(log.append(batchOf(updates(2, 2), 2))).rejects.toMatchObject({ code: "unavailable" });
  expect(said).toEqual([expect.stringContaining("no space left")]);
  expect(log.failure).toBeUndefined();
  expect(await log.append(batchOf(updates(1)))).toEqual({ status: "duplicate", nextSeq: 2n });

  model.setFault(undefined);
  expect((await log.append(batchOf(updates(2, 4), 4))).status).toBe("gap");
  expect(await log.append(batchOf(updates(2, 2), 2))).toEqual({ status: "stored", nextSeq: 4n });
  await log.close();
  const after = model.start();
  expect(await idsOn(after)).toEqual(ids(4));
  const again = await openOn(after);
  expect(again.highWaterMark("p", 1n)).toBe(4n);
  expect(said).toHaveLength(1);
});

test("a full disk that can't even be cut takes nothing more, and what was half-written is cut when it is opened next", async () => {
  const model = machine();
  const log = await openOn(model.start());
  await log.append(batchOf(updates(2)));
  model.setFault((operation) => (operation === "append" ? noSpace : operation === "truncate" ? ioError : undefined));
  await expect(log.append(batchOf(updates(2, 2), 2))).rejects.toMatchObject({ code: "unavailable" });
  await expectReadOnly(log, 2);
  model.setFault(undefined);
  await log.close();
  const again = await openOn(model.start());
  expect((await again.append(batchOf(updates(2, 2), 2))).status).toBe("stored");
});

test.each(["sync", "syncFolder"] as const)(
  "a failed %s is never taken back by the process that was told of it",
  async (operation) => {
    const model = machine();
    const process = model.start();
    const closed: string[] = [];
    const log = await openOn(process, {
      segmentBytes: operation === "sync" ? undefined : 1,
      onClose: () => closed.push("r"),
    });
    await log.append(batchOf(updates(2)));
    model.setFault(
      operation === "sync" ? failing("sync", ioError, 1) : (done) => (done === operation ? ioError : undefined),
    );
    await expect(log.append(batchOf(updates(2, 2), 2))).rejects.toMatchObject({ code: "unavailable" });
    model.setFault(undefined);
    await expectReadOnly(log, 2);
    await log.close();
    const refusal = { code: "unavailable", message: expect.stringMatching(/EIO.*start this process anew/) };
    await expect(openOn(process)).rejects.toMatchObject(refusal);
    await expect(openOn(process)).rejects.toMatchObject(refusal);
    expect(closed).toEqual([]); // its readers are not to go behind what is durable

    const again = await openOn(model.start());
    expect(again.position).toBe(2);
    expect((await again.append(batchOf(updates(2, 2), 2))).status).toBe("stored");
    model.losePower();
    expect(await idsOn(model.start())).toEqual(ids(4));
  },
);

test("what was written, could not be synced and not be cut is cut by whoever opens the log next", async () => {
  const model = machine();
  const log = await openOn(model.start());
  await log.append(batchOf(updates(2)));
  model.setFault((operation) => (operation === "sync" || operation === "truncate" ? ioError : undefined));
  await expect(log.append(batchOf(updates(2, 2), 2))).rejects.toMatchObject({ code: "unavailable" });
  model.setFault(undefined);
  await log.close();
  const process = model.start();
  expect(await idsOn(process)).toEqual(ids(4)); // it is there to be read, and would be gone with the power
  const said: string[] = [];
  const again = await openOn(process, { onDiagnostic: (message) => said.push(message) });
  expect(again.highWaterMark("p", 1n)).toBe(2n);
  expect(said).toEqual([expect.stringContaining("could not be brought to the disk")]);
  expect(await idsOn(process)).toEqual(ids(2));
  expect(model.paths().filter((path) => path.includes("unsynced"))).toEqual([]);
});

test("what could be neither synced nor cut nor marked is told of, with what to do", async () => {
  const model = machine();
  const log = await openOn(model.start());
  await log.append(batchOf(updates(2)));
  model.setFault(() => ioError);
  await expect(log.append(batchOf(updates(2, 2), 2))).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/EIO.*\.seg .* put a copy of its first \d+ bytes in its place$/),
  });
});

test("what a killed process has written is on disk before it is spoken of as stored", async () => {
  const model = machine();
  const killed = model.start();
  const log = await openOn(killed, { durability: "os" });
  await log.append(batchOf(updates(2)));
  killed.kill();
  const again = await openOn(model.start());
  expect(again.highWaterMark("p", 1n)).toBe(2n);
  model.losePower();
  expect(await idsOn(model.start())).toEqual(ids(2));
});

test("a log that can't be brought to the disk when it is opened is not opened", async () => {
  const model = machine();
  const killed = model.start();
  await (await openOn(killed, { durability: "os" })).append(batchOf(updates(2)));
  killed.kill();
  const process = model.start();
  model.setFault(failing("sync", ioError));
  await expect(openOn(process)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("can't be opened"),
  });
  model.setFault(undefined);
  await expect(openOn(process)).rejects.toMatchObject({ code: "unavailable" });
  // Another one finds what can be read, makes a new file of it, and may therefore call it stored.
  const again = model.start();
  expect((await openOn(again)).highWaterMark("p", 1n)).toBe(2n);
  model.losePower();
  expect(await idsOn(model.start())).toEqual(ids(2));
});

test("with durability `os` a log is synced when a segment ends and when it is closed", async () => {
  const model = machine();
  const syncs: string[] = [];
  const log = await openOn(model.start(), { durability: "os", segmentBytes: 500 });
  model.setFault((operation, path) => {
    if (operation === "sync" && path.endsWith(".seg")) syncs.push(path);
    return undefined;
  });
  for (let i = 0; i < 20; i++) await log.append(batchOf(updates(1, i), i));
  const segments = model.paths().filter((path) => path.endsWith(".seg"));
  expect(syncs).toEqual(segments.slice(0, -1));
  await log.close();
  expect(syncs).toEqual(segments);
  model.losePower();
  expect(await idsOn(model.start())).toEqual(ids(20));
});

test("with durability `os` a close that can't be synced says so, and whoever opens the log next brings it to the disk", async () => {
  const model = machine();
  const log = await openOn(model.start(), { durability: "os" });
  await log.append(batchOf(updates(2)));
  model.setFault(failing("sync", ioError));
  await expect(log.close()).rejects.toMatchObject({ code: "unavailable" });
  model.setFault(undefined);
  const again = await openOn(model.start());
  await again.append(batchOf(updates(2, 2), 2));
  model.losePower();
  expect(await idsOn(model.start())).toEqual(ids(4));
});

test("batches that come while one is being synced are synced together", async () => {
  const model = machine();
  const log = await openOn(model.start());
  let syncs = 0;
  model.setFault((operation) => {
    if (operation === "sync") syncs++;
    return undefined;
  });
  await Promise.all(Array.from({ length: 100 }, (_, i) => log.append(batchOf(updates(1, i), i))));
  // The first by itself, and all that came meanwhile.
  expect(syncs).toBe(2);
  model.losePower();
  expect(await idsOn(model.start())).toEqual(ids(100));
});

test("a log whose folder is taken away takes nothing more", async () => {
  const dir = await temporaryFolder();
  const log = await openRunLog(dir, "r");
  await log.append(batchOf(updates(2)));
  await rm(dir, { recursive: true });
  await expect(log.append(batchOf(updates(2, 2), 2))).rejects.toMatchObject({ code: "locked" });
  expect(log.position).toBe(2);
  await expect(log.append(batchOf(updates(2, 2), 2))).rejects.toMatchObject({ code: "locked" });
  await log.close();
});

test("a log that is being closed stores what it took before, and nothing after", async () => {
  const dir = await temporaryFolder();
  const log = await openRunLog(dir, "r");
  const before = Array.from({ length: 20 }, (_, i) => log.append(batchOf(updates(1, i), i)));
  const closed = log.close();
  await expect(log.append(batchOf(updates(1, 20), 20))).rejects.toMatchObject({ code: "unavailable" });
  await closed;
  for (const append of before) expect((await append).status).toBe("stored");
  await log.close();
  expect(idsOf(await readAll(dir))).toEqual(ids(20));
});

test("a batch larger than a log can hold is refused before it disturbs anything", async () => {
  const dir = await temporaryFolder();
  const log = await openRunLog(dir, "r");
  const [event] = updates(1);
  const huge = batchOf(event === undefined ? [] : [{ ...event, blob: "x".repeat(65 * 1024 * 1024) }]);
  await expect(log.append(huge)).rejects.toMatchObject({ code: "malformed" });
  expect((await log.append(batchOf(updates(2)))).status).toBe("stored");
  await log.close();
  expect(idsOf(await readAll(dir))).toEqual(ids(2));
});
