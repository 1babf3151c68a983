import { createReadStream } from "node:fs";
import { type MapHead, stringifyEvent } from "@hivewatch/core";
import { readCursor, sizeOf } from "./artifact-cursor.ts";
import type { ArtifactPaths, ReadFrom } from "./artifacts.ts";
import { unitsOfEvents, unitsOfLog } from "./fold-units.ts";
import { type FoundMap, readMap } from "./map-reader.ts";
import { mapSchema1 } from "./map-schema-1.ts";
import { readBatches } from "./read-batches.ts";
import type { WaitForMore } from "./read-entries.ts";
import { readJsonl } from "./read-jsonl.ts";
import { artifactPaths, logDir, type RunKind } from "./run-files.ts";
import { openScratchFold, type ScratchFold } from "./scratch-fold.ts";
import { takeUnit } from "./take-unit.ts";

/** A run to be read. */
export interface RunSource {
  readonly runId: string;
  readonly kind: RunKind;
  readonly paths: ArtifactPaths;
  readonly read: ReadFrom;
}

/** What a run in a folder is read from, up to what is there now. */
export function runSource(dir: string, runId: string, kind: RunKind, wait: WaitForMore): RunSource {
  const paths = artifactPaths(dir, runId);
  const read: ReadFrom = (from) =>
    kind === "log"
      ? unitsOfLog(runId, readBatches(logDir(dir, runId), runId, { from }, wait))
      : unitsOfEvents(readJsonl(paths.jsonl, runId, { from }, wait));
  return { runId, kind, paths, read };
}

/**
 * A run in map schema 1 as far as it has come, in pieces: the file, if it goes so far, else what the map in schema 2 and
 * the events behind it make. Nobody holds the run in memory.
 */
export async function* mapText(source: RunSource): AsyncGenerator<string> {
  const { fold, hasNews, position, close } = await foldToEnd(source);
  try {
    const cursor = hasNews ? undefined : await readCursor(source.paths.cursor);
    if (cursor?.mapPosition === position && (await sizeOf(source.paths.map)) !== undefined) {
      yield* createReadStream(source.paths.map, "utf8");
    } else {
      yield* mapSchema1(fold);
    }
  } finally {
    await close();
  }
}

/** The lines of a run as `<run_id>.jsonl` has them, some at a time. */
export async function* lineTexts({ runId, read }: RunSource): AsyncGenerator<string> {
  const scratch = await openScratchFold(runId, undefined);
  try {
    for await (const { units } of read(0)) {
      for (const unit of units) {
        for (const lines of takeUnit(scratch.fold, unit, true).lines) if (lines.length > 0) yield lines.toString();
        await scratch.relieve();
      }
    }
  } finally {
    await scratch.close();
  }
}

interface Folded extends ScratchFold {
  /** Whether there is more than the map in schema 2 tells. */
  readonly hasNews: boolean;
  /** How far that goes. */
  readonly position: number;
}

async function foldToEnd(source: RunSource): Promise<Folded> {
  const found = await usableMap(source);
  if (found === undefined) return foldFrom(source, undefined);
  // One that is damaged is made anew by whoever writes it. Until then it is as if there were none.
  return foldFrom(source, found).catch(() => foldFrom(source, undefined));
}

async function foldFrom(source: RunSource, found: FoundMap | undefined): Promise<Folded> {
  const scratch = await openScratchFold(source.runId, found);
  const position = found?.head.position ?? 0;
  let hasNews = false;
  try {
    if (found !== undefined && isOfGoneLog(source, found)) return { ...scratch, hasNews, position };
    for await (const { units } of source.read(position)) {
      for (const unit of units) {
        takeUnit(scratch.fold, unit, false);
        hasNews = true;
        await scratch.relieve();
      }
    }
    return { ...scratch, hasNews, position };
  } catch (error) {
    await scratch.close();
    throw error;
  }
}

/**
 * A run's map as it stands on disk, with a position in what the run is read from now, which are its lines if its log has
 * been removed.
 *
 * @returns undefined if there is none, or one of something else
 */
export async function savedMap(source: RunSource): Promise<FoundMap | undefined> {
  const found = await usableMap(source);
  if (found === undefined || !isOfGoneLog(source, found)) return found;
  const head = { ...found.head, position: found.head.jsonl_bytes ?? 0, jsonl_bytes: null };
  return { ...found, head, text: stringifyEvent(head) };
}

/** The map, if it is of what the run is read from. */
async function usableMap(source: RunSource): Promise<FoundMap | undefined> {
  const found = await readMap(source.runId, source.paths.map2);
  if (found === undefined) return undefined;
  if (await isUsable(source, found.head)) return found;
  await found.frames.close();
  return undefined;
}

async function isUsable({ kind, paths }: RunSource, { position, jsonl_bytes: bytes }: MapHead): Promise<boolean> {
  if (kind === "log") return bytes !== null;
  const size = (await sizeOf(paths.jsonl)) ?? 0;
  // That of a log that has been removed must tell all of its lines.
  return bytes === null ? position <= size : bytes === size;
}

function isOfGoneLog({ kind }: RunSource, { head }: FoundMap): boolean {
  return kind === "jsonl" && head.jsonl_bytes !== null;
}
