import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRun, type HiveEvent } from "@hivewatch/core";
import { openRunStore, type RunStore } from "@hivewatch/runs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bridge, bridgeEmitter, startBridge } from "../src/index.ts";

let dir: string;
let store: RunStore;
let bridge: Bridge;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "hivewatch-bridge-"));
  store = openRunStore({ dir });
  bridge = await startBridge({ store, port: 0 });
});

afterEach(async () => {
  await bridge.close();
  await rm(dir, { recursive: true });
});

async function eventsOf(runId: string): Promise<HiveEvent[]> {
  const events: HiveEvent[] = [];
  for await (const step of store.read(runId)) events.push(...step.entries.map((entry) => entry.event));
  return events;
}

test("what a Node program logs is in the run's log, once and in order", async () => {
  const run = createRun({ runId: "r1", emitters: [bridgeEmitter({ endpoint: bridge.address })] });
  run.roundStart(1, ["a"]);
  for (let i = 0; i < 2000; i++) run.logClientUpdate("a", { round: 1, local_loss: i });
  run.logRound(1, { global_accuracy: Number.NaN });
  expect(await run.finish()).toBe(true);
  const events = await eventsOf("r1");
  expect(events.map((event) => event.event_type)).toEqual([
    "init",
    "round_start",
    ...Array.from({ length: 2000 }, () => "client_update"),
    "round_end",
    "finished",
  ]);
  expect(events.at(-2)).toMatchObject({ round_metrics: { global_accuracy: Number.NaN } });
});
