import { type FileHandle, open, readFile, rm, stat } from "node:fs/promises";
import { temporaryFolder } from "@hivewatch/test-support";
import { expect, test, vi } from "vitest";
import { openRunLog, type RunLog } from "../src/run-log.ts";
import { segmentPath } from "../src/segments.ts";
import { batchOf, ids, idsOf, updates } from "./support/events.ts";
import { readAll } from "./support/logs.ts";

/** The methods that all open files share, so that they can be made to fail. */
async function fileMethods(): Promise<FileHandle> {
  const handle = await open(import.meta.filename, "r");
  await handle.close();
  const methods: FileHandle = Object.getPrototypeOf(handle);
  return methods;
}

const noSpace = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });

async function expectReadOnly(log: RunLog, stored: number): Promise<void> {
  const refusal = { code: "unavailable", message: expect.stringContaining("run r") };
  await expect(log.append(batchOf(updates(1, stored), stored))).rejects.toMatchObject(refusal);
  await expect(log.append(batchOf(updates(1, 0), 0))).rejects.toMatchObject(refusal);
  expect(log.highWaterMark("p", 1n)).toBe(BigInt(stored));
  expect(log.position).toBe(stored);
}

test("a write that fails halfway is not acknowledged, nor anything behind it, and leaves nothing behind", async () => {
  const dir = await temporaryFolder();
  const said: string[] = [];
  const log = await openRunLog(dir, "r", { onDiagnostic: (message) => said.push(message) });
  await log.append(batchOf(updates(2)));
  const { size } = await stat(segmentPath(dir, 0));
  const methods = await fileMethods();
  const appendFile = vi.spyOn(methods, "appendFile").mockImplementationOnce(async function (this: FileHandle, data) {
    if (!(data instanceof Uint8Array)) throw new Error("not what a log writes");
    await this.write(data.subarray(0, 20));
    throw noSpace;
  });
  const appends = await Promise.allSettled([
    log.append(batchOf(updates(2, 2), 2)),
    log.append(batchOf(updates(2, 4), 4)),
    log.append(batchOf(updates(2, 2), 2)),
  ]);
  appendFile.mockRestore();
  for (const append of appends) expect(append).toMatchObject({ reason: { code: "unavailable", cause: noSpace } });
  expect(said).toEqual([expect.stringContaining("no space left")]);
  await expectReadOnly(log, 2);
  await log.close();
  expect((await stat(segmentPath(dir, 0))).size).toBe(size);

  const again = await openRunLog(dir, "r");
  expect((await again.append(batchOf(updates(2, 2), 2))).status).toBe("stored");
  await again.close();
  expect(idsOf(await readAll(dir))).toEqual(ids(4));
});

test("what was written and not synced is not taken for durable when the log is opened again", async () => {
  const dir = await temporaryFolder();
  const log = await openRunLog(dir, "r");
  await log.append(batchOf(updates(2)));
  const before = await readFile(segmentPath(dir, 0));
  const datasync = vi.spyOn(await fileMethods(), "datasync").mockRejectedValueOnce(new Error("EIO: i/o error"));
  await expect(log.append(batchOf(updates(2, 2), 2))).rejects.toMatchObject({ code: "unavailable" });
  datasync.mockRestore();
  await expectReadOnly(log, 2);
  await log.close();
  expect(await readFile(segmentPath(dir, 0))).toEqual(before);
});

test("a log whose next segment can't be made takes nothing more", async () => {
  const dir = await temporaryFolder();
  const log = await openRunLog(dir, "r", { segmentBytes: 1 });
  await log.append(batchOf(updates(2)));
  await rm(dir, { recursive: true });
  await expect(log.append(batchOf(updates(2, 2), 2))).rejects.toMatchObject({ code: "unavailable" });
  await expectReadOnly(log, 2);
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
