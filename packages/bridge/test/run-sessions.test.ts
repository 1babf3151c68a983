import { cp, type FileHandle, mkdir, open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { openRunStore, type RunStore } from "@hivewatch/runs";
import { temporaryFolder, until } from "@hivewatch/test-support";
import { expect, test, vi } from "vitest";
import { createRunSessions } from "../src/run-sessions.ts";
import { batchOf, one, openStream, publishOne, update } from "./support/raw-client.ts";
import { numbers, numbersOf, startTestBridge } from "./support/test-bridge.ts";

vi.setConfig({ testTimeout: 60_000 });

async function exists(dir: string, name: string): Promise<boolean> {
  return (await readdir(dir)).includes(name);
}

async function filesOf(dir: string, runId: string): Promise<string[]> {
  return Promise.all(["jsonl", "map.json"].map((end) => readFile(join(dir, `${runId}.${end}`), "utf8")));
}

/** What the files of a log are when they are made from nothing. */
async function rebuilt(dir: string, runId: string): Promise<string[]> {
  const fresh = await temporaryFolder();
  await cp(join(dir, `${runId}.log`), join(fresh, `${runId}.log`), { recursive: true });
  await rm(join(fresh, `${runId}.log`, "artifacts.json"), { force: true });
  await openRunStore({ dir: fresh }).writeArtifacts(runId);
  return filesOf(fresh, runId);
}

/** Leaves a run as a bridge does that is killed before it has written the files. */
async function crashed(store: RunStore, runId: string, count: number): Promise<void> {
  const log = await store.openLog(runId);
  await log.append(batchOf(numbers(count).map((i) => update(i, runId))));
  await log.close();
}

test("files that a crash left behind their logs are brought up to date when a bridge starts", async () => {
  const dir = await temporaryFolder();
  const before = openRunStore({ dir });
  await crashed(before, "a", 5);
  await crashed(before, "b", 5);
  await before.writeArtifacts("b");
  await crashed(before, "b", 9);
  await startTestBridge({ dir });
  for (const runId of ["a", "b"]) {
    await until(
      `the files of ${runId}`,
      async () => (await exists(dir, `${runId}.map.json`)) && !(await before.behindArtifacts()).includes(runId),
    );
    expect(await filesOf(dir, runId)).toEqual(await rebuilt(dir, runId));
  }
});

test("a run that goes on while its files are brought up to date ends with all of them", async () => {
  const dir = await temporaryFolder();
  await crashed(openRunStore({ dir }), "r", 3000);
  const { bridge, store } = await startTestBridge({ dir });
  const stream = openStream(bridge.address);
  for (let i = 3000; i < 3100; i++) stream.send(one(i));
  stream.finish();
  expect(await stream.end).toBeUndefined();
  await bridge.close();
  expect(await numbersOf(store)).toEqual(numbers(3100));
  expect(await filesOf(dir, "r")).toEqual(await rebuilt(dir, "r"));
});

test("a damaged run doesn't keep the others from being brought up to date", async () => {
  const dir = await temporaryFolder();
  const before = openRunStore({ dir });
  await crashed(before, "bad", 5);
  await crashed(before, "good", 5);
  await mkdir(join(dir, "bad.map.json", "in the way"), { recursive: true });
  const { said } = await startTestBridge({ dir });
  await until("the files of the good run", () => exists(dir, "good.map.json"));
  await until("word of the bad run", () => said.length > 0);
  expect(said).toEqual([expect.stringContaining("the files of run bad can't be written")]);
});

test("a run of which nothing comes any more is closed, with its files, and opened again when something does", async () => {
  const dir = await temporaryFolder();
  const said: string[] = [];
  const sessions = createRunSessions(openRunStore({ dir }), (message) => said.push(message), 1);
  const log = await sessions.open("r");
  await log.append(one(0)).catch(() => undefined);
  await until("the run's files", () => exists(dir, "r.jsonl"));
  const again = await sessions.open("r");
  expect(again).not.toBe(log);
  expect(again.highWaterMark("p", 1n)).toBe(1n);
  await sessions.close();
  expect(said).toEqual([]);
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
  expect(await numbersOf(store)).toEqual(numbers(1));
  await expect(store.openLog("r")).rejects.toMatchObject({ message: expect.stringContaining("i/o error") });
});

test("a run that has finished has its files, while the bridge goes on", async () => {
  const { bridge, store } = await startTestBridge();
  const finished = { event_type: "finished", run_id: "r", timestamp: "2026-11-23T07:43:20.337352+00:00" };
  await publishOne(bridge.address, one(0));
  await publishOne(bridge.address, batchOf([finished], 1));
  await until("the run's map", () => exists(store.dir, "r.map.json"));
  await until("files that are up to date", async () => !(await store.behindArtifacts()).includes("r"));
  expect(await filesOf(store.dir, "r")).toEqual(await rebuilt(store.dir, "r"));
});
