import { create, toBinary } from "@bufbuild/protobuf";
import { errorMessage } from "@hivewatch/core";
import {
  type AppendResult,
  type Batch,
  type CheckedBatch,
  checkBatch,
  decodeBatch,
  type RunLog,
  refusedBatch,
} from "@hivewatch/runs";
import { type Ack, AckSchema, NoticeSchema, RefusalSchema } from "./gen/hivewatch/v1/ack_pb.ts";
import { type BatchOutcome, createIngestCounts, type IngestCounts, type RefusalCode } from "./ingest-counts.ts";
import type { RunNotices } from "./notices.ts";
import type { RunSessions } from "./run-sessions.ts";

/**
 * Takes one message, and answers it once its events are on disk or it is refused. Never rejects.
 *
 * @param message - an encoded Batch
 * @param number - which message of its stream it is, from 0
 */
export type Ingest = (message: Uint8Array, number: number) => Promise<Ack>;

/**
 * The bridge's way from a message to the log. Messages of one run are stored in the order of the calls.
 *
 * @param notices - asked with each answer
 * @param counts - where to count what becomes of the messages
 */
export function createIngest(
  sessions: RunSessions,
  notices: RunNotices = () => [],
  counts: IngestCounts = createIngestCounts(),
): Ingest {
  async function answerMessage(message: Uint8Array, number: number): Promise<Answer> {
    let batch: Batch;
    try {
      batch = decodeBatch(message);
    } catch (error) {
      return refusal(number, undefined, 0n, "malformed", errorMessage(error));
    }
    try {
      const answer = await take(sessions, batch, message, number);
      if (answer.outcome === "stored") counts.store(batch.count, message.length);
      answer.ack.notices = (await notices(batch.runId, answer.init)).map((notice) => create(NoticeSchema, notice));
      return answer;
    } catch (error) {
      return refusal(number, batch, batch.firstSeq, "unavailable", errorMessage(error));
    }
  }

  return async (message, number) => {
    const answered = counts.receive();
    const { ack, outcome } = await answerMessage(message, number);
    answered(outcome);
    return ack;
  };
}

interface Answer {
  readonly ack: Ack;
  /** Undefined for a message without a batch. */
  readonly outcome?: BatchOutcome;
  /** The beginning of the run, if that is what was taken. */
  readonly init?: CheckedBatch["init"];
}

async function take(sessions: RunSessions, batch: Batch, message: Uint8Array, number: number): Promise<Answer> {
  const checked = batch.count === 0 ? NOTHING : check(batch);
  const log = await sessions.open(batch.runId);
  if (batch.count === 0) {
    return { ack: answer(number, batch, log.highWaterMark(batch.producerId, batch.producerEpoch)) };
  }
  if (typeof checked === "string") return refuse(sessions, log, batch, number, checked);
  const result = await append(sessions, log, batch, message);
  if (checked.endsRun) sessions.finished(batch.runId);
  const isThere = result.status === "stored" || result.status === "duplicate";
  return { ...answerTo(result, batch, number), init: isThere ? checked.init : undefined };
}

/** @param bytes - those of the batch, as they came */
async function append(sessions: RunSessions, log: RunLog, batch: Batch, bytes?: Uint8Array): Promise<AppendResult> {
  try {
    return await log.append(batch, bytes);
  } catch (error) {
    // The next batch finds the log opened anew, if its disk is well again.
    sessions.failed(batch.runId, log);
    throw error;
  }
}

const NOTHING: CheckedBatch = { endsRun: false };

/** What a batch holds, or why it is refused: what can't be read today can't be read tomorrow, whatever it fails at. */
function check(batch: Batch): CheckedBatch | string {
  try {
    return checkBatch(batch);
  } catch (error) {
    return errorMessage(error);
  }
}

/** Stores, in the place of a batch that is of no use, word of the loss. The producer goes on behind it. */
async function refuse(
  sessions: RunSessions,
  log: RunLog,
  batch: Batch,
  number: number,
  reason: string,
): Promise<Answer> {
  const result = await append(sessions, log, refusedBatch(batch, reason));
  if (result.status === "gap" || result.status === "stale_epoch") return answerTo(result, batch, number);
  return refusal(number, batch, result.nextSeq, "malformed", reason);
}

function answerTo(result: AppendResult, batch: Batch, number: number): Answer {
  const { status, nextSeq } = result;
  if (status === "gap") {
    const reason = `first_seq is ${batch.firstSeq}, but the next event must be number ${nextSeq}: send again from there`;
    return refusal(number, batch, nextSeq, "gap", reason);
  }
  if (status === "stale_epoch") {
    const reason = `a newer epoch of producer ${batch.producerId} is writing this run: stop, or begin a newer one`;
    return refusal(number, batch, nextSeq, "stale_epoch", reason);
  }
  return { ack: answer(number, batch, nextSeq), outcome: status };
}

function answer(number: number, batch: Batch | undefined, nextSeq: bigint): Ack {
  return create(AckSchema, {
    batch: BigInt(number),
    runId: batch?.runId ?? "",
    producerId: batch?.producerId ?? "",
    producerEpoch: batch?.producerEpoch ?? 0n,
    nextSeq,
  });
}

function refusal(number: number, batch: Batch | undefined, nextSeq: bigint, code: RefusalCode, reason: string): Answer {
  const ack = answer(number, batch, nextSeq);
  ack.refusal = create(RefusalSchema, { code, reason });
  return { ack, outcome: code };
}

/** The bytes of an answer. */
export function encodeAck(ack: Ack): Buffer {
  return Buffer.from(toBinary(AckSchema, ack));
}
