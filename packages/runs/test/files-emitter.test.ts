import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createRun } from "@hivewatch/core";
import { temporaryFolder } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { filesEmitter, openRunStore } from "../src/index.ts";
import { entriesOf } from "./support/events.ts";

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

test("a folder that can't be made is told of", async () => {
  const said: string[] = [];
  const run = createRun({
    runId: "r",
    emitters: [filesEmitter({ runsDir: join(import.meta.filename, "runs") })],
    onDiagnostic: (message) => said.push(message),
  });
  expect(await run.finish()).toBe(false);
  expect(said[0]).toContain("the log of run r can't be opened");
});
