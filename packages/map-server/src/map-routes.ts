import type { OutgoingHttpHeaders } from "node:http";
import { pipeline } from "node:stream/promises";
import type { FoundMap, RunStore } from "@hivewatch/runs";
import { readRange } from "./byte-range.ts";
import { type Exchange, hasGone, sendJson, sendText } from "./responses.ts";

/** `GET /runs/<id>/map2`: the head of the run's map in schema 2 (docs/map-format.md). */
export async function sendMapHead(exchange: Exchange, store: RunStore, runId: string): Promise<void> {
  await withMap(exchange, store, runId, async ({ head, text }) => {
    const { request, response } = exchange;
    // The run's position changes with each head, and so does the id with what is moved.
    response.setHeader("ETag", `"${head.frames.id}-${head.position}"`);
    if (isNamed(request.headers["if-none-match"], `"${head.frames.id}-${head.position}"`)) {
      response.writeHead(304, ASK_AGAIN);
      response.end();
      return;
    }
    await sendJson(exchange, [text], ASK_AGAIN);
  });
}

/** `GET /runs/<id>/map2/frames`: the bytes that the head tells of, or a range of them. */
export async function sendMapFrames(exchange: Exchange, store: RunStore, runId: string): Promise<void> {
  await withMap(exchange, store, runId, (map) => sendFrames(exchange, map));
}

/** To be asked for anew each time, so that what has not changed need not be sent. */
const ASK_AGAIN: OutgoingHttpHeaders = { "Cache-Control": "no-cache" };

async function withMap(
  exchange: Exchange,
  store: RunStore,
  runId: string,
  send: (map: FoundMap) => Promise<void>,
): Promise<void> {
  const map = await store.map(runId);
  if (map === undefined) {
    const how = `hivewatch runs export ${runId} --map makes one`;
    return sendText(exchange, 404, `run ${runId} has no map in schema 2: ${how}\n`);
  }
  try {
    await send(map);
  } finally {
    await map.frames.close();
  }
}

async function sendFrames(exchange: Exchange, { head, frames }: FoundMap): Promise<void> {
  const { request, response } = exchange;
  // Under one id bytes never change, there only come more: whoever has a head of this id can go on with it.
  const tag = `"${head.frames.id}"`;
  const size = head.frames.bytes;
  const headers = {
    ...ASK_AGAIN,
    ETag: tag,
    "Accept-Ranges": "bytes",
    "Content-Type": "application/octet-stream",
  };
  if (request.headers["if-match"] !== undefined && !isNamed(request.headers["if-match"], tag)) {
    response.writeHead(412, { ...headers, "Content-Type": "text/plain; charset=utf-8" });
    response.end("The frames have been moved: fetch the head again.\n");
    return;
  }
  const condition = request.headers["if-range"];
  const range = condition === undefined || condition === tag ? readRange(request.headers.range, size) : "all";
  if (range === "none") {
    response.writeHead(416, { ...headers, "Content-Range": `bytes */${size}` });
    response.end();
    return;
  }
  const { first, last } = range === "all" ? { first: 0, last: size - 1 } : range;
  response.writeHead(range === "all" ? 200 : 206, {
    ...headers,
    "Content-Length": last - first + 1,
    ...(range === "all" ? {} : { "Content-Range": `bytes ${first}-${last}/${size}` }),
  });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  try {
    await pipeline(frames.stream({ offset: first, length: last - first + 1 }), response);
  } catch (error) {
    if (!hasGone(error)) throw error;
  }
}

/** Whether a tag is among those of a header. */
function isNamed(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((named) => named.trim() === "*" || named.trim().replace(/^W\//, "") === tag);
}
