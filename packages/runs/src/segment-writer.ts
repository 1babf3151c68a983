import { type Disk, synced } from "./disk.ts";
import { beginSegment, type GrowingSegment } from "./recover-log.ts";
import { type Mark, writeIndex } from "./segment-index.ts";
import { addPlace, markUnsynced } from "./segments.ts";

/** A frame that is to be written. */
export interface OutgoingFrame {
  /** The position before its first event. */
  readonly start: number;
  readonly header: Uint8Array;
  readonly body: Uint8Array;
}

/** Writes frames at a log's end, in one segment after the other. One call at a time. */
export interface SegmentWriter {
  readonly segment: GrowingSegment;
  /**
   * Adds frames. They hold once {@link SegmentWriter.keep} was called; until then {@link SegmentWriter.cut} takes them back.
   *
   * @param marks - how far the producers have come before them
   */
  write(frames: readonly OutgoingFrame[], marks: ReadonlyMap<string, Mark>): Promise<void>;
  /** @throws SyncError */
  sync(): Promise<void>;
  /** Says that what was written last is to stay. */
  keep(frames: readonly OutgoingFrame[]): void;
  /**
   * Cuts off what is not to stay. If it can't, it says so beside the log, for whoever opens it next.
   *
   * @param isDoubtful - whether what is to stay was not synced either: then it says so as well, and whoever opens the log
   *   next makes a new file of it
   * @returns whether the log can be gone on with
   * @throws Error if it can't do that either: what to do by hand
   */
  cut(isDoubtful: boolean): Promise<boolean>;
  /** Begins a new segment at a position, and seals the one before it with an index. */
  roll(position: number, marks: ReadonlyMap<string, Mark>): Promise<void>;
  close(): Promise<void>;
}

export function createSegmentWriter(
  disk: Disk,
  dir: string,
  opened: GrowingSegment,
  segmentBytes: number,
): SegmentWriter {
  let segment = opened;

  async function roll(position: number, marks: ReadonlyMap<string, Mark>): Promise<void> {
    const { file, firstPosition, bytes, places } = segment;
    await synced(file.sync());
    if (position > firstPosition) {
      await writeIndex(disk, segment, { firstPosition, endPosition: position, bytes, places, marks });
    }
    const next = await beginSegment(disk, dir, position);
    try {
      await synced(disk.syncFolder(dir));
    } catch (error) {
      await next.file.close();
      throw error;
    }
    segment = next;
    await file.close();
  }

  return {
    get segment() {
      return segment;
    },
    roll,
    async write(frames, marks) {
      const position = frames[0]?.start;
      if (position !== undefined && segment.bytes > segmentBytes) await roll(position, marks);
      await segment.file.append(frames.flatMap(({ header, body }) => [header, body]));
    },
    sync: () => synced(segment.file.sync()),
    keep(frames) {
      for (const { start, header, body } of frames) {
        addPlace(segment.places, { position: start, offset: segment.bytes });
        segment.bytes += header.length + body.length;
      }
    },
    async cut(isDoubtful) {
      try {
        await segment.file.truncate(segment.bytes);
        if (!isDoubtful) return true;
      } catch {
        // Marked, as what is doubtful is.
      }
      await markUnsynced(disk, segment, segment.bytes);
      return false;
    },
    close: () => segment.file.close(),
  };
}
