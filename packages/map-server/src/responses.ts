import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

/** A request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
}

const PLAIN_TEXT = "text/plain; charset=utf-8";
const NOT_STORED: OutgoingHttpHeaders = { "Cache-Control": "no-store" };

export function sendText({ response }: Exchange, status: number, text: string, type: string = PLAIN_TEXT): void {
  response.writeHead(status, { ...NOT_STORED, "Content-Type": type });
  response.end(text);
}

/** Sends JSON in pieces, compressed where the browser takes it, at the browser's pace. */
export async function sendJson(
  exchange: Exchange,
  pieces: AsyncIterable<string> | Iterable<string>,
  caching: OutgoingHttpHeaders = NOT_STORED,
): Promise<void> {
  const { request, response } = exchange;
  const headers = { ...caching, "Content-Type": "application/json", Vary: "Accept-Encoding" };
  try {
    if (acceptsGzip(request)) {
      response.writeHead(200, { ...headers, "Content-Encoding": "gzip" });
      await pipeline(pieces, createGzip({ level: 1 }), response);
    } else {
      response.writeHead(200, headers);
      await pipeline(pieces, response);
    }
  } catch (error) {
    if (!hasGone(error)) throw error;
  }
}

/** Whether it is just that the browser didn't wait for the end. */
export function hasGone(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE";
}

export function acceptsGzip(request: IncomingMessage): boolean {
  return /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
}
