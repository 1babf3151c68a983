import { rename, rm } from "node:fs/promises";
import { errorMessage } from "@hivewatch/core";
import { areArtifactsBehind } from "./artifacts.ts";
import { isReaderBehind, readersOf } from "./cursors.ts";
import { artifactPaths, findRuns, logDir, logTime } from "./run-files.ts";
import type { RunStore } from "./run-store.ts";

export interface RetentionOptions {
  /** For how long after its last event the log of a finished run is kept, in ms. */
  keepMs: number;
  /** Default: the system's clock; ms since 1970. */
  now?: (() => number) | undefined;
  /** Told of logs that can't be removed. */
  onDiagnostic?: ((message: string) => void) | undefined;
}

/**
 * Removes the logs of runs that have finished, are old enough, and have been read to their end by all: their files are
 * written, and every reader that has a cursor has come to the end. What remains of such a run is `<run_id>.jsonl` and
 * its maps; it can be looked at as before, and not be written to any more.
 *
 * @returns the runs whose logs were removed
 */
export async function removeOldLogs(store: RunStore, options: RetentionOptions): Promise<string[]> {
  const { keepMs, now = Date.now, onDiagnostic = () => {} } = options;
  const removed: string[] = [];
  for (const [runId, kind] of await findRuns(store.dir)) {
    const folder = logDir(store.dir, runId);
    if (kind !== "log" || (await logTime(folder)) > now() - keepMs) continue;
    try {
      if (!(await isReadByAll(store, runId, folder))) continue;
      await removeLog(store, runId, folder);
      removed.push(runId);
    } catch (error) {
      onDiagnostic(`the log of run ${runId} can't be removed: ${errorMessage(error)}`);
    }
  }
  return removed;
}

async function isReadByAll(store: RunStore, runId: string, folder: string): Promise<boolean> {
  const listing = await store.listing(runId);
  if (listing === undefined || listing.status === "running") return false;
  if (await areArtifactsBehind(artifactPaths(store.dir, runId))) return false;
  for (const reader of await readersOf(folder)) if (await isReaderBehind(folder, reader)) return false;
  return true;
}

async function removeLog(store: RunStore, runId: string, folder: string): Promise<void> {
  // Whoever has it open keeps it.
  const log = await store.openLog(runId);
  const aside = `${folder}.removed`;
  try {
    await rename(folder, aside);
  } finally {
    await log.close().catch(() => undefined);
  }
  await rm(aside, { recursive: true, force: true });
}
