import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRun, HiveWatchError } from "@hivewatch/core";
import { temporaryFolder, until } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { filesEmitter, openRunStore, type RunStore } from "../src/index.ts";
import { entriesOf, event, ids, idsOf, updates } from "./support/events.ts";

test("a Node server keeps a run on disk without a bridge", async () => {
  const runsDir = await temporaryFolder();
  const run = createRun({ runId: "r", emitters: [filesEmitter({ runsDir })] });
  for (let i = 0; i < 1500; i++) run.logClientUpdate("a", { round: 1, local_loss: i });
  run.logRound(1, { global_accuracy: Number.NaN });
  expect(await run.finish()).toBe(true);
  expect((await readdir(runsDir)).sort()).toEqual(["r.jsonl", "r.log", "r.map.json", "r.map2", "r.map2.json"]);
  const entries = await entriesOf(openRunStore({ dir: runsDir }).read("r"));
  expect(entries).toHaveLength(1503);
  expect(entries.at(-2)?.event).toMatchObject({ round_metrics: { global_accuracy: Number.NaN } });
  expect((await readFile(join(runsDir, "r.jsonl"), "utf8")).trimEnd().split("\n")).toHaveLength(1503);
});

test("files that can't be written don't end the training; the log has all, and finish says so", async () => {
  const runsDir = await temporaryFolder();
  await mkdir(join(runsDir, "r.map.json", "in the way"), { recursive: true });
  const said: string[] = [];
  const run = createRun({
    runId: "r",
    emitters: [filesEmitter({ runsDir })],
    onDiagnostic: (message) => said.push(message),
  });
  run.logRound(1);
  expect(await run.finish()).toBe(false);
  expect(said).toEqual([expect.stringContaining("r.map.json")]);
  expect(await entriesOf(openRunStore({ dir: runsDir }).read("r"))).toHaveLength(3);
});

test("a folder that can't be made is told of, and waited for", async () => {
  const runsDir = join(await temporaryFolder(), "runs");
  await writeFile(runsDir, "in the way");
  const said: string[] = [];
  const run = createRun({
    runId: "r",
    emitters: [filesEmitter({ runsDir })],
    onDiagnostic: (message) => said.push(message),
  });
  await until("word of it", () => said.length > 0);
  expect(said[0]).toMatch(/trying again: .*the log of run r can't be opened/);
  await rm(runsDir);
  run.logRound(1);
  expect(await run.finish({ timeoutMs: 60_000 })).toBe(true);
  expect(run.stats).toMatchObject([{ delivered: 3, refused: 0 }]);
  expect(await entriesOf(openRunStore({ dir: runsDir }).read("r"))).toHaveLength(3);
});

/** A store whose disk is full at some appends, or takes some for useless: so many come before that. */
function sick(store: RunStore, failures: Map<number, HiveWatchError>): RunStore {
  let appends = 0;
  return {
    ...store,
    async openLog(runId) {
      const log = await store.openLog(runId);
      const append: typeof log.append = async (batch) => {
        const failure = failures.get(appends++);
        if (failure !== undefined) throw failure;
        return log.append(batch);
      };
      return Object.defineProperties({ ...log, append }, { position: { get: () => log.position } });
    },
  };
}

test("a disk that is full for a while loses nothing and makes nothing be there twice, wherever in a batch it is full", async () => {
  const store = openRunStore({ dir: await temporaryFolder() });
  const full = new HiveWatchError("unavailable", "no space left");
  const emitter = filesEmitter({}, sick(store, new Map([1, 2, 5].map((append) => [append, full]))));
  const run = createRun({ runId: "r", emitters: [emitter] });
  // Of several forms, so that they are several batches of the log.
  for (let round = 0; round < 4; round++) {
    run.logClientUpdate(`a${round}`, { round });
    run.logRound(round);
  }
  expect(await run.finish({ timeoutMs: 60_000 })).toBe(true);
  expect(run.stats).toMatchObject([{ delivered: 10, refused: 0 }]);
  expect(run.stats[0]?.retries).toBeGreaterThan(0);
  const entries = await entriesOf(store.read("r"));
  expect(entries.map(({ event }) => `${event.event_type} ${event.round ?? ""}`)).toEqual([
    "init ",
    ...[0, 1, 2, 3].flatMap((round) => [`client_update ${round}`, `round_end ${round}`]),
    "finished ",
  ]);
});

test("a batch that no log can hold costs itself alone", async () => {
  const store = openRunStore({ dir: await temporaryFolder() });
  const emitter = filesEmitter({}, sick(store, new Map([[1, new HiveWatchError("malformed", "too large")]])));
  const { signal } = new AbortController();
  expect(await emitter.write([...updates(1), event({ event_type: "round_end", round: 1 })], signal)).toEqual({
    status: "refused",
    reason: expect.stringContaining("too large"),
  });
  expect(await emitter.write(updates(2, 1), signal)).toEqual({ status: "delivered" });
  await emitter.finish?.();
  expect(idsOf(await entriesOf(store.read("r")))).toEqual(ids(3));
});

test("files that could not be written for a while are written at the end", async () => {
  const store = openRunStore({ dir: await temporaryFolder() });
  let tries = 0;
  const emitter = filesEmitter(
    {},
    {
      ...store,
      async writeArtifacts(...args) {
        if (tries++ === 0) throw new HiveWatchError("unavailable", "no space left");
        return store.writeArtifacts(...args);
      },
    },
  );
  const run = createRun({ runId: "r", emitters: [emitter] });
  run.logRound(1);
  expect(await run.finish()).toBe(true);
  expect((await readFile(join(store.dir, "r.jsonl"), "utf8")).trimEnd().split("\n")).toHaveLength(3);
});
