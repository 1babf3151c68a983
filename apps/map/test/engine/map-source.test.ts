import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { MapHead, MapPlace } from "@hivewatch/core";
import { listen } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { httpMapSource, type MapSource } from "../../src/engine/map-source.ts";
import { mapHead } from "./map-head.ts";

const ID = "0123456789abcdef0123456789abcdef";
const TEXTS = ["first", "second, which is longer", "third"];

interface Frames {
  readonly bytes: Buffer;
  readonly places: readonly MapPlace[];
}

/** Parts one behind the other, each after a gap. */
function framesOf(texts: readonly string[], gap: number): Frames {
  const places: MapPlace[] = [];
  let bytes = Buffer.alloc(24);
  for (const text of texts) {
    const part = gzipSync(text);
    places.push([bytes.length + gap, part.length]);
    bytes = Buffer.concat([bytes, Buffer.alloc(gap, 1), part]);
  }
  return { bytes, places };
}

function headOf({ bytes }: Frames, id = ID): MapHead {
  return mapHead({ status: "completed", num_events: 1, position: 7, frames: { id, bytes: bytes.length } });
}

/** A server of a run's two files; what it was asked for the second is in `ranges`. */
async function serve(
  frames: Frames,
  send: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ source: MapSource; ranges: (string | undefined)[] }> {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    if (request.url === "/head") {
      if (request.headers["if-none-match"] === '"1"') response.writeHead(304).end();
      else response.writeHead(200, { ETag: '"1"' }).end(JSON.stringify(headOf(frames)));
      return;
    }
    ranges.push(request.headers.range);
    send(request, response);
  });
  const base = `http://127.0.0.1:${await listen(server)}`;
  return { source: httpMapSource(`${base}/head`, `${base}/frames`), ranges };
}

function sendRange(frames: Frames): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const [, first = "0", last = "0"] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    response.writeHead(206).end(frames.bytes.subarray(Number(first), Number(last) + 1));
  };
}

async function textsOf(source: MapSource, frames: Frames, places = frames.places): Promise<string[] | undefined> {
  const parts = await source.parts(headOf(frames), places);
  return parts?.map((part) => new TextDecoder().decode(part));
}

test("parts that stand together come with one request, in the order they were asked for", async () => {
  const frames = framesOf(TEXTS, 100);
  const { source, ranges } = await serve(frames, sendRange(frames));
  expect(await textsOf(source, frames, frames.places.toReversed())).toEqual(TEXTS.toReversed());
  expect(ranges).toHaveLength(1);
});

test("parts far apart are fetched each by itself, and none needs no request", async () => {
  const frames = framesOf(TEXTS, 100_000);
  const { source, ranges } = await serve(frames, sendRange(frames));
  expect(await textsOf(source, frames)).toEqual(TEXTS);
  expect(ranges).toHaveLength(3);
  expect(await textsOf(source, frames, [])).toEqual([]);
  expect(ranges).toHaveLength(3);
});

test("a server without ranges is asked once", async () => {
  const frames = framesOf(TEXTS, 100_000);
  const { source, ranges } = await serve(frames, (_, response) => response.writeHead(200).end(frames.bytes));
  expect(await textsOf(source, frames)).toEqual(TEXTS);
  expect(await textsOf(source, frames, frames.places.slice(1))).toEqual(TEXTS.slice(1));
  expect(ranges).toHaveLength(1);
});

test("frames that have been moved are told apart from a server that fails", async () => {
  const frames = framesOf(TEXTS, 1);
  const moved = await serve(frames, (request, response) => {
    response.writeHead(request.headers["if-match"] === `"${ID}"` ? 412 : 500).end();
  });
  expect(await textsOf(moved.source, frames)).toBeUndefined();
  const failing = await serve(frames, (_, response) => response.writeHead(503).end());
  await expect(textsOf(failing.source, frames)).rejects.toMatchObject({ code: "unavailable" });
});

test("a head that has not changed is not sent again", async () => {
  const frames = framesOf(TEXTS, 1);
  const { source } = await serve(frames, sendRange(frames));
  expect(await source.head()).toMatchObject({ run_id: "r", position: 7 });
  expect(await source.head()).toBe("unchanged");
});
