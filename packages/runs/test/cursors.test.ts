import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { newSeed, randomFrom, temporaryFolder } from "@hivewatch/test-support";
import { beforeEach, expect, test } from "vitest";
import { ensureCursors } from "../src/cursors.ts";
import { openRunStore, type RunStore } from "../src/index.ts";
import { openRunLog } from "../src/run-log.ts";
import { batchOf, updates } from "./support/events.ts";
import { modelMachine } from "./support/model-disk.ts";
import { appendUpdates } from "./support/stored.ts";

let store: RunStore;

beforeEach(async () => {
  store = openRunStore({ dir: await temporaryFolder() });
  await appendUpdates(store, "r", 3);
});

test("a cursor begins at the beginning, and outlives the process", async () => {
  const cursor = await store.cursor("r", "mlflow");
  expect(cursor.position).toBe(0);
  await cursor.save(2);
  expect(cursor.position).toBe(2);
  expect((await openRunStore({ dir: store.dir }).cursor("r", "mlflow")).position).toBe(2);
  expect((await store.cursor("r", "other")).position).toBe(0);
  expect(await readdir(join(store.dir, "r.log", "cursors"))).toEqual(["mlflow.json"]);
});

test("one that can't be read begins anew, so that nothing is left out", async () => {
  await (await store.cursor("r", "e")).save(2);
  const path = join(store.dir, "r.log", "cursors", "e.json");
  for (const text of ["", "{", "[]", '{"position":"2"}', (await readFile(path, "utf8")).slice(0, 8)]) {
    await writeFile(path, text);
    expect((await store.cursor("r", "e")).position).toBe(0);
    expect(await store.behindReader("e")).toEqual(["r"]);
  }
});

test.each(["../e", "a/b", "", ".hidden", "a:b"])("no reader is named %j", async (name) => {
  await expect(store.cursor("r", name)).rejects.toMatchObject({ code: "usage" });
});

test("there is no cursor of a run that isn't there", async () => {
  await expect(store.cursor("other", "e")).rejects.toMatchObject({ code: "not_found" });
});

test("a reader is behind until it says what the log's end was, and again when something was written", async () => {
  const cursor = await store.cursor("r", "e");
  expect(await store.behindReader("e")).toEqual([]);
  await cursor.save(3);
  expect(await store.behindReader("e")).toEqual(["r"]);
  await cursor.save(3, await store.logEnd("r"));
  expect(await store.behindReader("e")).toEqual([]);
  await appendUpdates(store, "r", 1, 3);
  expect(await store.behindReader("e")).toEqual(["r"]);
});

test("a log that is open has no end", async () => {
  const log = await store.openLog("r");
  expect(await store.logEnd("r")).toBeUndefined();
  await log.close();
  expect(await store.logEnd("r")).toMatch(/\.seg \d+$/);
});

test("every log is born with the cursors of those who shall read it, and keeps those it has", async () => {
  await (await store.cursor("r", "a")).save(2);
  const withReaders = openRunStore({ dir: store.dir, readers: ["a", "b"] });
  await appendUpdates(withReaders, "r", 1, 3);
  await appendUpdates(withReaders, "new", 1);
  expect(await store.behindReader("a")).toEqual(["new", "r"]);
  expect(await store.behindReader("b")).toEqual(["new", "r"]);
  expect((await store.cursor("r", "a")).position).toBe(2);
});

test("who shall read a run has a cursor there whenever anything of it was acknowledged, also after a loss of power", async () => {
  const random = randomFrom(newSeed());
  for (let times = 0; times < 20; times++) {
    const model = modelMachine(random);
    const { disk, processes } = model.start();
    const onRecovered = (): Promise<void> => ensureCursors("/runs/r.log", ["a", "b"], disk);
    const log = await openRunLog("/runs/r.log", "r", { disk, lock: { processes }, onRecovered });
    await log.append(batchOf(updates(1)));
    model.losePower();
    const cursors = model.paths().filter((path) => path.endsWith(".json"));
    expect(cursors.sort()).toEqual(["/runs/r.log/cursors/a.json", "/runs/r.log/cursors/b.json"]);
  }
});

test("a log that can't give its readers their cursors is not opened, and is free for the next one", async () => {
  const withReaders = openRunStore({ dir: store.dir, readers: ["a"] });
  await writeFile(join(store.dir, "r.log", "cursors"), "in the way");
  await expect(withReaders.openLog("r")).rejects.toMatchObject({ code: "unavailable" });
  await (await store.openLog("r")).close();
});
