import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { errorMessage, HiveWatchError, type MapHead, parseMapHead } from "@hivewatch/core";
import { type FrameFile, openFrameFile } from "./frame-file.ts";
import type { MapPaths } from "./map-writer.ts";

/** A map in schema 2 as it was found: a head, and the very file that it tells of. */
export interface FoundMap {
  readonly head: MapHead;
  /** The head's file, byte for byte. */
  readonly text: string;
  readonly frames: FrameFile;
}

/** Between the two renames of a compaction, head and frames don't belong together: then it is looked again. */
const TRIES = 5;
const PAUSE_MS = 20;

/**
 * Reads a map.
 *
 * @returns undefined if there is none, or none that can be read
 */
export async function readMap(runId: string, paths: MapPaths, mode: "r" | "r+" = "r"): Promise<FoundMap | undefined> {
  for (let tried = 0; tried < TRIES; tried++) {
    const text = await readOwnFile(paths.head);
    const head = text === undefined ? undefined : headOf(text, runId);
    if (text === undefined || head === undefined) return undefined;
    const frames = await openFrameFile(paths.frames, { id: head.frames.id, end: head.frames.bytes }, mode);
    if (frames !== undefined) return { head, text, frames };
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return undefined;
}

function headOf(text: string, runId: string): MapHead | undefined {
  try {
    const head = parseMapHead(text);
    return head.run_id === runId && head.part_rows > 0 ? head : undefined;
  } catch {
    return undefined;
  }
}

/** Not through a link, which would lead out of the folder. */
async function readOwnFile(path: string): Promise<string | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    return await handle.readFile("utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ELOOP"))
      return undefined;
    throw new HiveWatchError("unavailable", `${path} can't be read: ${errorMessage(cause)}`, { cause });
  } finally {
    await handle?.close();
  }
}
