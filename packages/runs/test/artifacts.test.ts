import { randomUUID } from "node:crypto";
import { cp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEvent } from "@hivewatch/core";
import { newSeed, randomFrom, temporaryFolder, until } from "@hivewatch/test-support";
import { describe, expect, test } from "vitest";
import { writeArtifacts } from "../src/artifacts.ts";
import { type FoldStep, unitsOfLog } from "../src/fold-units.ts";
import { readBatches } from "../src/read-batches.ts";
import { artifactPaths } from "../src/run-files.ts";
import { openRunStore, type RunStore } from "../src/run-store.ts";
import { batchOf, updates } from "./support/events.ts";
import { appendTo, session } from "./support/stored.ts";
import { training } from "./support/training.ts";

interface Files {
  readonly jsonl: string;
  readonly map: string;
}

async function filesOf(dir: string): Promise<Files> {
  return { jsonl: await readFile(join(dir, "r.jsonl"), "utf8"), map: await readFile(join(dir, "r.map.json"), "utf8") };
}

/** What the files of a log are when they are made all at once, from nothing. */
async function rebuilt(dir: string): Promise<Files> {
  const fresh = await temporaryFolder();
  await cp(join(dir, "r.log"), join(fresh, "r.log"), { recursive: true });
  await rm(join(fresh, "r.log", "artifacts.json"), { force: true });
  await openRunStore({ dir: fresh }).writeArtifacts("r");
  return filesOf(fresh);
}

async function openStore(said?: string[]): Promise<RunStore> {
  return openRunStore({ dir: await temporaryFolder(), onDiagnostic: (message) => said?.push(message) });
}

test("files that are written while a run goes on are those that are made of the whole log", async () => {
  const random = randomFrom(newSeed());
  const store = await openStore();
  const events = training(20);
  for (let at = 0; at < events.length; ) {
    const end = at + 1 + random.below(60);
    await session(store, events.slice(at, end));
    at = end;
  }
  const files = await filesOf(store.dir);
  expect(files).toEqual(await rebuilt(store.dir));
  expect(files.jsonl.trimEnd().split("\n")).toHaveLength(events.length);
  expect(JSON.parse(files.map).finished_at).toBe(events.at(-1)?.timestamp);
});

describe("a writer goes on without a line repeated or missing", () => {
  const events = training(6);

  test.each<[string, (dir: string) => Promise<void>]>([
    ["half a line was written", (dir) => writeFile(join(dir, "r.jsonl"), '{"event_type": "client_upd', { flag: "a" })],
    ["garbage was written", (dir) => writeFile(join(dir, "r.jsonl"), "x".repeat(100_000), { flag: "a" })],
    ["the lines are cut", (dir) => truncate(join(dir, "r.jsonl"), 100)],
    ["the lines are gone", (dir) => rm(join(dir, "r.jsonl"))],
    ["the map is gone", (dir) => rm(join(dir, "r.map.json"))],
    ["the map is half", (dir) => writeFile(join(dir, "r.map.json"), "{")],
    ["the cursor is gone", (dir) => rm(join(dir, "r.log", "artifacts.json"))],
    ["the cursor is half", (dir) => writeFile(join(dir, "r.log", "artifacts.json"), '{"position":3,"jso')],
    ["nothing happened", async () => {}],
  ])("after a crash in which %s", async (_, damage) => {
    const store = await openStore();
    await session(store, events.slice(0, 30));
    await damage(store.dir);
    await session(store, events.slice(30));
    expect(await filesOf(store.dir)).toEqual(await rebuilt(store.dir));
  });

  test("wherever it was stopped", async () => {
    const store = await openStore();
    await session(store, events.slice(0, 30));
    const { jsonl } = await filesOf(store.dir);
    const cursor = await readFile(join(store.dir, "r.log", "artifacts.json"));
    await session(store, events.slice(30));
    const whole = await filesOf(store.dir);
    for (let length = jsonl.length; length <= whole.jsonl.length; length += 211) {
      // As if it had been stopped before the cursor was written, with so much of the lines there.
      await writeFile(join(store.dir, "r.log", "artifacts.json"), cursor);
      await writeFile(join(store.dir, "r.jsonl"), whole.jsonl.slice(0, length));
      await writeFile(join(store.dir, "r.map.json"), "");
      await store.writeArtifacts("r");
      expect(await filesOf(store.dir)).toEqual(whole);
    }
  });
});

test("a second process that brings the files up to date does no harm to the one that writes them", async () => {
  const random = randomFrom(newSeed());
  const store = await openStore();
  const other = openRunStore({ dir: store.dir });
  const events = training(30);
  const log = await store.openLog("r");
  const stop = new AbortController();
  const files = store.writeArtifacts("r", stop.signal);
  await appendTo(log, events.slice(0, 5));
  const meddling: Promise<void>[] = [];
  const last = events.length - 1;
  for (let at = 5; at < last; ) {
    const end = Math.min(last, at + 1 + random.below(20));
    await appendTo(log, events.slice(at, end));
    at = end;
    if (random.below(2) === 0) meddling.push(other.writeArtifacts("r"));
  }
  await Promise.all(meddling);
  // Whoever read an older log may have been the last to write: only from here on is nobody else at it.
  await appendTo(log, events.slice(last));
  await log.close();
  stop.abort();
  await files;
  expect(await filesOf(store.dir)).toEqual(await rebuilt(store.dir));
  expect((await readdir(store.dir)).sort()).toEqual(["r.jsonl", "r.log", "r.map.json", "r.map2", "r.map2.json"]);
});

test("what a process that was killed had half written is removed by the next one, and nothing else", async () => {
  const store = await openStore();
  await session(store, training(2));
  const id = randomUUID();
  const half = ["r.map.json", "r.map2", "r.map2.json", join("r.log", "artifacts.json")];
  for (const name of half) await writeFile(join(store.dir, `${name}.${id}.tmp`), "{");
  const others = [`r.map.json.${id}.tmp.txt`, `rr.map.json.${id}.tmp`, "r.map.json.tmp"];
  for (const name of others) await writeFile(join(store.dir, name), "mine");
  // Who only brings files up to date can't know whether somebody else is writing them.
  await store.writeArtifacts("r");
  expect((await readdir(store.dir, { recursive: true })).filter((name) => name.endsWith(`${id}.tmp`))).toHaveLength(5);
  await session(store, training(1));
  const left = (await readdir(store.dir, { recursive: true })).filter((name) => name.includes(".tmp"));
  expect(left.sort()).toEqual(others.sort());
});

test("lines of another program that were there before the log are kept aside", async () => {
  const said: string[] = [];
  const store = await openStore(said);
  const theirs = '{"event_type": "init", "run_id": "r", "started_at": "2026-11-23T07:43:20.337352+00:00"}\n';
  await writeFile(join(store.dir, "r.jsonl"), theirs);
  await session(store, training(2));
  const kept = (await readdir(store.dir)).filter((name) => name.includes("kept"));
  expect(kept).toHaveLength(1);
  expect(await readFile(join(store.dir, kept[0] ?? ""), "utf8")).toBe(theirs);
  expect(said).toEqual([expect.stringContaining(kept[0] ?? "?")]);
  expect(await filesOf(store.dir)).toEqual(await rebuilt(store.dir));
  await session(store, updates(1));
  expect((await readdir(store.dir)).filter((name) => name.includes("kept"))).toEqual(kept);
});

test("the map is whole whenever somebody looks", async () => {
  const store = await openStore();
  const path = join(store.dir, "r.map.json");
  let over = false;
  const writing = session(store, training(60)).finally(() => {
    over = true;
  });
  let looks = 0;
  // Without a pause, so that it looks as often as it can.
  do {
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (text === undefined) continue;
    expect(JSON.parse(text)).toMatchObject({ schema_version: 1, run_id: "r" });
    expect(text.endsWith("}\n")).toBe(true);
    looks++;
  } while (!over);
  await writing;
  expect(looks).toBeGreaterThan(0);
  expect((await readdir(store.dir)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});

test("a long round without an end doesn't pile up in memory: its lines are written before", async () => {
  const store = await openStore();
  const log = await store.openLog("r");
  const stop = new AbortController();
  const files = store.writeArtifacts("r", stop.signal);
  for (let i = 0; i < 12; i++) {
    const [event] = updates(1, i);
    if (event !== undefined) await log.append(batchOf([{ ...event, blob: "x".repeat(1_000_000) }], i));
  }
  const path = join(store.dir, "r.jsonl");
  await until("lines of the round that goes on", async () => (await readFile(path).catch(() => "")).length > 4_000_000);
  await log.close();
  stop.abort();
  await files;
  expect(await filesOf(store.dir)).toEqual(await rebuilt(store.dir));
});

test("a file of lines that somebody cuts meanwhile is told of, and made anew the next time", async () => {
  const store = await openStore();
  const events = training(4);
  const log = await store.openLog("r");
  const files = store.writeArtifacts("r", new AbortController().signal);
  const failed = expect(files).rejects.toThrow("has become shorter");
  await appendTo(log, events.slice(0, 20));
  await until(
    // All of them: a write that is under way would take the place of what was cut.
    "the first lines",
    async () => (await readFile(join(store.dir, "r.jsonl"), "utf8").catch(() => "")).split("\n").length > 20,
  );
  await truncate(join(store.dir, "r.jsonl"), 10);
  await appendTo(log, events.slice(20));
  await failed;
  await log.close();
  await store.writeArtifacts("r");
  expect(await filesOf(store.dir)).toEqual(await rebuilt(store.dir));
});

test("runs whose files a crash left behind are found, and no others", async () => {
  const store = await openStore();
  expect(await store.behindArtifacts()).toEqual([]);
  await session(store, training(2));
  await writeFile(join(store.dir, "python.jsonl"), '{"event_type":"init"}\n');
  expect(await store.behindArtifacts()).toEqual([]);
  const log = await store.openLog("r");
  await appendTo(log, updates(3));
  await log.close();
  expect(await store.behindArtifacts()).toEqual(["r"]);
  await store.writeArtifacts("r");
  expect(await store.behindArtifacts()).toEqual([]);
  await rm(join(store.dir, "r.jsonl"));
  expect(await store.behindArtifacts()).toEqual(["r"]);
});

test("files that were being brought up to date when their writer was stopped are behind, however new they are", async () => {
  const store = await openStore();
  const log = await store.openLog("r");
  const events = training(6);
  for (let at = 0; at < events.length; at += 10) await appendTo(log, events.slice(at, at + 10));
  await log.close();
  const paths = artifactPaths(store.dir, "r");
  const read = async function* (from: number): AsyncGenerator<FoldStep> {
    const all = unitsOfLog(
      "r",
      readBatches(paths.log, "r", { from }, async () => {}),
    );
    for await (const { units } of all) for (const unit of units) yield { units: [unit], atEnd: false };
    throw new Error("stopped");
  };
  await expect(writeArtifacts("r", paths, read, { isOwner: true })).rejects.toThrow("stopped");
  expect((await readFile(paths.jsonl, "utf8")).length).toBeGreaterThan(100);
  expect(await store.behindArtifacts()).toEqual(["r"]);
  await store.writeArtifacts("r");
  expect(await store.behindArtifacts()).toEqual([]);
});

test("an event with no clients makes no line, and does no harm", async () => {
  const store = await openStore();
  const empty = parseEvent({ ...updates(1)[0], clients: [] });
  await session(store, [empty, ...training(1), empty]);
  const { jsonl } = await filesOf(store.dir);
  expect(
    jsonl
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).event_type),
  ).toHaveLength(training(1).length);
});
