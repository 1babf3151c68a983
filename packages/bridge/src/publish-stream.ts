import type { ServerDuplexStream } from "@grpc/grpc-js";
import { encodeAck, type Ingest } from "./ingest.ts";

/** How many batches of a stream may be on their way to the disk; then its sender waits, by HTTP/2's own flow control. */
const MAX_IN_FLIGHT = 64;

/** A stream that is being served. */
export interface PublishStream {
  /** Answers what was received, then ends the stream. */
  close(): Promise<void>;
}

/** Serves one `Publish` stream: every message is handed to the ingest in order, and answered in order. */
export function servePublish(
  call: ServerDuplexStream<Buffer, Buffer>,
  ingest: Ingest,
  onEnd: () => void,
): PublishStream {
  let received = 0;
  let inFlight = 0;
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
    if (++inFlight >= MAX_IN_FLIGHT) call.pause();
    answers = answers.then(async () => {
      const answer = encodeAck(await ack);
      if (inFlight-- === MAX_IN_FLIGHT) call.resume();
      if (!call.cancelled) call.write(answer);
    });
  }

  call.on("data", take);
  call.on("end", () => void end());
  call.on("cancelled", () => void end());
  call.on("error", () => void end());
  return { close: end };
}
