import { type Disk, nodeDisk } from "./disk.ts";
import { checkHeader, SEGMENT_MAGIC } from "./frame.ts";
import { lostBatch } from "./lost-batch.ts";
import type { LogEnd, ReadOptions, WaitForMore } from "./read-entries.ts";
import { readSegmentBatches, type StoredBatch } from "./scan-segment.ts";
import { readIndex } from "./segment-index.ts";
import { listSegments, type Place, placeBefore, type Segment } from "./segments.ts";

/** A step of reading: batches, or word that the end of what is there has been reached. */
export interface BatchStep {
  readonly batches: readonly StoredBatch[];
  readonly atEnd: boolean;
}

/**
 * Reads the batches of a run's log, while it is being written or afterwards. A batch in whose middle reading is to begin
 * is given whole. A batch may name another run than `runId`, if somebody has copied the log: the folder's name holds.
 *
 * Where a segment is damaged, all that precedes the damage is read, then a batch with one event `log_damaged` stands for
 * what is lost, and reading goes on with the next segment. Damage in the last segment is its end, until it is opened for
 * writing and mended.
 *
 * @param dir - the folder of the log's segments
 * @throws HiveWatchError `corrupt_log` if it was written by a newer version
 */
export async function* readBatches(
  dir: string,
  runId: string,
  options: ReadOptions,
  waitForMore: WaitForMore,
  disk: Disk = nodeDisk,
): AsyncGenerator<BatchStep> {
  const { from = 0, follow = false, signal } = options;
  const endNow = (): LogEnd | undefined => waitForMore.end?.();
  let cursor: SegmentCursor | undefined;
  for (;;) {
    // Both looked up before the reading, so that nothing which was there by then is left out.
    const last = !follow || signal?.aborted === true;
    const segments = await listSegments(dir, disk);
    cursor ??= await startAt(disk, segments, from, endNow());
    while (cursor !== undefined) {
      const next = nextSegment(segments, cursor.segment);
      const end = next?.firstPosition ?? Number.POSITIVE_INFINITY;
      const read: SegmentRead = yield* readSegment(disk, cursor, { from, end, endNow });
      cursor = read;
      if (read.stopped === "opened") continue;
      if (read.stopped === "undurable" || next === undefined) break;
      if (read.position < end) {
        yield { batches: [await lostBatch(disk, runId, read.segment, read, end)], atEnd: false };
      }
      cursor = startOf(next);
    }
    yield { batches: [], atEnd: true };
    if (last) return;
    await waitForMore(signal);
  }
}

interface SegmentCursor extends Place {
  readonly segment: Segment;
}

interface SegmentRead extends SegmentCursor {
  /**
   * `end`: all that can be read was read; `undurable`: what follows is not durable yet; `opened`: the log was opened for
   * writing meanwhile, and what was read last may be something that was never kept.
   */
  readonly stopped: "end" | "undurable" | "opened";
}

function startOf(segment: Segment): SegmentCursor {
  return { segment, position: segment.firstPosition, offset: SEGMENT_MAGIC.length };
}

/** Begins near a position, and not at the beginning of its segment, if it is known where. */
async function startAt(
  disk: Disk,
  segments: readonly Segment[],
  position: number,
  end: LogEnd | undefined,
): Promise<SegmentCursor | undefined> {
  const segment = segments.findLast(({ firstPosition }) => firstPosition <= position) ?? segments[0];
  if (segment === undefined) return undefined;
  const place = placeBefore(await placesIn(disk, segments, segment, end), position);
  return place === undefined ? startOf(segment) : { segment, ...place };
}

async function placesIn(
  disk: Disk,
  segments: readonly Segment[],
  segment: Segment,
  end: LogEnd | undefined,
): Promise<readonly Place[]> {
  const next = nextSegment(segments, segment);
  if (next === undefined) return end?.segment?.firstPosition === segment.firstPosition ? end.segment.places : [];
  const index = await readIndex(disk, segment, next.firstPosition);
  return typeof index === "object" ? index.places : [];
}

interface SegmentOptions {
  readonly from: number;
  /** The position at which the next segment begins. */
  readonly end: number;
  endNow(): LogEnd | undefined;
}

async function* readSegment(
  disk: Disk,
  start: SegmentCursor,
  { from, end, endNow }: SegmentOptions,
): AsyncGenerator<BatchStep, SegmentRead> {
  const { segment } = start;
  let { position, offset } = start;
  const file = await disk.open(segment.path, "read");
  try {
    const isAtStart = offset === SEGMENT_MAGIC.length;
    if (isAtStart && (await checkHeader(file, segment.path)) === "unreadable") return { ...start, stopped: "end" };
    const steps = readSegmentBatches(file, start, end);
    for (;;) {
      // Before the reading, since what is read behind it may yet be replaced by something else.
      const durable = endNow()?.position;
      const step = await steps.next();
      if (step.done === true) return { segment, position, offset, stopped: "end" };
      if (durable === undefined && endNow() !== undefined) return { segment, position, offset, stopped: "opened" };
      const kept = step.value.filter((batch) => batch.end <= (durable ?? Number.POSITIVE_INFINITY));
      position = kept.at(-1)?.end ?? position;
      offset = kept.at(-1)?.endOffset ?? offset;
      const batches = kept.filter((batch) => batch.end > from);
      if (batches.length > 0) yield { batches, atEnd: false };
      if (kept.length < step.value.length) return { segment, position, offset, stopped: "undurable" };
    }
  } finally {
    await file.close();
  }
}

function nextSegment(segments: readonly Segment[], current: Segment): Segment | undefined {
  return segments.find((segment) => segment.firstPosition > current.firstPosition);
}
