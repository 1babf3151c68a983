import type { ServerDuplexStream } from "@grpc/grpc-js";
import { encodeAck, type Ingest } from "./ingest.ts";
import { MAX_MESSAGE_BYTES } from "./limits.ts";

/**
 * How many batches of a stream may be unanswered, and how many bytes of them; then its sender waits, by HTTP/2's own flow
 * control. gRPC has read up to 16 more by then.
 */
const MAX_IN_FLIGHT = 64;
const MAX_BYTES_IN_FLIGHT = 2 * MAX_MESSAGE_BYTES;

type PublishCall = ServerDuplexStream<Buffer, Buffer>;

/** A stream that is being served. */
export interface PublishStream {
  /** Answers what was received, then ends the stream. Takes as long as the sender takes to read the answers. */
  close(): Promise<void>;
}

/** Serves one `Publish` stream: every message is handed to the ingest in order, and answered in order. */
export function servePublish(call: PublishCall, ingest: Ingest, onEnd: () => void): PublishStream {
  let received = 0;
  let inFlight = 0;
  let bytesInFlight = 0;
  let answers: Promise<void> = Promise.resolve();
  let ended: Promise<void> | undefined;

  function end(): Promise<void> {
    call.off("data", take);
    ended ??= answers.then(() => {
      if (!call.cancelled) call.end();
      onEnd();
    });
    return ended;
  }

  function take(message: Buffer): void {
    const ack = ingest(message, received++);
    inFlight++;
    bytesInFlight += message.length;
    if (isFull()) call.pause();
    answers = answers.then(async () => {
      await write(call, encodeAck(await ack));
      const wasFull = isFull();
      inFlight--;
      bytesInFlight -= message.length;
      if (wasFull && !isFull()) call.resume();
    });
  }

  function isFull(): boolean {
    return inFlight >= MAX_IN_FLIGHT || bytesInFlight >= MAX_BYTES_IN_FLIGHT;
  }

  call.on("data", take);
  call.on("end", () => void end());
  call.on("cancelled", () => void end());
  call.on("error", () => void end());
  return { close: end };
}

/** Writes an answer, and waits where its reader is slow: who sends on and never reads may not fill our memory. */
function write(call: PublishCall, answer: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (call.cancelled || call.write(answer)) return resolve();
    const done = (): void => {
      for (const event of OVER) call.off(event, done);
      resolve();
    };
    for (const event of OVER) call.on(event, done);
  });
}

/** Whatever of these comes first, the answer is written or never will be. */
const OVER = ["drain", "cancelled", "error", "close"];
