import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { HiveEvent } from "@hivewatch/core";
import { temporaryFolder } from "@hivewatch/test-support";
import { packEvents } from "../../src/batch.ts";
import type { RunLog } from "../../src/run-log.ts";
import { openRunStore, type RunStore } from "../../src/run-store.ts";
import { event, updates } from "./events.ts";

/** Appends events to a log that is open, behind those that are there. */
export async function appendTo(log: RunLog, events: readonly HiveEvent[]): Promise<void> {
  const sequence = { runId: log.runId, producerId: "p", producerEpoch: 1n, firstSeq: log.highWaterMark("p", 1n) };
  for (const batch of packEvents(events, sequence)) await log.append(batch);
}

/** Appends events to a run's log, and closes it: as a process leaves it that ends before any reader has come. */
export async function append(store: RunStore, runId: string, events: readonly HiveEvent[]): Promise<void> {
  const log = await store.openLog(runId);
  await appendTo(log, events);
  await log.close();
}

/** Writes events of the run `r` as `hivewatch up` does: with the run's files written behind the log. */
export async function session(store: RunStore, events: readonly HiveEvent[]): Promise<void> {
  const log = await store.openLog("r");
  const stop = new AbortController();
  const files = store.writeArtifacts("r", stop.signal);
  await appendTo(log, events);
  await log.close();
  stop.abort();
  await files;
}

/** So many updates, numbered from `first`, of a run that goes on. */
export function appendUpdates(store: RunStore, runId: string, count: number, first = 0): Promise<void> {
  return append(store, runId, updates(count, first, runId));
}

/** The end of a run. */
export function finished(runId = "r"): HiveEvent {
  return event({ event_type: "finished", status: "completed" }, runId);
}

export async function filesOf(dir: string, runId: string): Promise<string[]> {
  return Promise.all(["jsonl", "map.json"].map((end) => readFile(join(dir, `${runId}.${end}`), "utf8")));
}

/** What the files of a log are when they are made from nothing. */
export async function rebuilt(dir: string, runId: string): Promise<string[]> {
  const fresh = await temporaryFolder();
  await cp(join(dir, `${runId}.log`), join(fresh, `${runId}.log`), { recursive: true });
  await rm(join(fresh, `${runId}.log`, "artifacts.json"), { force: true });
  await openRunStore({ dir: fresh }).writeArtifacts(runId);
  return filesOf(fresh, runId);
}
