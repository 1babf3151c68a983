import { type Disk, nodeDisk } from "../../src/disk.ts";
import type { LogEntry, ReadOptions } from "../../src/read-entries.ts";
import { readLog } from "../../src/read-log.ts";
import { entriesOf } from "./events.ts";

/** Everything in a log's folder, as a process reads it that doesn't write. */
export function readAll(
  dir: string,
  options: ReadOptions = {},
  runId = "r",
  disk: Disk = nodeDisk,
): Promise<LogEntry[]> {
  return entriesOf(readLog(dir, runId, options, async () => {}, disk));
}
