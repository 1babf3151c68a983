import { basename } from "node:path";
import { crc32 } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { isoFromMicros, stringifyEvent } from "@hivewatch/core";
import { type Disk, withFile } from "./disk.ts";
import { BatchSchema, RowsSchema } from "./gen/hivewatch/v1/batch_pb.ts";
import type { StoredBatch } from "./scan-segment.ts";
import type { Place, Segment } from "./segments.ts";

/**
 * What stands for events that can't be read any more: one event over all of their positions. It is the same each time the
 * log is read; its time is that of the last write to the damaged file.
 */
export async function lostBatch(
  disk: Disk,
  runId: string,
  segment: Segment,
  from: Place,
  end: number,
): Promise<StoredBatch> {
  const { modifiedMs } = await withFile(disk, segment.path, "read", (file) => file.stat());
  const count = end - from.position;
  const event = {
    event_type: "log_damaged",
    run_id: runId,
    timestamp: isoFromMicros(modifiedMs * 1000),
    count,
    segment: basename(segment.path),
    byte_offset: from.offset,
  };
  const value = toBinary(RowsSchema, create(RowsSchema, { events: [stringifyEvent(event)] }));
  const batch = create(BatchSchema, { runId, count, crc32: crc32(value), payload: { case: "rows", value } });
  return { start: from.position, end, batch };
}
