import { type FileHandle, open } from "node:fs/promises";
import { openRunStore } from "@hivewatch/runs";
import { temporaryFolder, until } from "@hivewatch/test-support";
import { expect, test, vi } from "vitest";
import { createRunSessions } from "../src/run-sessions.ts";
import { one, publishOne } from "./support/raw-client.ts";
import { numbers, numbersOf, startTestBridge } from "./support/test-bridge.ts";

test("a run of which nothing comes any more is closed, and opened again when something does", async () => {
  const dir = await temporaryFolder();
  const said: string[] = [];
  const sessions = createRunSessions(openRunStore({ dir }), (message) => said.push(message), { idleMs: 1 });
  const log = await sessions.open("r");
  await log.append(one(0)).catch(() => undefined);
  await until("the log's end", () => log.failure !== undefined);
  const again = await sessions.open("r");
  expect(again).not.toBe(log);
  expect(again.highWaterMark("p", 1n)).toBe(1n);
  await sessions.close();
  expect(said).toEqual([]);
});

test("of many runs that nobody ends, those are closed that have been silent for longest", async () => {
  const store = openRunStore({ dir: await temporaryFolder() });
  const open = new Set<string>();
  store.subscribe(({ runId, isOpen }) => void (isOpen ? open.add(runId) : open.delete(runId)));
  const sessions = createRunSessions(store, () => {}, { maxOpen: 2 });
  for (const runId of ["a", "b", "a", "c"]) await (await sessions.open(runId)).append(one(0, { runId }));
  await until("b to be closed", () => open.size === 2);
  expect([...open].sort()).toEqual(["a", "c"]);
  expect((await sessions.open("b")).highWaterMark("p", 1n)).toBe(1n);
  await sessions.close();
});

/** The methods that all open files share, so that they can be made to fail. */
async function fileMethods(): Promise<FileHandle> {
  const handle = await open(import.meta.filename, "r");
  await handle.close();
  const methods: FileHandle = Object.getPrototypeOf(handle);
  return methods;
}

test("a log whose disk was full goes on with the next batch, and nothing is lost or there twice", async () => {
  const { bridge, store, said } = await startTestBridge();
  expect((await publishOne(bridge.address, one(0))).refusal).toBeUndefined();
  const noSpace = new Error("ENOSPC: no space left on device");
  const writev = vi.spyOn(await fileMethods(), "writev").mockRejectedValueOnce(noSpace);
  const failed = await publishOne(bridge.address, one(1));
  expect(failed.refusal).toMatchObject({ code: "unavailable", reason: expect.stringContaining("no space left") });
  writev.mockRestore();
  expect(said).toEqual([expect.stringContaining("no space left")]);
  expect((await publishOne(bridge.address, one(1))).nextSeq).toBe(2n);
  expect(await numbersOf(store)).toEqual(numbers(2));
});

test("a log whose sync has failed takes nothing more from this process, however often it is tried", async () => {
  const { bridge, store, said } = await startTestBridge();
  expect((await publishOne(bridge.address, one(0))).refusal).toBeUndefined();
  const failed = new Error("EIO: i/o error");
  const datasync = vi.spyOn(await fileMethods(), "datasync").mockRejectedValueOnce(failed);
  const refusal = { code: "unavailable", reason: expect.stringContaining("i/o error") };
  for (let i = 0; i < 3; i++) expect((await publishOne(bridge.address, one(1))).refusal).toMatchObject(refusal);
  datasync.mockRestore();
  expect((await publishOne(bridge.address, one(0, { runId: "other" }))).refusal).toBeUndefined();
  expect(said).toEqual([expect.stringContaining("start this process anew")]);
  expect(bridge.health()).toMatchObject({ logs: { open: 2, failed: 1 }, batches: { stored: 2, unavailable: 3 } });
  expect(await numbersOf(store)).toEqual(numbers(1));
  await expect(store.openLog("r")).rejects.toMatchObject({ message: expect.stringContaining("i/o error") });
});
