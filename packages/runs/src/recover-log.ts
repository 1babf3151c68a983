import { type FileHandle, open, readFile, truncate, writeFile } from "node:fs/promises";
import { HiveWatchError } from "@hivewatch/core";
import { decodeBatch } from "./batch.ts";
import { type FramesEnd, readFrames, SEGMENT_MAGIC } from "./frame.ts";
import { listSegments, type Segment, segmentPath, syncDirectory } from "./segments.ts";

/** How far a producer has come. */
export interface Producer {
  readonly epoch: bigint;
  /** Behind the last event that was taken, which may still be on its way to the disk. */
  nextSeq: bigint;
  /** Behind the last event that is on disk. */
  durableSeq: bigint;
}

/** The segment that is being written. */
export interface SegmentFile {
  readonly handle: FileHandle;
  /** Those that are on disk. */
  bytes: number;
}

/** What a log holds when it is opened. */
export interface Recovered {
  readonly position: number;
  readonly file: SegmentFile;
  readonly producers: Map<string, Producer>;
}

/** Begins a segment. */
export async function createSegment(dir: string, firstPosition: number): Promise<SegmentFile> {
  const handle = await open(segmentPath(dir, firstPosition), "a");
  try {
    await handle.appendFile(SEGMENT_MAGIC);
    await handle.datasync();
    await syncDirectory(dir);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return { handle, bytes: SEGMENT_MAGIC.length };
}

/**
 * Reads a log for whoever will write it, and makes its end fit to go on from.
 *
 * @throws HiveWatchError `corrupt_log`
 */
export async function recoverLog(dir: string, onDiagnostic: (message: string) => void = () => {}): Promise<Recovered> {
  const producers = new Map<string, Producer>();
  const segments = await listSegments(dir);
  const last = segments.at(-1);
  let position = 0;
  for (const segment of segments) {
    const { end, nextPosition } = await scanSegment(segment, producers);
    position = nextPosition;
    if (end.reason === "end") continue;
    if (segment !== last) {
      throw new HiveWatchError(
        "corrupt_log",
        `${segment.path} is damaged at byte ${end.offset}, and newer segments follow it. Restore the file, or move it and the newer ones away`,
      );
    }
    await cutTail(segment, end, onDiagnostic);
  }
  if (last === undefined) return { position, producers, file: await createSegment(dir, position) };
  const handle = await open(last.path, "a");
  return { position, producers, file: { handle, bytes: (await handle.stat()).size } };
}

async function scanSegment(
  segment: Segment,
  producers: Map<string, Producer>,
): Promise<{ end: FramesEnd; nextPosition: number }> {
  let nextPosition = segment.firstPosition;
  const handle = await open(segment.path, "r");
  try {
    if (!(await hasMagic(handle, segment))) return { end: { offset: 0, reason: "partial" }, nextPosition };
    const frames = readFrames(handle, SEGMENT_MAGIC.length);
    for (;;) {
      const step = await frames.next();
      if (step.done === true) return { end: step.value, nextPosition };
      for (const { body } of step.value) {
        const batch = decodeBatch(body);
        nextPosition += batch.count;
        const nextSeq = batch.firstSeq + BigInt(batch.count);
        producers.set(batch.producerId, { epoch: batch.producerEpoch, nextSeq, durableSeq: nextSeq });
      }
    }
  } finally {
    await handle.close();
  }
}

/**
 * @returns false for a segment that was only just being made
 * @throws HiveWatchError `corrupt_log`
 */
async function hasMagic(handle: FileHandle, { path }: Segment): Promise<boolean> {
  const start = Buffer.alloc(SEGMENT_MAGIC.length);
  await handle.read(start, 0, start.length, 0);
  if (start.equals(SEGMENT_MAGIC)) return true;
  const { size } = await handle.stat();
  if (size <= SEGMENT_MAGIC.length) return false;
  // Its first bytes were on disk before anything else: this is no crash of ours, and not to be mended by cutting.
  throw new HiveWatchError(
    "corrupt_log",
    `${path} does not begin like a log: its first bytes are damaged, or a newer HiveWatch wrote it. Restore the file, or move it away`,
  );
}

/** Cuts what can't be read off the end of the log, and keeps it beside the log for whoever wants to look. */
async function cutTail(segment: Segment, end: FramesEnd, onDiagnostic: (message: string) => void): Promise<void> {
  if (end.offset === 0) {
    await writeFile(segment.path, SEGMENT_MAGIC, { flush: true });
    return;
  }
  const tail = (await readFile(segment.path)).subarray(end.offset);
  // Appended, since a tail may have been cut off here before.
  await writeFile(`${segment.path}.cut-at-${end.offset}`, tail, { flag: "a", flush: true });
  await truncate(segment.path, end.offset);
  onDiagnostic(
    `${segment.path}: cut off ${tail.length} bytes at its end that ${end.reason === "partial" ? "were half-written" : "are damaged"}`,
  );
}
