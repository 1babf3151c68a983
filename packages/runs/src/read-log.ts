import { open } from "node:fs/promises";
import type { HiveEvent } from "@hivewatch/core";
import { batchEvents, decodeBatch } from "./batch.ts";
import { readFrames, SEGMENT_MAGIC } from "./frame.ts";
import { AT_END, type LogEntry, type ReadOptions, type ReadStep, type WaitForMore } from "./read-entries.ts";
import { listSegments, type Segment } from "./segments.ts";

/** Reads a run's log, while it is being written or afterwards. */
export async function* readLog(
  dir: string,
  runId: string,
  options: ReadOptions,
  waitForMore: WaitForMore,
): AsyncGenerator<ReadStep> {
  const { from = 0, follow = false, signal } = options;
  let cursor: SegmentCursor | undefined;
  for (;;) {
    // Both looked up before the reading, so that nothing which was there by then is left out.
    const last = !follow || signal?.aborted === true;
    const segments = await listSegments(dir);
    cursor ??= startOf(segmentAt(segments, from));
    while (cursor !== undefined) {
      const read: SegmentCursor = yield* readSegment(cursor, runId, from);
      const next = nextSegment(segments, read.segment);
      cursor = next === undefined ? read : startOf(next);
      if (next === undefined) break;
    }
    yield AT_END;
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

async function* readSegment(
  start: SegmentCursor,
  runId: string,
  from: number,
): AsyncGenerator<ReadStep, SegmentCursor> {
  let { position, offset } = start;
  const handle = await open(start.segment.path, "r");
  try {
    const frames = readFrames(handle, offset);
    for (;;) {
      const step = await frames.next();
      if (step.done === true) return { segment: start.segment, position, offset };
      const batch = decodeBatch(step.value.body);
      const end = position + batch.count;
      if (end > from) {
        const events = batchEvents(batch).map((event) => ofRun(event, runId));
        const entries = entriesOf(events, position, end).filter((entry) => entry.position > from);
        yield { entries, atEnd: false };
      }
      position = end;
      offset = step.value.end;
    }
  } finally {
    await handle.close();
  }
}

/** A batch that was refused has one event for all of its positions: the last event stands for what is left. */
function entriesOf(events: readonly HiveEvent[], start: number, end: number): LogEntry[] {
  return events.map((event, i) => ({ event, position: i === events.length - 1 ? end : start + i + 1 }));
}

/** The folder's name is what the run is found by, also if somebody has copied it under another one. */
function ofRun(event: HiveEvent, runId: string): HiveEvent {
  return event.run_id === runId ? event : { ...event, run_id: runId };
}

function segmentAt(segments: readonly Segment[], position: number): Segment | undefined {
  return segments.findLast((segment) => segment.firstPosition <= position) ?? segments[0];
}

function nextSegment(segments: readonly Segment[], current: Segment): Segment | undefined {
  return segments.find((segment) => segment.firstPosition > current.firstPosition);
}
