import { crc32 } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  checkRunId,
  errorMessage,
  type HiveEvent,
  HiveWatchError,
  type InitEvent,
  isoNow,
  parseEvent,
  parseLenientJson,
  stringifyEvent,
} from "@hivewatch/core";
import { decodeColumns, MAX_COLUMNS } from "./column-block.ts";
import { areSurelyValid, columnNames, columnsFromEvents, eventsFromColumns, fitsColumns } from "./columns.ts";
import { type Batch, BatchSchema, ColumnsSchema, type Rows, RowsSchema } from "./gen/hivewatch/v1/batch_pb.ts";

export type { Batch };

/** How many events one batch may hold. */
export const MAX_BATCH_EVENTS = 100_000;

/** Larger payloads are split into several batches, as far as that is possible; a bridge takes messages of 16 MiB. */
const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;

const MAX_PRODUCER_ID_LENGTH = 128;

/**
 * Reads a batch and checks what identifies it. The events are left as they are: see {@link batchEvents}.
 *
 * @throws HiveWatchError `malformed`, `invalid_run_id`
 */
export function decodeBatch(bytes: Uint8Array): Batch {
  let batch: Batch;
  try {
    batch = fromBinary(BatchSchema, bytes);
  } catch (cause) {
    throw new HiveWatchError("malformed", `not a batch: ${errorMessage(cause)}`, { cause });
  }
  checkRunId(batch.runId);
  if (batch.producerId === "" || batch.producerId.length > MAX_PRODUCER_ID_LENGTH) {
    throw malformed(`producer_id must have 1 to ${MAX_PRODUCER_ID_LENGTH} characters`);
  }
  if (batch.firstSeq + BigInt(batch.count) > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed("first_seq is too large");
  return batch;
}

/** What a batch has in it that matters to who takes it. */
export interface CheckedBatch {
  /** Whether it holds the end of the run. */
  readonly endsRun: boolean;
  /** The beginning of the run, if it holds that. */
  readonly init?: InitEvent | undefined;
}

/**
 * Checks a batch that comes from outside, whole: its count, its CRC and its events. Those in columns are judged by whole
 * columns, and not taken apart unless one may be wrong.
 *
 * @throws HiveWatchError `malformed`, `invalid_event`, `invalid_run_id`: which event, which field, what value
 */
export function checkBatch(batch: Batch): CheckedBatch {
  const { count, payload, runId } = batch;
  if (count === 0 || count > MAX_BATCH_EVENTS) {
    throw malformed(`count must be 1 to ${MAX_BATCH_EVENTS}, but it is ${count}`);
  }
  if (payload.case === undefined) throw malformed("a batch needs rows or columns");
  if (crc32(payload.value) !== batch.crc32) throw malformed("crc32 does not match the payload");
  const checkLength = (length: number): void => {
    if (length !== count) throw malformed(`count is ${count}, but there are ${length} events`);
  };
  if (payload.case === "columns") {
    const block = decodeColumns(payload.value, checkLength);
    return areSurelyValid(block) ? { endsRun: false } : judge(eventsFromColumns(block, runId));
  }
  const { events } = decodeRows(payload.value);
  checkLength(events.length);
  return judge(rowEvents(events, runId));
}

function judge(fields: readonly Record<string, unknown>[]): CheckedBatch {
  const events = parseAll(fields);
  return { endsRun: events.some((event) => event.event_type === "finished"), init: events.find(isInit) };
}

function isInit(event: HiveEvent): event is InitEvent {
  return event.event_type === "init";
}

/**
 * Decodes the events of a batch.
 *
 * @throws HiveWatchError as {@link checkBatch}
 */
export function batchEvents({ payload, runId }: Batch): HiveEvent[] {
  if (payload.case === undefined) return [];
  if (payload.case === "rows") return parseAll(rowEvents(decodeRows(payload.value).events, runId));
  return parseAll(eventsFromColumns(decodeColumns(payload.value), runId));
}

/**
 * What a log keeps in the place of a batch that was refused for good: one event that says so, over the same sequence
 * numbers, so that the producer can go on after it.
 */
export function refusedBatch(batch: Batch, reason: string): Batch {
  const event = { event_type: "batch_refused", timestamp: isoNow(), count: batch.count, reason };
  const value = toBinary(RowsSchema, create(RowsSchema, { events: [stringifyEvent(event)] }));
  return create(BatchSchema, { ...batch, crc32: crc32(value), payload: { case: "rows", value } });
}

/** @throws HiveWatchError which event is wrong, and how */
function parseAll(events: readonly Record<string, unknown>[]): HiveEvent[] {
  return events.map((event, index) => {
    try {
      return parseEvent(event);
    } catch (error) {
      if (!HiveWatchError.is(error)) throw error;
      throw new HiveWatchError(error.code, `event ${index} of the batch: ${error.message}`, { cause: error });
    }
  });
}

function rowEvents(texts: readonly string[], runId: string): Record<string, unknown>[] {
  return texts.map((text, index) => {
    const event = parseRow(text, index);
    if (event.run_id !== undefined && event.run_id !== runId) {
      throw malformed(
        `event ${index} is of run ${JSON.stringify(event.run_id)}, the batch of ${JSON.stringify(runId)}`,
      );
    }
    return { ...event, run_id: runId };
  });
}

function parseRow(text: string, index: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseLenientJson(text);
  } catch (cause) {
    throw new HiveWatchError("malformed", `event ${index} is not JSON: ${errorMessage(cause)}`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw malformed(`event ${index} is not an object`);
  return { ...value };
}

function decodeRows(bytes: Uint8Array): Rows {
  try {
    return fromBinary(RowsSchema, bytes);
  } catch (cause) {
    throw new HiveWatchError("malformed", `the payload can't be decoded: ${errorMessage(cause)}`, { cause });
  }
}

/** A batch's place in its producer's sequence. */
export interface Sequence {
  runId: string;
  producerId: string;
  producerEpoch: bigint;
  firstSeq: bigint;
}

/**
 * Packs consecutive events into batches: columns where they fit, rows where they don't, in the order of the events.
 */
export function packEvents(events: readonly HiveEvent[], sequence: Sequence): Batch[] {
  const batches: Batch[] = [];
  let firstSeq = sequence.firstSeq;
  for (const group of groupByForm(events)) {
    for (const batch of packGroup(group, { ...sequence, firstSeq })) batches.push(batch);
    firstSeq += BigInt(group.length);
  }
  return batches;
}

/** Runs of neighbours that can share a payload. */
function groupByForm(events: readonly HiveEvent[]): HiveEvent[][] {
  const groups: HiveEvent[][] = [];
  let form: string | undefined;
  let names = new Set<string>();
  for (const event of events) {
    const columns = fitsColumns(event);
    const next = columns ? event.event_type : "rows";
    if (columns) for (const name of columnNames(event)) names.add(name);
    const last = groups.at(-1);
    if (last !== undefined && next === form && last.length < MAX_BATCH_EVENTS && names.size <= MAX_COLUMNS) {
      last.push(event);
    } else {
      groups.push([event]);
      names = new Set(columns ? columnNames(event) : []);
    }
    form = next;
  }
  return groups;
}

function packGroup(events: readonly HiveEvent[], sequence: Sequence): Batch[] {
  const [first] = events;
  const columns = first !== undefined && fitsColumns(first);
  const value = columns
    ? toBinary(ColumnsSchema, columnsFromEvents(events))
    : toBinary(RowsSchema, create(RowsSchema, { events: events.map(stringifyEvent) }));
  if (value.length > MAX_PAYLOAD_BYTES && events.length > 1) {
    const middle = events.length >> 1;
    const behind = { ...sequence, firstSeq: sequence.firstSeq + BigInt(middle) };
    return [...packGroup(events.slice(0, middle), sequence), ...packGroup(events.slice(middle), behind)];
  }
  const batch = create(BatchSchema, {
    ...sequence,
    count: events.length,
    crc32: crc32(value),
    payload: { case: columns ? "columns" : "rows", value },
  });
  return [batch];
}

/** The bytes of a batch, as the wire and the log hold them. */
export function encodeBatch(batch: Batch): Uint8Array {
  return toBinary(BatchSchema, batch);
}

function malformed(message: string): HiveWatchError {
  return new HiveWatchError("malformed", message);
}
