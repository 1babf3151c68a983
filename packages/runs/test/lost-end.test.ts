import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { HiveEvent } from "@hivewatch/core";
import { temporaryFolder } from "@hivewatch/test-support";
import { beforeEach, expect, test } from "vitest";
import { keepDelivering, openRunStore, type RunStore } from "../src/index.ts";
import { idsOf, update, updates } from "./support/events.ts";
import { append, filesOf, finished, rebuilt } from "./support/stored.ts";

let store: RunStore;
let said: string[];

beforeEach(async () => {
  said = [];
  store = openRunStore({
    dir: await temporaryFolder(),
    durability: "os",
    onDiagnostic: (message) => said.push(message),
  });
});

/** Delivers the run to its end, and returns the ids of the clients that were told of. */
async function deliver(): Promise<string[]> {
  const taken: string[] = [];
  const stop = new AbortController();
  const emitter = {
    name: "e",
    write(events: readonly HiveEvent[]) {
      taken.push(...idsOf(events.map((event) => ({ event, position: 0 }))));
      return { status: "delivered" as const };
    },
    finish: () => stop.abort(),
  };
  await keepDelivering(store, { reader: "e", open: () => emitter, signal: stop.signal });
  return taken;
}

/** Writes a run whose end a loss of power takes after everybody has read it. */
async function runThatLosesItsEnd(): Promise<void> {
  await append(store, "r", updates(3));
  const segment = join(store.dir, "r.log", `${"0".repeat(20)}.seg`);
  const { size } = await stat(segment);
  await append(store, "r", [...updates(5, 3), finished()]);
  await store.writeArtifacts("r");
  await (await store.cursor("r", "e")).save(0);
  expect(await deliver()).toHaveLength(8);
  await truncate(segment, size);
  // As the process finds it that is started then.
  store = openRunStore({ dir: store.dir, durability: "os", onDiagnostic: (message) => said.push(message) });
}

test("readers and files that have come further than a log that lost its end leave nothing out of what comes then", async () => {
  await runThatLosesItsEnd();
  await append(store, "r", [update({ client_id: "new" }), update({ client_id: "newer" }), finished()]);
  const [kept = ""] = (await readdir(store.dir)).filter((name) => name.startsWith("r.jsonl.kept-"));
  expect((await readFile(join(store.dir, kept), "utf8")).trimEnd().split("\n")).toHaveLength(9);
  expect(said).toContainEqual(expect.stringMatching(`has events that its log has lost.*${kept}`));
  expect(await store.behindReader("e")).toEqual(["r"]);
  expect(await deliver()).toEqual(["new", "newer"]);
  await store.writeArtifacts("r");
  expect(await filesOf(store.dir, "r")).toEqual(await rebuilt(store.dir, "r"));
  const map = await store.map("r");
  expect(map?.head).toMatchObject({ position: 6, clients: { count: 5 } });
  await map?.frames.close();
});

test("a map that was saved just before, without the cursor of the files, is made anew as well", async () => {
  await runThatLosesItsEnd();
  const behind = { position: 2, jsonlBytes: 10, mapPosition: -1, isMapTooLarge: false, end: "" };
  await writeFile(join(store.dir, "r.log", "artifacts.json"), JSON.stringify(behind));
  await append(store, "r", updates(9, 100));
  await store.writeArtifacts("r");
  expect(await filesOf(store.dir, "r")).toEqual(await rebuilt(store.dir, "r"));
});

test("a map that can't be looked at keeps no log from being opened", async () => {
  await append(store, "r", updates(3));
  await store.writeArtifacts("r");
  await rm(join(store.dir, "r.map2.json"));
  await mkdir(join(store.dir, "r.map2.json"));
  await append(store, "r", updates(2, 3));
  expect(await store.listing("r")).toMatchObject({ num_events: 5 });
});

test("a log that has lost nothing is opened without a word", async () => {
  await append(store, "r", [...updates(3), finished()]);
  await store.writeArtifacts("r");
  await (await store.cursor("r", "e")).save(0);
  expect(await deliver()).toHaveLength(3);
  await append(store, "r", [...updates(2, 3), finished()]);
  expect(await deliver()).toEqual(["c3", "c4"]);
  expect(said).toEqual([]);
});
