import { type Batch, decodeBatch } from "./batch.ts";
import { type Disk, type DiskFile, withFile } from "./disk.ts";
import { checkHeader, type Frame, type FramesEnd, readFrames, SEGMENT_MAGIC } from "./frame.ts";
import type { Mark } from "./segment-index.ts";
import { addPlace, type Place, type Segment } from "./segments.ts";

/** A batch as a log holds it: its payload is not decoded. */
export interface StoredBatch {
  /** The position before its first event. */
  readonly start: number;
  /** The position behind its last event. */
  readonly end: number;
  readonly batch: Batch;
}

/** A batch, and where it stands in its segment. */
export interface PlacedBatch extends StoredBatch {
  /** The offset of its frame. */
  readonly offset: number;
  /** The offset behind it. */
  readonly endOffset: number;
}

/** Where and why the reading of a segment ended. */
export interface SegmentEnd extends Place {
  /** `end`: there is nothing more, or it is the position up to which was to be read. */
  readonly reason: FramesEnd["reason"];
}

/**
 * Reads the batches of a segment, from the beginning of one of them.
 *
 * @param until - nothing is read behind this position: what comes there was not written by the log's owner
 */
export async function* readSegmentBatches(
  file: DiskFile,
  start: Place,
  until: number,
): AsyncGenerator<readonly PlacedBatch[], SegmentEnd> {
  let { position, offset } = start;
  const chunks = readFrames(file, offset);
  for (;;) {
    if (position >= until) return { position, offset, reason: "end" };
    const step = await chunks.next();
    if (step.done === true) return { position, offset, reason: step.value.reason };
    const batches = batchesOf(step.value, { position, offset });
    const wanted = batches.filter((batch) => batch.end <= until);
    if (wanted.length > 0) yield wanted;
    position = wanted.at(-1)?.end ?? position;
    offset = wanted.at(-1)?.endOffset ?? offset;
    if (batches.length < step.value.length) return { position, offset, reason: "corrupt" };
    if (wanted.length < batches.length) return { position, offset, reason: "end" };
  }
}

/** The batches in frames, up to one that is none. */
function batchesOf(frames: readonly Frame[], place: Place): PlacedBatch[] {
  const batches: PlacedBatch[] = [];
  let { position: start, offset } = place;
  for (const { body, end: endOffset } of frames) {
    const batch = batchOf(body);
    if (batch === undefined) break;
    const end = start + batch.count;
    batches.push({ start, end, batch, offset, endOffset });
    start = end;
    offset = endOffset;
  }
  return batches;
}

function batchOf(body: Buffer): Batch | undefined {
  try {
    return decodeBatch(body);
  } catch {
    return undefined;
  }
}

/** What a segment holds. */
export interface ScannedSegment extends SegmentEnd {
  readonly header: "whole" | "damaged" | "unreadable";
  readonly places: Place[];
}

/**
 * Reads a segment through, and moves the producers' marks on.
 *
 * @throws HiveWatchError `corrupt_log` if it was written by a newer version
 */
export function scanSegment(
  disk: Disk,
  segment: Segment,
  marks: Map<string, Mark>,
  until: number = Number.POSITIVE_INFINITY,
): Promise<ScannedSegment> {
  return withFile(disk, segment.path, "read", async (file) => {
    const header = await checkHeader(file, segment.path);
    const position = segment.firstPosition;
    if (header === "unreadable") return { header, position, offset: 0, reason: "corrupt", places: [] };
    const places: Place[] = [];
    const steps = readSegmentBatches(file, { position, offset: SEGMENT_MAGIC.length }, until);
    for (;;) {
      const step = await steps.next();
      if (step.done === true) return { header, ...step.value, places };
      for (const { batch, start, offset } of step.value) {
        addPlace(places, { position: start, offset });
        const nextSeq = batch.firstSeq + BigInt(batch.count);
        marks.set(batch.producerId, { epoch: batch.producerEpoch, nextSeq });
      }
    }
  });
}
