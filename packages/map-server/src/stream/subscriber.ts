import { acceptsGzip, type Exchange } from "../responses.ts";
import { codingHeader, encodeOwn } from "./coding.ts";
import { encodeNote } from "./encode-frame.ts";
import type { Variant } from "./hub.ts";
import type { StreamParts } from "./stream-parts.ts";

const PING_MS = 15_000;
/**
 * What is written at once. The system has to take it before there is more, so a subscriber who takes nothing holds this
 * much and no more.
 */
const MAX_WRITE_BYTES = 64 * 1024;

/** How many times as long as he may take nothing a subscriber has for what ends his stream. */
const TAKE_END_PER_STALLED = 10;

/** One subscriber of server-sent events. */
export interface Subscriber {
  readonly variant: Variant;
  /** Aborted when the browser has gone or the server closes. */
  readonly signal: AbortSignal;
  /** Sends a message about the connection itself; with an id if a browser is to begin there when it comes back. */
  note(event: Note, id?: string): void;
  /** Sends a frame at the subscriber's pace. @returns false if he took nothing of it for too long, and has to be sent away */
  send(frame: Buffer): Promise<boolean>;
  /** Sends a last message, with an id as {@link note} does, and ends the stream. */
  end(event: Note, id?: string): void;
}

type Note = Readonly<Record<string, unknown>>;

/** The head of a stream's answer. */
export const STREAM_HEAD = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-cache",
  "X-Accel-Buffering": "no",
  Vary: "Accept-Encoding",
};

/** Answers a request with a stream. */
export function subscribe({ request, response, query }: Exchange, parts: StreamParts): Subscriber {
  const form = query.get("batch") === "1" ? "batch" : "single";
  const coding = acceptsGzip(request) ? "gzip" : "identity";
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, parts.closing]);
  // Who has gone before has been told of already.
  if (!response.destroyed) parts.subscribers.add(response);
  response.on("close", () => {
    parts.subscribers.delete(response);
    gone.abort();
  });
  // Without chunks a write goes to the system at once, so that what it didn't take can be told right after it.
  response.useChunkedEncodingByDefault = false;
  response.writeHead(200, {
    ...STREAM_HEAD,
    Connection: "close",
    ...(coding === "gzip" ? { "Content-Encoding": coding } : {}),
  });
  response.write(codingHeader(coding));

  /** What is left of the frame that is being sent. */
  let unsent: Buffer = Buffer.alloc(0);
  const encode = (event: Note, id?: string): Buffer => encodeOwn(encodeNote(event, form, id), coding);
  const pings = setInterval(() => {
    // Whoever is slow to read has no need of more.
    if (unsent.length === 0 && !isFull(response)) response.write(encode({ event_type: "ping" }));
  }, PING_MS);
  signal.addEventListener("abort", () => {
    clearInterval(pings);
    response.end();
  });

  return {
    variant: { form, coding },
    signal,
    note(event, id) {
      // To write after the end would be an error that nobody catches.
      if (!response.writableEnded) response.write(encode(event, id));
    },
    async send(frame) {
      pings.refresh();
      unsent = frame;
      while (unsent.length > 0) {
        await parts.turns();
        if (signal.aborted) return true;
        response.write(unsent.subarray(0, MAX_WRITE_BYTES));
        unsent = unsent.subarray(MAX_WRITE_BYTES);
        if (!(await drained(response, parts.stalledAfterMs, signal))) return false;
      }
      return true;
    },
    end(event, id) {
      clearInterval(pings);
      if (response.writableEnded) return;
      response.end(Buffer.concat([unsent, encode(event, id)]));
      // He may never take this either.
      const timer = setTimeout(() => response.destroy(), TAKE_END_PER_STALLED * parts.stalledAfterMs);
      response.on("close", () => clearTimeout(timer));
    },
  };
}

type Response = Exchange["response"];

function isFull(response: Response): boolean {
  return response.writableLength >= response.writableHighWaterMark;
}

/** Waits until the system has taken what was written. @returns false if it hasn't in a given time */
function drained(response: Response, withinMs: number, signal: AbortSignal): Promise<boolean> | boolean {
  if (signal.aborted || !isFull(response)) return true;
  return new Promise((resolve) => {
    const done = (isDrained: boolean): void => {
      clearTimeout(timer);
      response.off("drain", onDrain);
      signal.removeEventListener("abort", onDrain);
      resolve(isDrained);
    };
    const onDrain = (): void => done(true);
    // The loop may have been busy: what has come meanwhile is looked at first.
    const timer = setTimeout(() => setImmediate(() => done(!isFull(response))), withinMs);
    response.on("drain", onDrain);
    signal.addEventListener("abort", onDrain);
  });
}
