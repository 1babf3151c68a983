import { mkdir } from "node:fs/promises";
import { errorMessage, HiveWatchError } from "@hivewatch/core";
import { type Batch, encodeBatch } from "./batch.ts";
import { encodeFrame, MAX_BODY_BYTES } from "./frame.ts";
import { createSegment, type Producer, type Recovered, recoverLog } from "./recover-log.ts";

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
  /** The number of the first event that is not on disk yet, of a producer in an epoch. */
  highWaterMark(producerId: string, epoch: bigint): bigint;
  /**
   * Stores a batch, unless it is there already.
   *
   * @returns once it is on disk
   * @throws HiveWatchError `unavailable` when the disk failed; the log then takes nothing more until it is opened again.
   *   `malformed` if the batch is larger than a log can hold
   */
  append(batch: Batch): Promise<AppendResult>;
  /** Waits for what is being written, and closes the file. */
  close(): Promise<void>;
}

export interface RunLogOptions {
  /** A segment that has grown to more than this is closed, and the next one begun. Default 64 MiB. */
  segmentBytes?: number | undefined;
  /** Called when it is open, and after events have become durable. */
  onCommit?: ((end: { readonly position: number }) => void) | undefined;
  /** Called when it was closed. */
  onClose?: (() => void) | undefined;
  /** Told when the log was damaged and what was done about it. */
  onDiagnostic?: ((message: string) => void) | undefined;
}

interface Pending {
  readonly frame: Buffer;
  /** The position behind it. */
  readonly end: number;
  readonly producer: Producer;
  readonly nextSeq: bigint;
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
  try {
    await mkdir(dir, { recursive: true });
    return startLog(dir, runId, await recoverLog(dir, options.onDiagnostic), options);
  } catch (cause) {
    if (HiveWatchError.is(cause)) throw cause;
    throw new HiveWatchError("unavailable", `the log of run ${runId} can't be opened: ${errorMessage(cause)}`, {
      cause,
    });
  }
}

function startLog(dir: string, runId: string, recovered: Recovered, options: RunLogOptions): RunLog {
  const { segmentBytes = SEGMENT_BYTES, onDiagnostic = () => {} } = options;
  const { onCommit = () => {}, onClose = () => {} } = options;
  const { producers } = recovered;
  let { position, file } = recovered;
  let reserved = position;
  let newest: Promise<void> = Promise.resolve();
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
        await fail(group, cause);
        return;
      }
      for (const { end, producer, nextSeq, resolve } of group) {
        position = end;
        producer.durableSeq = nextSeq;
        resolve();
      }
      onCommit({ position });
    }
  }

  async function commit(frames: readonly Buffer[]): Promise<void> {
    if (file.bytes > segmentBytes) {
      await file.handle.close();
      file = await createSegment(dir, position);
    }
    const data = Buffer.concat(frames);
    await file.handle.appendFile(data);
    await file.handle.datasync();
    file.bytes += data.length;
  }

  async function fail(group: readonly Pending[], cause: unknown): Promise<void> {
    // After a failed write or sync nobody knows what the disk holds, so nothing may be acknowledged on top of it.
    failure = new HiveWatchError(
      "unavailable",
      `the log of run ${runId} can't be written: ${errorMessage(cause)}. Make room on its disk, or repair it`,
      { cause },
    );
    onDiagnostic(failure.message);
    // Whoever opens the log again must not take for durable what was written and not synced.
    await file.handle.truncate(file.bytes).catch(() => undefined);
    for (const entry of [...group, ...pending]) entry.reject(failure);
    pending = [];
  }

  /** @throws HiveWatchError `malformed` */
  function enqueue(batch: Batch): Promise<void> {
    const frame = encodeFrame(bodyOf(batch));
    const nextSeq = batch.firstSeq + BigInt(batch.count);
    const known = producers.get(batch.producerId);
    const producer =
      known?.epoch === batch.producerEpoch ? known : { epoch: batch.producerEpoch, nextSeq, durableSeq: 0n };
    producers.set(batch.producerId, producer);
    producer.nextSeq = nextSeq;
    reserved += batch.count;
    const end = reserved;
    newest = new Promise((resolve, reject) => {
      pending.push({ frame, end, producer, nextSeq, resolve, reject });
      committing ??= commitAll().finally(() => {
        committing = undefined;
      });
    });
    return newest;
  }

  function highWaterMark(producerId: string, epoch: bigint): bigint {
    const producer = producers.get(producerId);
    return producer?.epoch === epoch ? producer.durableSeq : 0n;
  }

  onCommit({ position });
  return {
    runId,
    get position() {
      return position;
    },
    highWaterMark,
    async append(batch) {
      if (failure !== undefined) throw failure;
      const status = placeOf(batch, producers.get(batch.producerId));
      if (status === "next") {
        await enqueue(batch);
        return { status: "stored", nextSeq: batch.firstSeq + BigInt(batch.count) };
      }
      // What it was judged by may still be on its way to the disk. Its own sender is told if it doesn't get there.
      await newest.catch(() => undefined);
      if (failure !== undefined) throw failure;
      return { status, nextSeq: highWaterMark(batch.producerId, batch.producerEpoch) };
    },
    async close() {
      failure ??= new HiveWatchError("unavailable", `the log of run ${runId} is closed`);
      await committing;
      await file.handle.close();
      onClose();
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

function bodyOf(batch: Batch): Uint8Array {
  const body = encodeBatch(batch);
  if (body.length <= MAX_BODY_BYTES) return body;
  throw new HiveWatchError("malformed", `a batch of ${body.length} bytes is more than the ${MAX_BODY_BYTES} of a log`);
}
