import { randomUUID } from "node:crypto";
import { create, fromBinary } from "@bufbuild/protobuf";
import { Client, type ClientDuplexStream, credentials, Metadata } from "@grpc/grpc-js";
import { type BatchEmitter, errorMessage, type HiveEvent, type WriteResult } from "@hivewatch/core";
import { type Batch, encodeBatch, packEvents } from "@hivewatch/runs";
import { BatchSchema } from "@hivewatch/runs/gen/hivewatch/v1/batch_pb.ts";
import { type Ack, AckSchema } from "./gen/hivewatch/v1/ack_pb.ts";
import { ingestService } from "./service.ts";

export interface BridgeEmitterOptions {
  /** `host:port` of the bridge. Default: `HIVEWATCH_ENDPOINT`, else `127.0.0.1:7071`. */
  endpoint?: string | undefined;
  /** Sent as a bearer token. Default: `HIVEWATCH_TOKEN`. */
  token?: string | undefined;
}

/**
 * The Node client of a bridge, as an emitter: `init({ emitters: [bridgeEmitter()] })`. What was sent and not acknowledged
 * when a connection broke is sent again from the bridge's high-water mark, so that the log holds it once.
 */
export function bridgeEmitter(options: BridgeEmitterOptions = {}): BatchEmitter {
  const endpoint = options.endpoint ?? process.env.HIVEWATCH_ENDPOINT ?? "127.0.0.1:7071";
  const token = options.token ?? process.env.HIVEWATCH_TOKEN;
  const client = new Client(endpoint, credentials.createInsecure());
  const metadata = new Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  const producerId = randomUUID();
  let nextSeq = 0n;
  let connection: Connection | undefined;

  async function connect(runId: string, signal: AbortSignal): Promise<Connection> {
    if (connection?.isOpen() === true) return connection;
    const { path, requestSerialize, responseDeserialize } = ingestService.Publish;
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    connection = openConnection(call, signal);
    const [ack] = await connection.send([create(BatchSchema, { runId, producerId, producerEpoch: 1n })]);
    connection.stored = ack?.nextSeq ?? 0n;
    return connection;
  }

  return {
    name: "bridge",
    specVersion: 1,
    async write(events, signal): Promise<WriteResult> {
      const [first] = events;
      if (first === undefined) return { status: "delivered" };
      try {
        const open = await connect(first.run_id, signal);
        const batches = pack(events, first.run_id, producerId, nextSeq);
        const acks = await open.send(batches.filter((batch) => batch.firstSeq + BigInt(batch.count) > open.stored));
        const result = resultOf(acks);
        if (result.status !== "retry") nextSeq += BigInt(events.length);
        else connection = undefined;
        return result;
      } catch (error) {
        connection?.close();
        connection = undefined;
        return { status: "retry", reason: `${endpoint}: ${errorMessage(error)}` };
      }
    },
    finish() {
      connection?.close();
      client.close();
    },
  };
}

function pack(events: readonly HiveEvent[], runId: string, producerId: string, firstSeq: bigint): Batch[] {
  return packEvents(events, { runId, producerId, producerEpoch: 1n, firstSeq });
}

function resultOf(acks: readonly Ack[]): WriteResult {
  const refusals = acks.flatMap((ack) => ack.refusal ?? []);
  const passing = refusals.find(({ code }) => code === "unavailable" || code === "gap");
  if (passing !== undefined) return { status: "retry", reason: passing.reason };
  const [refusal] = refusals;
  return refusal === undefined ? { status: "delivered" } : { status: "refused", reason: refusal.reason };
}

interface Connection {
  /** The bridge's high-water mark when the connection was made. */
  stored: bigint;
  isOpen(): boolean;
  /** Sends batches, and waits for the answer to each. */
  send(batches: readonly Batch[]): Promise<Ack[]>;
  close(): void;
}

function openConnection(call: ClientDuplexStream<Buffer, Buffer>, signal: AbortSignal): Connection {
  const waiting: { resolve(ack: Ack): void; reject(error: Error): void }[] = [];
  let failure: Error | undefined;

  function fail(error: Error): void {
    failure ??= error;
    signal.removeEventListener("abort", cancel);
    for (const { reject } of waiting.splice(0)) reject(failure);
  }

  function cancel(): void {
    call.cancel();
  }

  call.on("data", (message: Buffer) => waiting.shift()?.resolve(fromBinary(AckSchema, message)));
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
      return Promise.all(acks);
    },
    close() {
      call.end();
      signal.removeEventListener("abort", cancel);
    },
  };
}
