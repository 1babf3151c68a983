import { randomUUID } from "node:crypto";
import { create, fromBinary } from "@bufbuild/protobuf";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { type BatchEmitter, errorMessage, type HiveEvent, type WriteResult } from "@hivewatch/core";
import { type Batch, encodeBatch, packEvents, refusedBatch, type Sequence } from "@hivewatch/runs";
import { BatchSchema } from "@hivewatch/runs/gen/hivewatch/v1/batch_pb.ts";
import { endpointOf } from "./endpoint.ts";
import { type Ack, AckSchema } from "./gen/hivewatch/v1/ack_pb.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";
import { ingestService } from "./service.ts";

export interface BridgeEmitterOptions {
  /** `host:port` of the bridge. Default: `HIVEWATCH_ENDPOINT`, else `127.0.0.1:7071`. */
  endpoint?: string | undefined;
  /** Sent as a bearer token. Default: `HIVEWATCH_TOKEN`. */
  token?: string | undefined;
  /** How long to wait for an answer before connecting anew. Default 30,000 ms. */
  timeoutMs?: number | undefined;
}

/**
 * The Node client of a bridge, as an emitter: `init({ emitters: [bridgeEmitter()] })`. What was sent and not acknowledged
 * when a connection broke is sent again from the bridge's high-water mark, so that the log holds it once. A bridge that has
 * lost the log is sent what comes from then on.
 */
export function bridgeEmitter(options: BridgeEmitterOptions = {}): BatchEmitter {
  const endpoint = endpointOf(options.endpoint);
  const token = options.token ?? process.env.HIVEWATCH_TOKEN;
  const { timeoutMs = 30_000 } = options;
  const metadata = new Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  const producerId = randomUUID();
  let producerEpoch = 1n;
  /** All before it is acknowledged. */
  let nextSeq = 0n;
  let connection: Connection | undefined;

  async function connect(runId: string, signal: AbortSignal): Promise<Connection> {
    if (connection?.isOpen() === true) return connection;
    const opened = openConnection(endpoint, metadata, signal, timeoutMs);
    connection = opened;
    const ask = () => opened.send([create(BatchSchema, { runId, producerId, producerEpoch })]);
    let [ack] = await ask();
    if (ack !== undefined && ack.refusal === undefined && ack.nextSeq < nextSeq) {
      // It has lost its log, or the end of it. What it had acknowledged isn't here any more either; a gap it would refuse.
      producerEpoch++;
      nextSeq = 0n;
      [ack] = await ask();
    }
    opened.stored = ack?.nextSeq ?? 0n;
    return opened;
  }

  function disconnect(): void {
    connection?.close();
    connection = undefined;
  }

  return {
    name: "bridge",
    specVersion: 1,
    async write(events, signal): Promise<WriteResult> {
      const [first] = events;
      if (first === undefined) return { status: "delivered" };
      try {
        const open = await connect(first.run_id, signal);
        const packed = pack(events, { runId: first.run_id, producerId, producerEpoch, firstSeq: nextSeq });
        if (typeof packed === "string") return { status: "refused", reason: packed };
        const missing = packed.filter(({ batch }) => batch.firstSeq + BigInt(batch.count) > open.stored);
        const result = resultOf(missing, await open.send(missing.map(({ batch }) => batch)));
        if (result.status === "retry") disconnect();
        else nextSeq += BigInt(events.length);
        return result;
      } catch (error) {
        disconnect();
        return { status: "retry", reason: `${endpoint}: ${errorMessage(error)}` };
      }
    },
    finish: disconnect,
  };
}

interface Packed {
  readonly batch: Batch;
  /** Why the batch is but word of a loss, if it is. */
  readonly lost: string | undefined;
}

/**
 * Batches that the bridge can take; in the place of an event that is too large for it stands word of the loss.
 *
 * @returns why there are none, if the events can't be packed at all
 */
function pack(events: readonly HiveEvent[], sequence: Sequence): Packed[] | string {
  let batches: Batch[];
  try {
    batches = packEvents(events, sequence);
  } catch (error) {
    return errorMessage(error);
  }
  return batches.map((batch) => {
    const size = encodeBatch(batch).length;
    if (size <= MAX_MESSAGE_BYTES) return { batch, lost: undefined };
    const lost = `an event of ${size} bytes is larger than the ${MAX_MESSAGE_BYTES} that a bridge takes`;
    return { batch: refusedBatch(batch, lost), lost };
  });
}

function resultOf(sent: readonly Packed[], acks: readonly Ack[]): WriteResult {
  let refused = 0;
  let reason: string | undefined;
  for (const [i, { batch, lost }] of sent.entries()) {
    const refusal = acks[i]?.refusal;
    if (refusal?.code === "unavailable" || refusal?.code === "gap") return { status: "retry", reason: refusal.reason };
    const why = refusal?.reason ?? lost;
    if (why === undefined) continue;
    refused += batch.count;
    reason ??= why;
  }
  return { status: "delivered", refused, reason };
}

interface Connection {
  /** The bridge's high-water mark when the connection was made. */
  stored: bigint;
  isOpen(): boolean;
  /** Sends batches, and waits for the answer to each. */
  send(batches: readonly Batch[]): Promise<Ack[]>;
  close(): void;
}

function openConnection(endpoint: string, metadata: Metadata, signal: AbortSignal, timeoutMs: number): Connection {
  // One of its own each time: gRPC would go on with a connection whose other end is gone until its keepalive fails.
  const client = new Client(endpoint, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    // A bridge that is gone without a word, as when its machine is, would be waited for much longer.
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
  });
  const { path, requestSerialize, responseDeserialize } = ingestService.Publish;
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
  const waiting: { resolve(ack: Ack): void; reject(error: Error): void }[] = [];
  let failure: Error | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** Begins to wait for the next answer, if one is due. */
  function expectAnswer(): void {
    clearTimeout(timer);
    if (waiting.length > 0) timer = setTimeout(giveUp, timeoutMs);
  }

  function giveUp(): void {
    call.cancel();
    fail(new Error(`no answer for ${timeoutMs / 1000} s`));
  }

  function fail(error: Error): void {
    failure ??= error;
    clearTimeout(timer);
    signal.removeEventListener("abort", cancel);
    for (const { reject } of waiting.splice(0)) reject(failure);
  }

  function cancel(): void {
    call.cancel();
  }

  function take(message: Buffer): void {
    try {
      const ack = fromBinary(AckSchema, message);
      waiting.shift()?.resolve(ack);
      expectAnswer();
    } catch (error) {
      call.cancel();
      fail(new Error(`it answers, but not like a bridge: ${errorMessage(error)}`));
    }
  }

  call.on("data", take);
  call.on("error", fail);
  call.on("end", () => fail(new Error("the bridge ended the stream")));
  signal.addEventListener("abort", cancel, { once: true });

  return {
    stored: 0n,
    isOpen: () => failure === undefined,
    send(batches) {
      const acks = batches.map((batch) => {
        const ack = new Promise<Ack>((resolve, reject) => {
          if (failure === undefined) waiting.push({ resolve, reject });
          else reject(failure);
        });
        if (failure === undefined) call.write(Buffer.from(encodeBatch(batch)));
        return ack;
      });
      expectAnswer();
      return Promise.all(acks);
    },
    close() {
      call.end();
      client.close();
      clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
    },
  };
}
