import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { type HiveEvent, parseEvent } from "@hivewatch/core";
import { type Batch, encodeBatch, packEvents } from "@hivewatch/runs";
import { BatchSchema } from "@hivewatch/runs/gen/hivewatch/v1/batch_pb.ts";
import { onTestFinished } from "vitest";
import { type Ack, AckSchema } from "../../src/gen/hivewatch/v1/ack_pb.ts";
import { ingestService } from "../../src/service.ts";

/** A connection of its own, so that a test decides what is on it. */
export function connect(address: string): Client {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.max_send_message_length": -1,
  });
  onTestFinished(() => client.close());
  return client;
}

export interface RawStream {
  readonly acks: readonly Ack[];
  /** How the stream ended; undefined as long as it hasn't. */
  readonly end: Promise<Error | undefined>;
  send(message: Batch | Uint8Array): void;
  /** The next answer. */
  next(): Promise<Ack>;
  /** Sends no more. */
  finish(): void;
  cancel(): void;
  /** Reads no answers, until it reads again. */
  pause(): void;
  resume(): void;
}

/** A `Publish` stream on which a test says each word itself. */
export function openStream(address: string): RawStream {
  const { path, requestSerialize, responseDeserialize } = ingestService.Publish;
  const call = connect(address).makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  const acks: Ack[] = [];
  const waiting: ((ack: Ack) => void)[] = [];
  let taken = 0;
  const end = new Promise<Error | undefined>((resolve) => {
    call.on("error", resolve);
    call.on("end", () => resolve(undefined));
  });
  call.on("data", (message: Buffer) => {
    const ack = fromBinary(AckSchema, message);
    acks.push(ack);
    waiting.shift()?.(ack);
  });
  onTestFinished(() => call.cancel());
  return {
    acks,
    end,
    send: (message) => void call.write(Buffer.from(message instanceof Uint8Array ? message : encodeBatch(message))),
    next() {
      const ack = acks[taken++];
      return ack === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(ack);
    },
    finish: () => call.end(),
    cancel: () => call.cancel(),
    pause: () => void call.pause(),
    resume: () => void call.resume(),
  };
}

/** `PublishOne`. */
export function publishOne(address: string, message: Batch | Uint8Array): Promise<Ack> {
  const bytes = Buffer.from(message instanceof Uint8Array ? message : encodeBatch(message));
  const { path } = ingestService.PublishOne;
  return callUnary(connect(address), path, bytes).then((answer) => fromBinary(AckSchema, answer));
}

export function callUnary(client: Client, path: string, message: Buffer): Promise<Buffer> {
  const same = (bytes: Buffer): Buffer => bytes;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, same, same, message, (error: ServiceError | null, answer?: Buffer) => {
      if (answer === undefined) reject(error);
      else resolve(answer);
    });
  });
}

export function update(number: number, runId = "r", fields: Record<string, unknown> = {}): HiveEvent {
  return parseEvent({
    event_type: "client_update",
    run_id: runId,
    timestamp: "2026-11-23T07:43:20.337352+00:00",
    round: 1,
    clients: [{ client_id: "a", local_loss: number, ...fields }],
  });
}

export interface Place {
  runId?: string | undefined;
  producerId?: string | undefined;
  epoch?: bigint | undefined;
}

/** Events as the one batch that they fit into. */
export function batchOf(
  events: readonly HiveEvent[],
  firstSeq = 0,
  { producerId = "p", epoch = 1n }: Place = {},
): Batch {
  const runId = events[0]?.run_id ?? "r";
  const [batch, ...more] = packEvents(events, { runId, producerId, producerEpoch: epoch, firstSeq: BigInt(firstSeq) });
  if (batch === undefined || more.length > 0) throw new Error("these events don't fit into one batch");
  return batch;
}

/** A batch of one numbered event. */
export function one(number: number, place: Place = {}): Batch {
  return batchOf([update(number, place.runId)], number, place);
}

export function hello({ runId = "r", producerId = "p", epoch = 1n }: Place = {}): Batch {
  return create(BatchSchema, { runId, producerId, producerEpoch: epoch });
}

/** The batch with a CRC that isn't its payload's. */
export function broken(batch: Batch): Uint8Array {
  return toBinary(BatchSchema, { ...batch, crc32: (batch.crc32 ^ 1) >>> 0 });
}
