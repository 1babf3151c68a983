import { rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { gunzipSync } from "node:zlib";
import { HiveWatchError, type MapHead } from "@hivewatch/core";
import { temporaryFor } from "./atomic-file.ts";
import { headPieces, isWasteful, moveFold, relieveFold, saveFold } from "./fold-frames.ts";
import { copyFrameFile, createFrameFile, type FrameFile, frameFileId, type Place } from "./frame-file.ts";
import { createMapFold, type MapFold } from "./map-fold.ts";
import { readMap } from "./map-reader.ts";
import { syncDirectory } from "./segments.ts";
import { writePiecesAtomic } from "./write-pieces.ts";

/** Where a map in schema 2 stands. */
export interface MapPaths {
  readonly head: string;
  readonly frames: string;
}

/** Writes a run's map in schema 2. */
export interface MapWriter {
  readonly fold: MapFold;
  /** How far into the log the map went when it was opened. */
  readonly position: number;
  /** How long the JSON lines were by then; null if the map was made from them. */
  readonly jsonlBytes: number | null;
  /** Whether what is on disk turned out to be damaged: then the map must be made anew, from the log. */
  readonly isDamaged: boolean;
  /** Moves to disk what is too much for memory. */
  relieve(): Promise<void>;
  /** Writes everything, up to a position of what it is made from. */
  save(position: number, jsonlBytes: number | null): Promise<void>;
  close(): Promise<void>;
}

export interface MapWriterOptions {
  /** Whether nobody else can be writing this map. Who can't be sure writes a copy, and puts it in the place of the map. */
  readonly isOwner: boolean;
  /** Begin anew, whatever there is. */
  readonly isFresh?: boolean | undefined;
  /** How many rows a part has at most. Default 16,384. */
  readonly partRows?: number | undefined;
  /** How much of the rounds is held in memory at most, about. Default 16 MiB. */
  readonly maxBytes?: number | undefined;
}

export const PART_ROWS = 16_384;
export const MAX_HELD_BYTES: number = 16 * 1024 * 1024;

/** Opens a run's map to go on with it, or begins one. */
export async function openMapWriter(runId: string, paths: MapPaths, options: MapWriterOptions): Promise<MapWriter> {
  const { isOwner, isFresh = false, partRows = PART_ROWS, maxBytes = MAX_HELD_BYTES } = options;
  const found = isFresh ? undefined : await readMap(runId, paths, isOwner ? "r+" : "r");
  const copyPath = temporaryFor(paths.frames);
  let { frames, path } = await ownFrames(found, paths, isOwner, copyPath);
  let isDamaged = false;

  function load(place: Place): Buffer {
    try {
      return gunzipSync(frames.read(place));
    } catch (cause) {
      isDamaged = true;
      throw new HiveWatchError("malformed", `${paths.frames} is damaged: ${String(cause)}`, { cause });
    }
  }

  function foldOf(head: MapHead | undefined): MapFold {
    return createMapFold(runId, { partRows: head?.part_rows ?? partRows, maxBytes, load, head });
  }

  const head = found?.head;
  let fold: MapFold;
  try {
    fold = foldOf(head);
  } catch (error) {
    await frames.close();
    if (!isDamaged) throw error;
    return openMapWriter(runId, paths, { ...options, isFresh: true });
  }

  /** Moves what counts to a new file, round by round in their order. */
  async function compact(): Promise<void> {
    const compacted = await createFrameFile(copyPath);
    await moveFold(fold, (place) => compacted.append(frames.read(place)));
    await frames.close();
    frames = compacted;
    path = copyPath;
  }

  /** Puts a file that was written elsewhere in its place. */
  async function putInPlace(): Promise<void> {
    await frames.sync();
    if (path === paths.frames) return;
    await rename(path, paths.frames);
    await syncDirectory(dirname(paths.frames));
    path = paths.frames;
  }

  return {
    fold,
    position: head?.position ?? 0,
    jsonlBytes: head === undefined ? 0 : head.jsonl_bytes,
    get isDamaged() {
      return isDamaged;
    },
    relieve: () => relieveFold(fold, frames),
    async save(position, jsonlBytes) {
      await saveFold(fold, frames);
      // Somebody else may have put another file in the place of ours, which is then still open, but on no path.
      const isLost = path === paths.frames && (await frameFileId(path)) !== frames.id;
      if (isLost || isWasteful(fold, frames)) await compact();
      await putInPlace();
      const pieces = headPieces(fold, frames, position, jsonlBytes);
      await writePiecesAtomic(paths.head, pieces, Number.POSITIVE_INFINITY);
    },
    async close() {
      await frames.close();
      if (path !== paths.frames) await rm(path, { force: true });
    },
  };
}

/** The file to write to: the one that is there for its owner, else another one. */
async function ownFrames(
  found: { readonly frames: FrameFile } | undefined,
  paths: MapPaths,
  isOwner: boolean,
  copyPath: string,
): Promise<{ frames: FrameFile; path: string }> {
  if (found === undefined) return { frames: await createFrameFile(copyPath), path: copyPath };
  if (isOwner) return { frames: found.frames, path: paths.frames };
  try {
    return { frames: await copyFrameFile(found.frames, copyPath), path: copyPath };
  } finally {
    await found.frames.close();
  }
}
