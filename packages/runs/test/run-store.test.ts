import { appendFile, mkdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder, until } from "@hivewatch/test-support";
import { beforeEach, describe, expect, test } from "vitest";
import type { RunNews } from "../src/run-news.ts";
import { openRunStore, type RunStore } from "../src/run-store.ts";
import { batchOf, entriesOf, event, updates } from "./support/events.ts";
import { training } from "./support/training.ts";

let dir: string;
let store: RunStore;
let said: string[];

beforeEach(async () => {
  dir = await temporaryFolder();
  said = [];
  store = openRunStore({ dir, pollIntervalMs: 1, onDiagnostic: (message) => said.push(message) });
});

function save(name: string, lines: readonly string[]): Promise<void> {
  return writeFile(join(dir, name), lines.map((line) => `${line}\n`).join(""));
}

const INIT =
  '{"event_type": "init", "run_id": "old", "algorithm": "FedAvg", "config": {"lr": 0.01}, "started_at": "2026-11-23T07:43:20.337352+00:00"}';
const UPDATE =
  '{"event_type": "client_update", "run_id": "old", "round": 1, "timestamp": "2026-11-23T07:43:20.340570+00:00", "clients": [{"client_id": "client-01", "round": 1, "local_accuracy": 0.4918, "local_loss": NaN, "num_samples": 1725, "base_round": 0, "gradient_norm": -Infinity, "sparsity": null, "lat": 40.71, "lng": -74.0, "city": "NaN", "status": "active", "tags": ["NaN", "y"]}]}';
const ROUND_END_0_3 =
  '{"event_type": "round_end", "run_id": "old", "round": 1, "timestamp": "2026-11-23T07:43:20.491384+00:00", "round_metrics": {"global_accuracy": 0.4843, "gradient_norm_dispersion": 0.98}, "clients": []}';
const ROUND_END_0_2 = ROUND_END_0_3.replace("gradient_norm_dispersion", "gradient_divergence");
const FINISHED = '{"event_type": "finished", "run_id": "old", "timestamp": "2026-11-23T07:43:21.304977+00:00"}';

async function eventsOf(runId: string): Promise<unknown[]> {
  return (await entriesOf(store.read(runId))).map((entry) => entry.event);
}

test("runs of ours and of Python hivewatch are listed, newest first", async () => {
  const log = await store.openLog("ours");
  const events = training(3, "ours");
  await log.append(batchOf(events.slice(0, 2)));
  await save("old.jsonl", [INIT, UPDATE, ROUND_END_0_3, FINISHED]);
  expect(await store.list()).toMatchObject([
    {
      run_id: "old",
      algorithm: "FedAvg",
      started_at: "2026-11-23T07:43:20.337352+00:00",
      num_events: 4,
      file: "old.jsonl",
      metadata_file: "old.map.json",
      has_metadata: false,
      status: "completed",
      finished_at: "2026-11-23T07:43:21.304977+00:00",
      num_rounds: 1,
      num_clients: 1,
      global_accuracy: 0.4843,
      config: { lr: 0.01 },
    },
    { run_id: "ours", num_events: 2, status: "running", finished_at: null, num_rounds: 0 },
  ]);
  const later = event({ event_type: "round_start", round: 0, timestamp: "2026-11-24T00:00:00Z" }, "ours");
  await log.append(batchOf([later], 2));
  expect((await store.list()).map((run) => run.run_id)).toEqual(["ours", "old"]);
  await log.close();
});

describe("lines of Python hivewatch are read:", () => {
  test("with its bare words for numbers that are none", async () => {
    await save("old.jsonl", [INIT, UPDATE]);
    expect((await eventsOf("old"))[1]).toMatchObject({
      clients: [{ local_loss: Number.NaN, gradient_norm: Number.NEGATIVE_INFINITY, city: "NaN", sparsity: null }],
    });
  });

  test("of 0.2.1 and of 0.3.1", async () => {
    await save("a.jsonl", [INIT, ROUND_END_0_2]);
    await save("b.jsonl", [INIT, ROUND_END_0_3]);
    expect((await eventsOf("a"))[1]).toMatchObject({ round_metrics: { gradient_divergence: 0.98 } });
    expect((await eventsOf("b"))[1]).toMatchObject({ round_metrics: { gradient_norm_dispersion: 0.98 } });
  });

  test("with the times and fields of the variant that uploads them", async () => {
    const line =
      '{"event_type": "round_end", "run_id": "old", "round": 1, "timestamp": "2026-11-23T07:43:20Z", "round_metrics": {"num_failures": 1, "total_bytes_up": 5}, "clients": []}';
    await save("old.jsonl", [line]);
    expect(await store.list()).toMatchObject([{ last_event_at: "2026-11-23T07:43:20Z", num_rounds: 1 }]);
    expect(await eventsOf("old")).toMatchObject([{ round_metrics: { num_failures: 1, total_bytes_up: 5 } }]);
  });

  test("under the name of their file, whatever they say", async () => {
    await save("renamed.jsonl", [INIT]);
    expect(await store.list()).toMatchObject([{ run_id: "renamed" }]);
    expect(await eventsOf("renamed")).toMatchObject([{ run_id: "renamed" }]);
  });

  test("with a second init, which goes on with the run", async () => {
    await save("old.jsonl", [INIT, FINISHED, INIT.replace("FedAvg", "FedProx"), UPDATE]);
    expect(await store.list()).toMatchObject([
      { algorithm: "FedProx", status: "running", finished_at: null, num_events: 4 },
    ]);
  });

  test("without those that can't be read", async () => {
    await save("old.jsonl", [INIT, "garbage", "", "[]", "17", "null", '{"event_type": 5}', '{"no": "type"}', UPDATE]);
    expect(await store.list()).toMatchObject([{ num_events: 2 }]);
  });

  test("without the half of one that is being written, until the other half comes", async () => {
    const path = join(dir, "old.jsonl");
    const seen: string[] = [];
    await writeFile(path, `${INIT}\n${UPDATE.slice(0, 50)}`);
    const stop = new AbortController();
    const reading = (async () => {
      for await (const step of store.read("old", { follow: true, signal: stop.signal })) {
        for (const entry of step.entries) seen.push(entry.event.event_type);
      }
    })();
    await until("the first line", () => seen.length === 1);
    await appendFile(path, UPDATE.slice(50));
    await until("the second line", () => seen.length === 2); // whole, though the line feed is missing
    await appendFile(path, `\n${FINISHED}\n`);
    await until("the third line", () => seen.length === 3);
    stop.abort();
    await reading;
    expect(seen).toEqual(["init", "client_update", "finished"]);
  });

  test("from any position", async () => {
    await save("old.jsonl", [INIT, UPDATE, ROUND_END_0_3, FINISHED]);
    const entries = await entriesOf(store.read("old"));
    for (const [i, { position }] of entries.entries()) {
      expect(await entriesOf(store.read("old", { from: position }))).toEqual(entries.slice(i + 1));
    }
  });

  test("longer than what is read at once", async () => {
    const long = UPDATE.replace("client-01", "c").replace('"y"', `"${"y".repeat(3_000_000)}"`);
    await save("old.jsonl", [INIT, long, FINISHED]);
    const [, second, third] = await eventsOf("old");
    expect(JSON.stringify(second).length).toBeGreaterThan(3_000_000);
    expect(third).toMatchObject({ event_type: "finished" });
  });
});

test("files that are no runs are not listed", async () => {
  await save("empty.jsonl", []);
  await save("words.jsonl", ["no", "events"]);
  await save("old.map.json", ["{}"]);
  await save("notes.txt", [INIT]);
  await save(".hidden.jsonl", [INIT]);
  await save(".jsonl", [INIT]);
  await save("a.log", [INIT]);
  await mkdir(join(dir, "folder.jsonl"));
  await mkdir(join(dir, "empty.log"));
  await mkdir(join(dir, ".log"));
  expect(await store.list()).toEqual([]);
  expect(said).toEqual([]);
});

test("the last that is said of a log tells where it ends: what came before it may not have been heard", async () => {
  const heard: RunNews[] = [];
  store.subscribe((news) => heard.push(news));
  const log = await store.openLog("r");
  await log.append(batchOf(training(3, "r").slice(0, 2)));
  await log.close();
  expect(heard).toEqual([
    { runId: "r", position: 0, isOpen: true },
    { runId: "r", position: 2, isOpen: true },
    { runId: "r", position: 2, isOpen: false },
  ]);
});

test("links are not followed", async () => {
  const outside = await temporaryFolder();
  await writeFile(join(outside, "secret.jsonl"), `${INIT}\n`);
  const log = await openRunStore({ dir: outside }).openLog("secret");
  await log.append(batchOf(updates(1, 0, "secret")));
  await log.close();
  await symlink(join(outside, "secret.jsonl"), join(dir, "file.jsonl"));
  await symlink(join(outside, "secret.log"), join(dir, "folder.log"));
  expect(await store.list()).toEqual([]);
  for (const runId of ["file", "folder"]) {
    expect(await store.listing(runId)).toBeUndefined();
    await expect(entriesOf(store.read(runId))).rejects.toMatchObject({ code: "not_found" });
  }
});

test.each(["constructor", "__proto__", "error", "two words", "病院 🐝", "a.jsonl"])(
  "a file may be called %j",
  async (runId) => {
    await save(`${runId}.jsonl`, [INIT]);
    expect(await store.list()).toMatchObject([{ run_id: runId, file: `${runId}.jsonl` }]);
  },
);

test("a log goes before lines of the same name, which are made of it", async () => {
  await save("r.jsonl", [INIT, UPDATE, FINISHED]);
  const log = await store.openLog("r");
  await log.append(batchOf(updates(1)));
  await log.close();
  expect(await store.list()).toMatchObject([{ run_id: "r", num_events: 1 }]);
});

test("a listing is kept up to date with what is new alone", async () => {
  const path = join(dir, "old.jsonl");
  await save("old.jsonl", [INIT, UPDATE]);
  const [first] = await store.list();
  expect(first).toMatchObject({ num_events: 2 });
  // If it read the beginning again, it would now find nothing there.
  await truncate(path, 0);
  await truncate(path, first?.position);
  await appendFile(path, `${ROUND_END_0_3}\n`);
  const [second] = await store.list();
  expect(second).toMatchObject({ num_events: 3, algorithm: "FedAvg", global_accuracy: 0.4843 });
});

test("those who ask at the same time get the same listing", async () => {
  const log = await store.openLog("r");
  await log.append(batchOf(updates(100)));
  const listings = await Promise.all(Array.from({ length: 10 }, () => store.listing("r")));
  for (const listing of listings) expect(listing).toMatchObject({ num_events: 100, num_clients: 100 });
  await log.close();
});

test("a run that was taken away and made again is listed as it is now", async () => {
  await save("old.jsonl", [INIT, UPDATE, ROUND_END_0_3, FINISHED]);
  expect(await store.list()).toMatchObject([{ num_events: 4 }]);
  await rm(join(dir, "old.jsonl"));
  expect(await store.list()).toEqual([]);
  await save("old.jsonl", [INIT]);
  expect(await store.list()).toMatchObject([{ num_events: 1, status: "running" }]);
});

test("a run that can't be read is told of, and the others are listed", async () => {
  await save("old.jsonl", [INIT]);
  await mkdir(join(dir, "bad.log", "00000000000000000000.seg"), { recursive: true });
  expect(await store.list()).toMatchObject([{ run_id: "old" }]);
  expect(said).toEqual([expect.stringContaining("run bad can't be read")]);
});

test("the newest accuracy is that of the highest round, whatever order they came in", async () => {
  const log = await store.openLog("r");
  const round = (number: number, accuracy: number | undefined) =>
    event({ event_type: "round_end", round: number, round_metrics: { global_accuracy: accuracy } });
  await log.append(batchOf([round(3, 0.3), round(1, 0.1), round(4, undefined)]));
  expect(await store.listing("r")).toMatchObject({ global_accuracy: 0.3, num_rounds: 3 });
  await log.close();
});
