import { crc32 } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { isoNow, microsFromIso, stringifyEvent } from "@hivewatch/core";
import { type Batch, encodeBatch } from "@hivewatch/runs";
import { BatchSchema, ColumnsSchema, RowsSchema } from "@hivewatch/runs/gen/hivewatch/v1/batch_pb.ts";

/** Fifteen metrics that a client may report. */
export const METRICS = [
  "local_accuracy",
  "local_loss",
  "gradient_norm",
  "gradient_magnitude",
  "sparsity",
  "compression_ratio",
  "network_latency_ms",
  "train_time_sec",
  "cpu_pct",
  "ram_mb",
  "gpu_util_pct",
  "gpu_vram_mb",
  "learning_rate",
  "local_epoch_loss",
  "drift",
] as const;

/** Events of one batch, without their place in a sequence. */
export interface Payload {
  readonly count: number;
  readonly payload: Batch["payload"];
  readonly crc32: number;
}

export interface UpdateOptions {
  /** Names of the metrics of each. Default {@link METRICS}. */
  readonly metrics?: readonly string[];
  /** What stands before the clients' numbers. */
  readonly clientName?: string;
}

/**
 * Updates of clients with consecutive numbers, as columns. The values are random: numbers that repeat are printed from a
 * cache, which flatters whoever prints them.
 *
 * @param firstClient - number of the first client
 */
export function clientUpdates(round: number, firstClient: number, count: number, options: UpdateOptions = {}): Payload {
  const { metrics = METRICS, clientName = "client-" } = options;
  const indices = Array.from({ length: count }, (_, i) => i);
  const now = BigInt(microsFromIso(isoNow()));
  const value = toBinary(
    ColumnsSchema,
    create(ColumnsSchema, {
      eventType: "client_update",
      timestampUs: indices.map((i) => now + BigInt(i)),
      columns: [
        { name: "client_id", texts: indices.map((i) => `${clientName}${firstClient + i}`) },
        { name: "round", numbers: indices.map(() => round) },
        ...metrics.map((name) => ({ name, numbers: indices.map(() => Math.random()) })),
      ],
    }),
  );
  return { count, payload: { case: "columns", value }, crc32: crc32(value) };
}

/** Other events, as rows. */
export function rows(...events: readonly Readonly<Record<string, unknown>>[]): Payload {
  const texts = events.map((event) => stringifyEvent({ timestamp: isoNow(), ...event }));
  const value = toBinary(RowsSchema, create(RowsSchema, { events: texts }));
  return { count: events.length, payload: { case: "rows", value }, crc32: crc32(value) };
}

/** Numbers payloads as one producer of a run does. */
export function producerOf(runId: string): (payload: Payload) => Batch {
  let firstSeq = 0n;
  return (payload) => {
    const batch = create(BatchSchema, { runId, producerId: "bench", producerEpoch: 1n, firstSeq, ...payload });
    firstSeq += BigInt(payload.count);
    return batch;
  };
}

/** Payloads as a producer sends them. */
export function* encodedBatches(runId: string, payloads: Iterable<Payload>): Generator<Uint8Array> {
  const number = producerOf(runId);
  for (const payload of payloads) yield encodeBatch(number(payload));
}

/** Goes through payloads again and again. */
export function* repeated(payloads: readonly Payload[], times: number): Generator<Payload> {
  for (let i = 0; i < times; i++) {
    const payload = payloads[i % payloads.length];
    if (payload !== undefined) yield payload;
  }
}
