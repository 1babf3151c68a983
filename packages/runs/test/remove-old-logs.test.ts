import { readdir, rm } from "node:fs/promises";
import { temporaryFolder } from "@hivewatch/test-support";
import { beforeEach, expect, test } from "vitest";
import { keepDelivering, openRunStore, type RunStore, removeOldLogs } from "../src/index.ts";
import { event, updates } from "./support/events.ts";
import { append, finished } from "./support/stored.ts";

const DAY_MS = 24 * 3600 * 1000;

let store: RunStore;
let said: string[];

beforeEach(async () => {
  store = openRunStore({ dir: await temporaryFolder() });
  said = [];
});

/** Removes what is older than a week, so many days from now. */
function removeIn(days: number): Promise<string[]> {
  const now = (): number => Date.now() + days * DAY_MS;
  return removeOldLogs(store, { keepMs: 7 * DAY_MS, now, onDiagnostic: (message) => said.push(message) });
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
