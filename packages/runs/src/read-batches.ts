import { open } from "node:fs/promises";
import { type Batch, decodeBatch } from "./batch.ts";
import { type Frame, readFrames, SEGMENT_MAGIC } from "./frame.ts";
import type { ReadOptions, WaitForMore } from "./read-entries.ts";
import { listSegments, type Segment } from "./segments.ts";

/** A batch as a log holds it: its payload is not decoded. */
export interface StoredBatch {
  /** The position before its first event. */
  readonly start: number;
  /** The position behind its last event. */
  readonly end: number;
  readonly batch: Batch;
}

/** A step of reading: batches, or word that the end of what is there has been reached. */
export interface BatchStep {
  readonly batches: readonly StoredBatch[];
  readonly atEnd: boolean;
}

/**
 * Reads the batches of a run's log, while it is being written or afterwards. A batch in whose middle reading is to begin
 * is given whole. A batch may name another run than `runId`, if somebody has copied the log: the folder's name holds.
 *
 * @param dir - the folder of the log's segments
 */
export async function* readBatches(
  dir: string,
  runId: string,
  options: ReadOptions,
  waitForMore: WaitForMore,
): AsyncGenerator<BatchStep> {
  const { from = 0, follow = false, signal } = options;
  let cursor: SegmentCursor | undefined;
  for (;;) {
    // Both looked up before the reading, so that nothing which was there by then is left out.
    const last = !follow || signal?.aborted === true;
    const segments = await listSegments(dir);
    cursor ??= startOf(segmentAt(segments, from));
    while (cursor !== undefined) {
      const read: SegmentCursor = yield* readSegment(cursor, from);
      const next = nextSegment(segments, read.segment);
      cursor = next === undefined ? read : startOf(next);
      if (next === undefined) break;
    }
    yield { batches: [], atEnd: true };
    if (last) return;
    await waitForMore(signal);
  }
}

interface SegmentCursor {
  readonly segment: Segment;
  readonly position: number;
  readonly offset: number;
}

function startOf(segment: Segment | undefined): SegmentCursor | undefined {
  return segment && { segment, position: segment.firstPosition, offset: SEGMENT_MAGIC.length };
}

async function* readSegment(start: SegmentCursor, from: number): AsyncGenerator<BatchStep, SegmentCursor> {
  let { position, offset } = start;
  const handle = await open(start.segment.path, "r");
  try {
    const chunks = readFrames(handle, offset);
    for (;;) {
      const step = await chunks.next();
      if (step.done === true) return { segment: start.segment, position, offset };
      const stored = batchesOf(step.value, position);
      const batches = stored.filter((batch) => batch.end > from);
      if (batches.length > 0) yield { batches, atEnd: false };
      position = stored.at(-1)?.end ?? position;
      offset = step.value.at(-1)?.end ?? offset;
    }
  } finally {
    await handle.close();
  }
}

function batchesOf(frames: readonly Frame[], position: number): StoredBatch[] {
  let end = position;
  return frames.map(({ body }) => {
    const batch = decodeBatch(body);
    const start = end;
    end += batch.count;
    return { start, end, batch };
  });
}

function segmentAt(segments: readonly Segment[], position: number): Segment | undefined {
  return segments.findLast((segment) => segment.firstPosition <= position) ?? segments[0];
}

function nextSegment(segments: readonly Segment[], current: Segment): Segment | undefined {
  return segments.find((segment) => segment.firstPosition > current.firstPosition);
}
