import type { HiveEvent } from "@hivewatch/core";
import { batchEvents } from "./batch.ts";
import { type Disk, nodeDisk } from "./disk.ts";
import { readBatches } from "./read-batches.ts";
import { AT_END, type LogEntry, type ReadOptions, type ReadStep, type WaitForMore } from "./read-entries.ts";
import type { StoredBatch } from "./scan-segment.ts";

/** Reads the events of a run's log, while it is being written or afterwards. */
export async function* readLog(
  dir: string,
  runId: string,
  options: ReadOptions,
  waitForMore: WaitForMore,
  disk: Disk = nodeDisk,
): AsyncGenerator<ReadStep> {
  const { from = 0 } = options;
  for await (const { batches, atEnd } of readBatches(dir, runId, options, waitForMore, disk)) {
    for (const stored of batches) yield { entries: entriesOf(stored, runId, from), atEnd: false };
    if (atEnd) yield AT_END;
  }
}

/** The events of a batch behind a position. One that was refused has one event for all of its positions: the last event stands for what is left. */
export function entriesOf({ batch, start, end }: StoredBatch, runId: string, from: number): LogEntry[] {
  const events = batchEvents(batch);
  const entries: LogEntry[] = events.map((event, i) => ({
    event: ofRun(event, runId),
    position: i === events.length - 1 ? end : start + i + 1,
  }));
  return start < from ? entries.filter((entry) => entry.position > from) : entries;
}

/** The folder's name is what the run is found by, also if somebody has copied it under another one. */
export function ofRun(event: HiveEvent, runId: string): HiveEvent {
  return event.run_id === runId ? event : { ...event, run_id: runId };
}
