import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage } from "@hivewatch/core";
import { areArtifactsBehind } from "./artifacts.ts";
import { isReaderBehind, readersOf } from "./cursors.ts";
import { artifactPaths, findRuns, logDir, logEnd, logTime } from "./run-files.ts";
import type { RunStore } from "./run-store.ts";
import { syncDirectory } from "./segments.ts";

export interface RetentionOptions {
  /** For how long after its last event the log of a finished run is kept, in ms. */
  keepMs: number;
  /** Default: the system's clock; ms since 1970. */
  now?: (() => number) | undefined;
  /** Told of logs that can't be removed. */
  onDiagnostic?: ((message: string) => void) | undefined;
}

/** The name that a log has while it is removed: what stands under it is of no use to anybody. */
const ASIDE = ".log.removed";

/**
 * Removes the logs of runs that have finished, are old enough, and have been read to their end by all: their files are
 * written, and every reader that has a cursor has come to the end. What remains of such a run is `<run_id>.jsonl` and
 * its maps; it can be looked at as before.
 *
 * Who writes to such a run afterwards, as with what was left in a spool, begins a new log of it. Its files are those of the
 * new log from then on: the earlier lines are kept aside (`<run_id>.jsonl.kept-<time>`), the earlier maps are not.
 *
 * @returns the runs whose logs were removed
 */
export async function removeOldLogs(store: RunStore, options: RetentionOptions): Promise<string[]> {
  const { keepMs, now = Date.now, onDiagnostic = () => {} } = options;
  const removed: string[] = [];
  await removeLeftovers(store.dir, onDiagnostic);
  for (const [runId, kind] of await findRuns(store.dir)) {
    const folder = logDir(store.dir, runId);
    if (kind !== "log" || (await logTime(folder)) > now() - keepMs) continue;
    try {
      const end = await logEnd(folder);
      if (!(await isReadByAll(store, runId, folder))) continue;
      if (await removeLog(store, runId, folder, end)) removed.push(runId);
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

/** @param end - what the log ended with when all had read it */
async function removeLog(store: RunStore, runId: string, folder: string, end: string): Promise<boolean> {
  // Whoever has it open keeps it; and who had it open meanwhile may have written what nobody has read.
  const log = await store.openLog(runId);
  const aside = join(store.dir, `${runId}${ASIDE}`);
  try {
    if ((await logEnd(folder)) !== end) return false;
    await rename(folder, aside);
    // Else a loss of power might bring back the name, and not all that was in it.
    await syncDirectory(store.dir);
  } finally {
    await log.close().catch(() => undefined);
  }
  await rm(aside, { recursive: true, force: true });
  return true;
}

/** Removes what is left of logs whose removal was cut short. */
async function removeLeftovers(dir: string, onDiagnostic: (message: string) => void): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const name of names.filter((each) => each.endsWith(ASIDE))) {
    await rm(join(dir, name), { recursive: true, force: true }).catch((error: unknown) =>
      onDiagnostic(`what is left of a removed log can't be removed: ${errorMessage(error)}`),
    );
  }
}
