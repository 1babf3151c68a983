import { errorMessage, HiveWatchError } from "@hivewatch/core";
import { type Batch, encodeBatch } from "./batch.ts";
import { type Disk, nodeDisk, SyncError } from "./disk.ts";
import { failureOf, rememberFailure } from "./failed-logs.ts";
import { frameHeader } from "./frame.ts";
import { type LockOptions, type LogLock, lockLog } from "./log-lock.ts";
import type { LogEnd } from "./read-entries.ts";
import { type Recovered, recoverLog } from "./recover-log.ts";
import type { Mark } from "./segment-index.ts";
import { createSegmentWriter, type OutgoingFrame } from "./segment-writer.ts";

/** A segment that has grown to this is closed, and the next one begun. */
const SEGMENT_BYTES = 64 * 1024 * 1024;

/** What became of a batch, and where its producer goes on. */
export interface AppendResult {
  /** `gap`: events before it are missing; `stale_epoch`: a newer epoch was seen. Neither is stored. */
  readonly status: "stored" | "duplicate" | "gap" | "stale_epoch";
  readonly nextSeq: bigint;
}

/**
 * What an acknowledged batch survives.
 *
 * - `commit`: the end of the process and a loss of power. It is on disk (`fdatasync`) before it is acknowledged.
 * - `os`: the end of the process. It was handed to the operating system, which brings it to the disk later; what a loss of
 *   power takes is the end of the log, at most from its newest segment on.
 */
export type Durability = "commit" | "os";

/** The writing end of a run's log. What is durable in it is so in the meaning of its {@link Durability}. */
export interface RunLog {
  readonly runId: string;
  /** The position behind the last event that is durable. */
  readonly position: number;
  /** Why it takes nothing more; undefined as long as it does. */
  readonly failure: HiveWatchError | undefined;
  /** The number of the first event that is not durable yet, of a producer in an epoch. */
  highWaterMark(producerId: string, epoch: bigint): bigint;
  /**
   * Stores a batch, unless it is there already.
   *
   * @param bytes - the batch as it was received and checked (`checkBatch`), which is what is stored; not to be changed
   *   until this resolves. By default it is encoded
   * @returns once it is durable
   * @throws HiveWatchError `unavailable` when the disk didn't take it. If it was full, the log goes on once there is room;
   *   if a sync failed, it takes nothing more before the process was started anew. `locked` if another process has taken
   *   the log. `malformed` if the batch is larger than a log can hold
   */
  append(batch: Batch, bytes?: Uint8Array): Promise<AppendResult>;
  /**
   * Waits for what is being written, and closes the log for another writer to open.
   *
   * @throws HiveWatchError `unavailable`
   */
  close(): Promise<void>;
}

export interface RunLogOptions {
  /** A segment that has grown to more than this is closed, and the next one begun. Default 64 MiB. */
  segmentBytes?: number | undefined;
  /** Default `commit`. */
  durability?: Durability | undefined;
  /**
   * Called with the position behind the last event that was found, before anybody learns that the log is open. If it fails,
   * the log is not opened.
   */
  onRecovered?: ((position: number) => Promise<void>) | undefined;
  /** Called when it is open, and after events have become durable. */
  onCommit?: ((end: LogEnd) => void) | undefined;
  /** Called when it was closed, unless what it had written is not durable, with the position behind its last event. */
  onClose?: ((position: number) => void) | undefined;
  /** Told when the log was damaged and what was done about it. */
  onDiagnostic?: ((message: string) => void) | undefined;
  /** Default: that of this machine. */
  disk?: Disk | undefined;
  lock?: LockOptions | undefined;
}

/** A producer's mark that is on its way to the disk. */
interface MarkInFlight {
  readonly mark: Mark;
  /** Settles as the batch does that it is of. */
  readonly stored: Promise<void>;
}

interface Pending extends OutgoingFrame {
  /** The position behind it. */
  readonly end: number;
  readonly producerId: string;
  readonly mark: Mark;
  resolve(): void;
  reject(error: HiveWatchError): void;
}

/**
 * Opens a run's log for writing, and makes it if there is none. What a crash left half-written at its end is cut off; it
 * was never acknowledged.
 *
 * @param dir - the folder of the log's segments
 * @throws HiveWatchError `locked` if another process writes it; `unavailable`; `corrupt_log` if a newer version wrote it
 */
export async function openRunLog(dir: string, runId: string, options: RunLogOptions = {}): Promise<RunLog> {
  const { disk = nodeDisk, onRecovered = async () => {}, onDiagnostic = () => {} } = options;
  const before = failureOf(disk, dir);
  if (before !== undefined) throw before;
  let lock: LogLock | undefined;
  try {
    await disk.makeFolder(dir);
    lock = await lockLog(disk, dir, runId, options.lock);
    const recovered = await recoverLog(disk, dir, onDiagnostic);
    await onRecovered(recovered.position).catch(async (error: unknown) => {
      await recovered.segment.file.close();
      throw error;
    });
    return await startLog(dir, runId, lock, recovered, options);
  } catch (cause) {
    await lock?.release().catch(() => undefined);
    if (HiveWatchError.is(cause)) throw cause;
    const failure = failureFor(`the log of run ${runId} can't be opened`, cause);
    if (cause instanceof SyncError) rememberFailure(disk, dir, failure);
    throw failure;
  }
}

async function startLog(
  dir: string,
  runId: string,
  lock: LogLock,
  recovered: Recovered,
  options: RunLogOptions,
): Promise<RunLog> {
  const { segmentBytes = SEGMENT_BYTES, durability = "commit", disk = nodeDisk } = options;
  const { onCommit = () => {}, onClose = () => {}, onDiagnostic = () => {} } = options;
  const { marks } = recovered;
  const inFlight = new Map<string, MarkInFlight>();
  const writer = createSegmentWriter(disk, dir, recovered.segment, segmentBytes);
  let { position } = recovered;
  let reserved = position;
  let failure: HiveWatchError | undefined;
  let pending: Pending[] = [];
  let committing: Promise<void> | undefined;
  let closing: Promise<void> | undefined;
  let told = "";

  async function commitAll(): Promise<void> {
    while (pending.length > 0) {
      const group = pending;
      pending = [];
      try {
        await commit(group);
      } catch (cause) {
        await refuse(group, cause);
        continue;
      }
      for (const { end, producerId, mark, resolve } of group) {
        position = end;
        marks.set(producerId, mark);
        if (inFlight.get(producerId)?.mark === mark) inFlight.delete(producerId);
        resolve();
      }
      told = "";
      tellEnd();
    }
  }

  async function commit(group: readonly Pending[]): Promise<void> {
    await writer.write(group, marks);
    // Who takes the log from us removes our lock before it looks at what is written. So if the lock is still there
    // now, it will find these.
    if (!lock.isHeld()) throw lockLost(runId);
    if (durability === "commit") await writer.sync();
    writer.keep(group);
  }

  /** Gives up a group, and what has come behind it meanwhile: its producers' events would leave gaps. */
  async function refuse(group: readonly Pending[], cause: unknown): Promise<void> {
    const error = await recover(cause);
    if (error.message !== told) onDiagnostic(error.message);
    told = error.message;
    const refused = [...group, ...pending];
    pending = [];
    inFlight.clear();
    reserved = position;
    for (const entry of refused) entry.reject(error);
  }

  /** Goes on where that is possible, and else no more. */
  async function recover(cause: unknown): Promise<HiveWatchError> {
    if (HiveWatchError.is(cause)) {
      failure = cause;
      return cause;
    }
    let isCut = false;
    let byHand = "";
    try {
      // After a sync that failed, whatever was written since the last one may pass for synced and not be on the disk.
      isCut = await writer.cut(durability === "os" && cause instanceof SyncError);
    } catch (error) {
      byHand = `. ${errorMessage(error)}`;
    }
    const error = failureFor(`the log of run ${runId} can't be written`, cause, byHand);
    if (isCut && !(cause instanceof SyncError)) return error;
    failure = error;
    rememberFailure(disk, dir, error);
    return error;
  }

  /** @throws HiveWatchError `malformed` */
  function enqueue(batch: Batch, body: Uint8Array): Promise<void> {
    const { producerId, producerEpoch: epoch, count, payload } = batch;
    const header = frameHeader(body, payload.value && { bytes: payload.value, crc32: batch.crc32 });
    const mark = { epoch, nextSeq: batch.firstSeq + BigInt(count) };
    const start = reserved;
    reserved += count;
    const stored = new Promise<void>((resolve, reject) => {
      pending.push({ start, end: reserved, header, body, producerId, mark, resolve, reject });
    });
    inFlight.set(producerId, { mark, stored });
    committing ??= commitAll().finally(() => {
      committing = undefined;
    });
    return stored;
  }

  function highWaterMark(producerId: string, epoch: bigint): bigint {
    const mark = marks.get(producerId);
    return mark?.epoch === epoch ? mark.nextSeq : 0n;
  }

  function tellEnd(): void {
    onCommit({ position, segment: writer.segment });
  }

  async function close(): Promise<void> {
    await committing;
    try {
      if (failure === undefined && durability === "os") await writer.sync();
    } catch (cause) {
      throw await recover(cause);
    } finally {
      await writer.close().catch(() => undefined);
      await lock.release().catch((error: unknown) => onDiagnostic(errorMessage(error)));
    }
    if (failureOf(disk, dir) === undefined) onClose(position);
  }

  function whyNot(): HiveWatchError | undefined {
    if (failure !== undefined || closing === undefined) return failure;
    return new HiveWatchError("unavailable", `the log of run ${runId} is closed`);
  }

  if (lock.tookOver) {
    // What its former owner may still write lands in a segment that nobody reads behind this position.
    await writer.roll(position, marks).catch(async (error: unknown) => {
      await writer.close();
      throw error;
    });
  }
  tellEnd();

  return {
    runId,
    get position() {
      return position;
    },
    get failure() {
      return whyNot();
    },
    highWaterMark,
    async append(batch, bytes = encodeBatch(batch)) {
      const refusal = whyNot();
      if (refusal !== undefined) throw refusal;
      const { producerId, producerEpoch } = batch;
      const judgedBy = inFlight.get(producerId);
      const status = placeOf(batch, judgedBy?.mark ?? marks.get(producerId));
      if (status === "next") {
        await enqueue(batch, bytes);
        return { status: "stored", nextSeq: batch.firstSeq + BigInt(batch.count) };
      }
      await judgedBy?.stored;
      return { status, nextSeq: highWaterMark(producerId, producerEpoch) };
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
}

function placeOf(batch: Batch, mark: Mark | undefined): "next" | AppendResult["status"] {
  if (mark !== undefined && batch.producerEpoch < mark.epoch) return "stale_epoch";
  const nextSeq = mark?.epoch === batch.producerEpoch ? mark.nextSeq : 0n;
  if (batch.firstSeq === nextSeq) return "next";
  return batch.firstSeq + BigInt(batch.count) <= nextSeq ? "duplicate" : "gap";
}

function failureFor(what: string, cause: unknown, more = ""): HiveWatchError {
  const advice =
    cause instanceof SyncError
      ? "It is not known what its disk holds of it. Nothing more is taken: see to the disk, then start this process anew"
      : "Make room on its disk, or repair it";
  return new HiveWatchError("unavailable", `${what}: ${errorMessage(cause)}. ${advice}${more}`, { cause });
}

function lockLost(runId: string): HiveWatchError {
  const message = `the log of run ${runId} was taken by another process, or its folder was removed: this one writes it no more`;
  return new HiveWatchError("locked", message);
}
