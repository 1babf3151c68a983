import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { HiveWatchError, isRunId } from "@hivewatch/core";
import type { ArtifactPaths } from "./artifacts.ts";
import { listSegments } from "./segments.ts";

/** What a run is read from: the log of ours, or the lines alone that Python hivewatch has written. */
export type RunKind = "log" | "jsonl";

/** The folder of a run's log. */
export function logDir(dir: string, runId: string): string {
  return join(dir, `${runId}.log`);
}

export function jsonlPath(dir: string, runId: string): string {
  return join(dir, `${runId}.jsonl`);
}

export function artifactPaths(dir: string, runId: string): ArtifactPaths {
  return {
    log: logDir(dir, runId),
    jsonl: jsonlPath(dir, runId),
    map: join(dir, `${runId}.map.json`),
    map2: { head: join(dir, `${runId}.map2.json`), frames: join(dir, `${runId}.map2`) },
    cursor: join(logDir(dir, runId), "artifacts.json"),
  };
}

/**
 * The runs in a folder. One that has both is a log.
 *
 * @param only - those that have this
 * @throws HiveWatchError `unavailable`
 */
export async function findRuns(dir: string, only?: RunKind): Promise<Map<string, RunKind>> {
  const runs = new Map<string, RunKind>();
  for (const entry of await entriesOf(dir)) {
    const [runId, kind] = runOf(entry);
    if (only !== undefined && kind !== only) continue;
    if (runId !== undefined && runs.get(runId) !== "log") runs.set(runId, kind);
  }
  return runs;
}

async function entriesOf(dir: string): Promise<Dirent[]> {
  return readdir(dir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new HiveWatchError("unavailable", `the runs folder ${dir} can't be read: ${error.message}`, { cause: error });
  });
}

/** Links are no runs: they would lead out of the folder. */
function runOf(entry: Dirent): [runId: string | undefined, kind: RunKind] {
  if (entry.isDirectory() && entry.name.endsWith(".log")) return [runIdOf(entry.name, ".log"), "log"];
  if (entry.isFile() && entry.name.endsWith(".jsonl")) return [runIdOf(entry.name, ".jsonl"), "jsonl"];
  return [undefined, "log"];
}

function runIdOf(name: string, suffix: string): string | undefined {
  const runId = name.slice(0, -suffix.length);
  return isRunId(runId) ? runId : undefined;
}

/** When a file was last changed, in ms; 0 if there is none. */
async function changeTime(path: string): Promise<number> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.mtimeMs ?? 0;
}

/** Which bytes a log ends with: the same text means that nothing was written since. Empty if there is none. */
export async function logEnd(logFolder: string): Promise<string> {
  const newest = (await listSegments(logFolder)).at(-1);
  const stats = newest && (await stat(newest.path).catch(() => undefined));
  return newest === undefined || stats === undefined ? "" : `${basename(newest.path)} ${stats.size}`;
}

/** When a log was last written to, in ms; 0 if there is none. */
export async function logTime(logFolder: string): Promise<number> {
  const newest = (await listSegments(logFolder)).at(-1);
  return newest === undefined ? 0 : changeTime(newest.path);
}
