import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder, until } from "@hivewatch/test-support";
import { expect, onTestFinished, test } from "vitest";
import { keepArtifacts, openRunStore, type RunStore } from "../src/index.ts";
import { batchOf, updates } from "./support/events.ts";
import { appendUpdates, filesOf, finished, rebuilt } from "./support/stored.ts";

/** Keeps files until the test or `stop` ends it. */
function keep(store: RunStore) {
  const said: string[] = [];
  const controller = new AbortController();
  const ended = keepArtifacts(store, { signal: controller.signal, onDiagnostic: (message) => said.push(message) });
  const stop = async (): Promise<void> => {
    controller.abort();
    await ended;
  };
  onTestFinished(stop);
  return { said, stop };
}

async function exists(dir: string, name: string): Promise<boolean> {
  return (await readdir(dir)).includes(name);
}

test("files that a crash left behind their logs are brought up to date first", async () => {
  const before = openRunStore({ dir: await temporaryFolder() });
  await appendUpdates(before, "a", 5);
  await appendUpdates(before, "b", 5);
  await before.writeArtifacts("b");
  await appendUpdates(before, "b", 9, 5);
  const store = openRunStore({ dir: before.dir });
  const { stop } = keep(store);
  await until("all files", async () => (await before.behindArtifacts()).length === 0);
  await stop();
  for (const runId of ["a", "b"]) expect(await filesOf(store.dir, runId)).toEqual(await rebuilt(store.dir, runId));
});

test("a run that goes on while its files are brought up to date ends with all of them", async () => {
  const before = openRunStore({ dir: await temporaryFolder() });
  await appendUpdates(before, "r", 3000);
  const store = openRunStore({ dir: before.dir });
  const { stop } = keep(store);
  for (let i = 3000; i < 3100; i += 10) await appendUpdates(store, "r", 10, i);
  await stop();
  expect((await filesOf(store.dir, "r"))[0]?.trimEnd().split("\n")).toHaveLength(3100);
  expect(await filesOf(store.dir, "r")).toEqual(await rebuilt(store.dir, "r"));
});

test("a damaged run doesn't keep the others from being brought up to date", async () => {
  const store = openRunStore({ dir: await temporaryFolder() });
  await appendUpdates(store, "bad", 5);
  await appendUpdates(store, "good", 5);
  await mkdir(join(store.dir, "bad.map.json", "in the way"), { recursive: true });
  const { said } = keep(openRunStore({ dir: store.dir }));
  await until("the files of the good run", () => exists(store.dir, "good.map.json"));
  await until("word of the bad run", () => said.length > 0);
  expect(said).toEqual([expect.stringContaining("the files of run bad can't be written")]);
});

test("a run that has finished has its files, while its log stays open", async () => {
  const store = openRunStore({ dir: await temporaryFolder() });
  const { stop } = keep(store);
  const log = await store.openLog("r");
  await log.append(batchOf(updates(3)));
  await log.append(batchOf([finished()], 3));
  await until("files that are up to date", async () => !(await store.behindArtifacts()).includes("r"));
  await stop();
  expect(await filesOf(store.dir, "r")).toEqual(await rebuilt(store.dir, "r"));
  await log.close();
});

test("files are written in a thread that learns of a log by what it is told", async () => {
  const writer = openRunStore({ dir: await temporaryFolder() });
  const elsewhere = openRunStore({ dir: writer.dir, pollIntervalMs: 3_600_000 });
  const { stop } = keep(elsewhere);
  onTestFinished(writer.subscribe((news) => elsewhere.tell(structuredClone(news))));
  const log = await writer.openLog("r");
  for (let i = 0; i < 5; i++) await log.append(batchOf(updates(2, 2 * i), 2 * i));
  await log.close();
  await until("all files", async () => (await writer.behindArtifacts()).length === 0);
  await stop();
  expect(await filesOf(writer.dir, "r")).toEqual(await rebuilt(writer.dir, "r"));
});
