import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@hivewatch/test-support";
import { beforeEach, expect, test } from "vitest";
import { keepDelivering, openRunStore, type RunStore, removeOldLogs } from "../src/index.ts";
import { event, updates } from "./support/events.ts";
import { append, finished, session } from "./support/stored.ts";

const DAY_MS = 24 * 3600 * 1000;

let store: RunStore;
let said: string[];

beforeEach(async () => {
  store = openRunStore({ dir: await temporaryFolder() });
  said = [];
});

/** Removes what is older than a week, so many days from now. */
function removeIn(days: number, from: RunStore = store): Promise<string[]> {
  const now = (): number => Date.now() + days * DAY_MS;
  return removeOldLogs(from, { keepMs: 7 * DAY_MS, now, onDiagnostic: (message) => said.push(message) });
}

async function endedRun(runId: string): Promise<void> {
  const init = event(
    { event_type: "init", started_at: "2026-11-23T07:43:20Z", algorithm: "FedAvg", config: {} },
    runId,
  );
  await append(store, runId, [init, ...updates(3, 0, runId), finished(runId)]);
  await store.writeArtifacts(runId);
}

test("the log of a run that ended long ago is removed; the run remains as its files, and is listed as before", async () => {
  await endedRun("r");
  const before = await store.listing("r");
  expect(await removeIn(6)).toEqual([]);
  expect(await removeIn(8)).toEqual(["r"]);
  expect((await readdir(store.dir)).sort()).toEqual(["r.jsonl", "r.map.json", "r.map2", "r.map2.json"]);
  expect(await store.listing("r")).toMatchObject({ ...before, position: expect.any(Number) });
  expect(await removeIn(100)).toEqual([]);
  expect(said).toEqual([]);
});

test("a run that has not finished keeps its log, and so does one whose files are not complete", async () => {
  await append(store, "running", updates(3, 0, "running"));
  await store.writeArtifacts("running");
  await append(store, "behind", [...updates(3, 0, "behind"), finished("behind")]);
  await endedRun("gone");
  await rm(`${store.dir}/gone.jsonl`);
  expect(await removeIn(100)).toEqual([]);
});

test("a log is kept until each of its readers has come to its end", async () => {
  await endedRun("r");
  await (await store.cursor("r", "e")).save(2);
  expect(await removeIn(100)).toEqual([]);
  const stop = new AbortController();
  const emitter = { name: "e", write: () => ({ status: "delivered" as const }), finish: () => stop.abort() };
  await keepDelivering(store, { reader: "e", open: () => emitter, signal: stop.signal });
  expect(await removeIn(100)).toEqual(["r"]);
});

test("a log that is being written is kept, and the others go", async () => {
  await endedRun("a");
  await endedRun("b");
  const log = await openRunStore({ dir: store.dir }).openLog("a");
  expect(await removeIn(100)).toEqual(["b"]);
  expect(said).toEqual([expect.stringContaining("the log of run a can't be removed")]);
  await log.close();
});

test("a run that goes on and ends again while it is looked at keeps its log, with what nobody has read", async () => {
  await endedRun("r");
  const meddled: RunStore = {
    ...store,
    async openLog(runId) {
      await append(store, runId, [...updates(2, 5), finished()]);
      return store.openLog(runId);
    },
  };
  expect(await removeIn(100, meddled)).toEqual([]);
  expect(await store.listing("r")).toMatchObject({ num_events: 8 });
  await store.writeArtifacts("r");
  expect(await removeIn(100)).toEqual(["r"]);
  expect(said).toEqual([]);
});

test("what a removal left that was cut short goes with the next one, also of a run that has gone on", async () => {
  for (const runId of ["gone", "back"]) {
    await endedRun(runId);
    await rename(join(store.dir, `${runId}.log`), join(store.dir, `${runId}.log.removed`));
  }
  await endedRun("back");
  expect(await removeIn(0)).toEqual([]);
  expect((await readdir(store.dir)).filter((name) => name.includes(".log"))).toEqual(["back.log"]);
  await mkdir(join(store.dir, "back.log.removed"));
  await writeFile(join(store.dir, "back.log.removed", "0.seg"), "");
  expect(await removeIn(100)).toEqual(["back"]);
  expect(said).toEqual([]);
});

test("what comes after the removal is a new log; the lines of the old one are kept aside", async () => {
  await endedRun("r");
  const before = await readFile(join(store.dir, "r.jsonl"), "utf8");
  expect(await removeIn(100)).toEqual(["r"]);
  await session(store, updates(2, 5));
  expect(await store.listing("r")).toMatchObject({ num_events: 2 });
  const [kept = ""] = (await readdir(store.dir)).filter((name) => name.startsWith("r.jsonl.kept-"));
  expect(await readFile(join(store.dir, kept), "utf8")).toBe(before);
});
