import { type FileHandle, open } from "node:fs/promises";
import { type HiveEvent, parseEvent, parseLenientJson } from "@hivewatch/core";
import { AT_END, type LogEntry, type ReadOptions, type ReadStep, type WaitForMore } from "./read-entries.ts";

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * Reads a run that another program keeps as JSON lines, such as Python hivewatch. A position is the number of bytes up to
 * the end of a line. Lines that are no events are passed over, and half a line waits for its other half; a last line that
 * is whole counts without its line feed, since half an object is never JSON.
 */
export async function* readJsonl(
  path: string,
  runId: string,
  options: ReadOptions,
  waitForMore: WaitForMore,
): AsyncGenerator<ReadStep> {
  const { from = 0, follow = false, signal } = options;
  const handle = await open(path, "r");
  try {
    let offset = from;
    for (;;) {
      const last = !follow || signal?.aborted === true;
      offset = yield* readLines(handle, offset, runId);
      yield AT_END;
      if (last) return;
      await waitForMore(signal);
    }
  } finally {
    await handle.close();
  }
}

async function* readLines(handle: FileHandle, start: number, runId: string): AsyncGenerator<ReadStep, number> {
  let offset = start;
  let size = CHUNK_BYTES;
  for (;;) {
    const chunk = Buffer.allocUnsafe(size);
    const { bytesRead } = await handle.read(chunk, 0, size, offset);
    const end = chunk.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1;
    if (end === 0 && bytesRead === size) {
      size *= 2; // a line longer than the chunk
      continue;
    }
    if (end === 0) {
      const event = eventOf(chunk.toString("utf8", 0, bytesRead), runId);
      if (event === undefined) return offset;
      offset += bytesRead;
      yield { entries: [{ event, position: offset }], atEnd: false };
      return offset;
    }
    yield { entries: entriesOf(chunk.subarray(0, end), offset, runId), atEnd: false };
    offset += end;
  }
}

function entriesOf(lines: Buffer, start: number, runId: string): LogEntry[] {
  const entries: LogEntry[] = [];
  for (let at = 0; at < lines.length; ) {
    const end = lines.indexOf(NEWLINE, at) + 1;
    const event = eventOf(lines.toString("utf8", at, end - 1), runId);
    if (event !== undefined) entries.push({ event, position: start + end });
    at = end;
  }
  return entries;
}

function eventOf(line: string, runId: string): HiveEvent | undefined {
  try {
    const value = parseLenientJson(line);
    if (typeof value !== "object" || value === null) return undefined;
    // The file's name is what the run is found by, whatever its lines say.
    return parseEvent({ ...value, run_id: runId });
  } catch {
    return undefined;
  }
}
