import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { relieveFold } from "./fold-frames.ts";
import { createFrameFile, type FrameFile, layeredFrames } from "./frame-file.ts";
import { createMapFold, type MapFold } from "./map-fold.ts";
import type { FoundMap } from "./map-reader.ts";
import { MAX_HELD_BYTES, PART_ROWS } from "./map-writer.ts";

/** A fold for somebody who only wants to read: what doesn't fit into memory goes to a temporary file. */
export interface ScratchFold {
  readonly fold: MapFold;
  /** Moves to disk what is too much for memory. */
  relieve(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param found - a map to go on with; it is not changed, and closed at the end
 * @throws HiveWatchError `malformed` if that is damaged
 */
export async function openScratchFold(runId: string, found: FoundMap | undefined): Promise<ScratchFold> {
  const frames = layeredFrames(found?.frames, createUnnamedFrames);
  try {
    const fold = createMapFold(runId, {
      partRows: found?.head.part_rows ?? PART_ROWS,
      maxBytes: MAX_HELD_BYTES,
      load: (place) => gunzipSync(frames.read(place)),
      head: found?.head,
    });
    return { fold, relieve: () => relieveFold(fold, frames), close: () => frames.close() };
  } catch (error) {
    await frames.close();
    throw error;
  }
}

/** Makes a temporary file of frames, which lives as long as it is open, and no longer. */
export async function createUnnamedFrames(): Promise<FrameFile> {
  const path = join(tmpdir(), `hivewatch-${randomUUID()}.map2`);
  const file = await createFrameFile(path);
  await rm(path);
  return file;
}
