import { access, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { temporaryFolder } from "@hivewatch/test-support";
import { expect, onTestFinished, test } from "vitest";
import { openRunStore } from "../src/index.ts";
import { append } from "./support/stored.ts";
import { training } from "./support/training.ts";

/** A folder that is not on the file system of the others, where the system has one. */
async function folderElsewhere(): Promise<string> {
  const parent = await access("/dev/shm").then(
    () => "/dev/shm",
    () => tmpdir(),
  );
  const folder = await mkdtemp(join(parent, "hivewatch-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("files of an export may go to several file systems", async () => {
  const [dir, here, there] = [await temporaryFolder(), await temporaryFolder(), await folderElsewhere()];
  const store = openRunStore({ dir });
  await append(store, "r", training(2));
  const targets = {
    jsonl: join(here, "new", "r.jsonl"),
    map: join(there, "r.map2.json"),
    map1: join(here, "r.map.json"),
  };
  await store.export("r", targets);
  expect((await readdir(here, { recursive: true })).sort()).toEqual(["new", "new/r.jsonl", "r.map.json"]);
  expect((await readdir(there)).sort()).toEqual(["r.map2", "r.map2.json"]);
});

test("an export that is broken off leaves nothing anywhere", async () => {
  const [dir, here, there] = [await temporaryFolder(), await temporaryFolder(), await folderElsewhere()];
  const store = openRunStore({ dir });
  await append(store, "r", training(2));
  const targets = { jsonl: join(here, "r.jsonl"), map: join(there, "r.map2.json") };
  await expect(store.export("r", { ...targets, signal: AbortSignal.abort() })).rejects.toThrow();
  expect([...(await readdir(here)), ...(await readdir(there))]).toEqual([]);
});
