import { type FileHandle, mkdir, open, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage, HiveWatchError } from "@hivewatch/core";
import { type Batch, decodeBatch, encodeBatch } from "./batch.ts";
import { encodeFrame, type FramesEnd, readFrames, SEGMENT_MAGIC } from "./frame.ts";
import { listSegments, type Segment, segmentPath, syncDirectory } from "./segments.ts";

/** A segment that has grown to this is closed, and the next one begun. */
const SEGMENT_BYTES = 64 * 1024 * 1024;

/** What became of a batch, and where its producer goes on. */
export interface AppendResult {
  /** `gap`: events before it are missing; `stale_epoch`: a newer epoch was seen. Neither is stored. */
  readonly status: "stored" | "duplicate" | "gap" | "stale_epoch";
  readonly nextSeq: bigint;
}

/** The writing end of a run's log. */
export interface RunLog {
  readonly runId: string;
  /** The position behind the last event that is on disk. */
  readonly position: number;
  /** The number of the first event that is not on disk, of a producer in an epoch. */
  highWaterMark(producerId: string, epoch: bigint): bigint;
  /**
   * Stores a batch, unless it is there already.
   *
   * @returns once it is on disk
   * @throws HiveWatchError `unavailable` when the disk failed; the log then takes nothing more until it is opened again
   */
  append(batch: Batch): Promise<AppendResult>;
  /** Waits for what is being written, and closes the file. */
  close(): Promise<void>;
}

export interface RunLogOptions {
  /** Called after events have become durable. */
  onCommit?: (() => void) | undefined;
  /** Told when the log was damaged and what was done about it. */
  onDiagnostic?: ((message: string) => void) | undefined;
}

interface Producer {
  epoch: bigint;
  nextSeq: bigint;
}

interface Pending {
  readonly frame: Buffer;
  readonly end: number;
  resolve(): void;
  reject(error: HiveWatchError): void;
}

/**
 * Opens a run's log for writing, and makes it if there is none. What a crash left half-written at its end is cut off; it
 * was never acknowledged.
 *
 * @param dir - the folder of the log's segments
 * @throws HiveWatchError `corrupt_log`, `unavailable`
 */
export async function openRunLog(dir: string, runId: string, options: RunLogOptions = {}): Promise<RunLog> {
  const { onCommit = () => {}, onDiagnostic = () => {} } = options;
  const producers = new Map<string, Producer>();
  await mkdir(dir, { recursive: true });
  const recovered = await recover(dir, producers, onDiagnostic);
  let position = recovered.position;
  let reserved = position;
  let file = recovered.file ?? (await createSegment(dir, position));
  let failure: HiveWatchError | undefined;
  let pending: Pending[] = [];
  let committing: Promise<void> | undefined;

  async function commitAll(): Promise<void> {
    while (pending.length > 0) {
      const group = pending;
      pending = [];
      try {
        await commit(group.map((entry) => entry.frame));
      } catch (cause) {
        fail(group, cause);
        return;
      }
      position = group.at(-1)?.end ?? position;
      for (const entry of group) entry.resolve();
      onCommit();
    }
  }

  async function commit(frames: readonly Buffer[]): Promise<void> {
    if (file.bytes > SEGMENT_BYTES) {
      await file.handle.close();
      file = await createSegment(dir, position);
    }
    const data = Buffer.concat(frames);
    await file.handle.appendFile(data);
    await file.handle.datasync();
    file.bytes += data.length;
  }

  function fail(group: readonly Pending[], cause: unknown): void {
    // After a failed write or sync nobody knows what the disk holds, so nothing may be acknowledged on top of it.
    failure = new HiveWatchError(
      "unavailable",
      `the log of run ${runId} can't be written any more: ${errorMessage(cause)}. Free the disk, then start again`,
      { cause },
    );
    onDiagnostic(failure.message);
    for (const entry of [...group, ...pending]) entry.reject(failure);
    pending = [];
  }

  function enqueue(batch: Batch): Promise<void> {
    reserved += batch.count;
    const end = reserved;
    const frame = encodeFrame(encodeBatch(batch));
    return new Promise((resolve, reject) => {
      pending.push({ frame, end, resolve, reject });
      committing ??= commitAll().finally(() => {
        committing = undefined;
      });
    });
  }

  return {
    runId,
    get position() {
      return position;
    },
    highWaterMark(producerId, epoch) {
      const producer = producers.get(producerId);
      return producer?.epoch === epoch ? producer.nextSeq : 0n;
    },
    async append(batch) {
      if (failure !== undefined) throw failure;
      const producer = producers.get(batch.producerId);
      const place = placeOf(batch, producer);
      if (place === "stale_epoch" || place === "gap") return { status: place, nextSeq: nextSeqOf(batch, producer) };
      const nextSeq = batch.firstSeq + BigInt(batch.count);
      if (place === "duplicate") {
        // Its first copy may still be on the way to the disk.
        await committing;
        if (failure !== undefined) throw failure;
        return { status: "duplicate", nextSeq: nextSeqOf(batch, producer) };
      }
      producers.set(batch.producerId, { epoch: batch.producerEpoch, nextSeq });
      await enqueue(batch);
      return { status: "stored", nextSeq };
    },
    async close() {
      failure ??= new HiveWatchError("unavailable", `the log of run ${runId} is closed`);
      await committing;
      await file.handle.close();
    },
  };
}

function placeOf(batch: Batch, producer: Producer | undefined): "next" | AppendResult["status"] {
  if (producer !== undefined && batch.producerEpoch < producer.epoch) return "stale_epoch";
  const nextSeq = nextSeqOf(batch, producer);
  if (batch.firstSeq === nextSeq) return "next";
  return batch.firstSeq + BigInt(batch.count) <= nextSeq ? "duplicate" : "gap";
}

function nextSeqOf(batch: Batch, producer: Producer | undefined): bigint {
  return producer?.epoch === batch.producerEpoch ? producer.nextSeq : 0n;
}

interface SegmentFile {
  readonly handle: FileHandle;
  bytes: number;
}

async function createSegment(dir: string, firstPosition: number): Promise<SegmentFile> {
  const handle = await open(segmentPath(dir, firstPosition), "a");
  await handle.appendFile(SEGMENT_MAGIC);
  await handle.datasync();
  await syncDirectory(dir);
  return { handle, bytes: SEGMENT_MAGIC.length };
}

async function recover(
  dir: string,
  producers: Map<string, Producer>,
  onDiagnostic: (message: string) => void,
): Promise<{ position: number; file: SegmentFile | undefined }> {
  const segments = await listSegments(dir);
  let position = 0;
  for (const segment of segments) {
    const last = segment === segments.at(-1);
    const { end, nextPosition } = await scanSegment(segment, producers);
    position = nextPosition;
    if (end.reason === "end") continue;
    if (!last) {
      throw new HiveWatchError(
        "corrupt_log",
        `${segment.path} is damaged at byte ${end.offset}, and newer segments follow it. Restore the file, or move it and the newer ones away`,
      );
    }
    await cutTail(segment, end, onDiagnostic);
  }
  const last = segments.at(-1);
  if (last === undefined) return { position, file: undefined };
  const handle = await open(last.path, "a");
  return { position, file: { handle, bytes: (await handle.stat()).size } };
}

async function scanSegment(
  segment: Segment,
  producers: Map<string, Producer>,
): Promise<{ end: FramesEnd; nextPosition: number }> {
  let nextPosition = segment.firstPosition;
  const handle = await open(segment.path, "r");
  try {
    if (!(await hasMagic(handle))) return { end: { offset: 0, reason: "corrupt" }, nextPosition };
    const frames = readFrames(handle, SEGMENT_MAGIC.length);
    for (;;) {
      const step = await frames.next();
      if (step.done === true) return { end: step.value, nextPosition };
      const batch = decodeBatch(step.value.body);
      nextPosition += batch.count;
      producers.set(batch.producerId, {
        epoch: batch.producerEpoch,
        nextSeq: batch.firstSeq + BigInt(batch.count),
      });
    }
  } finally {
    await handle.close();
  }
}

async function hasMagic(handle: FileHandle): Promise<boolean> {
  const start = Buffer.alloc(SEGMENT_MAGIC.length);
  await handle.read(start, 0, start.length, 0);
  return start.equals(SEGMENT_MAGIC);
}

/** Cuts what can't be read off the end of the log, and keeps it beside the log for whoever wants to look. */
async function cutTail(segment: Segment, end: FramesEnd, onDiagnostic: (message: string) => void): Promise<void> {
  const bytes = await readFile(segment.path);
  const tail = bytes.subarray(end.offset);
  await writeFile(join(`${segment.path}.cut-at-${end.offset}`), tail);
  await truncate(segment.path, end.offset);
  if (end.offset === 0) await writeFile(segment.path, SEGMENT_MAGIC);
  onDiagnostic(
    `${segment.path}: cut off ${tail.length} bytes at its end that ${end.reason === "partial" ? "were half-written" : "are damaged"}`,
  );
}
