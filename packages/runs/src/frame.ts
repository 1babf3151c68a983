import { crc32 } from "node:zlib";
import { HiveWatchError } from "@hivewatch/core";
import { crc32Around, type SummedPart } from "./crc32.ts";
import type { DiskFile } from "./disk.ts";

/** What a segment of a log begins with: its format, and the version of it. */
export const SEGMENT_MAGIC: Buffer = Buffer.from("HWLOG\0\0\x01", "latin1");

/** Bytes before each frame's body: its length and its CRC-32, both uint32 little-endian. */
const HEADER_BYTES = 8;

/** Longer frames are taken for garbage. */
const MAX_BODY_BYTES: number = 64 * 1024 * 1024;

/**
 * What precedes a body in the log.
 *
 * @param summed - a part of the body whose CRC-32 is known
 * @throws HiveWatchError `malformed` if the body is larger than a log can hold
 */
export function frameHeader(body: Uint8Array, summed?: SummedPart): Buffer {
  if (body.length > MAX_BODY_BYTES) {
    const message = `a batch of ${body.length} bytes is more than the ${MAX_BODY_BYTES} of a log`;
    throw new HiveWatchError("malformed", message);
  }
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32LE(body.length, 0);
  header.writeUInt32LE(summed === undefined ? crc32(body) : crc32Around(body, summed), 4);
  return header;
}

/** A frame that is whole. */
export interface Frame {
  readonly body: Buffer;
  /** The offset behind it. */
  readonly end: number;
}

type Decoded =
  | { readonly kind: "body"; readonly body: Buffer; readonly end: number }
  /** The bytes end before the frame does. */
  | { readonly kind: "partial"; readonly needed: number }
  /** What is there can't be a frame. */
  | { readonly kind: "corrupt" };

/** Reads the frame that begins at an offset. */
export function decodeFrame(bytes: Buffer, offset: number): Decoded {
  if (bytes.length < offset + HEADER_BYTES) return { kind: "partial", needed: HEADER_BYTES };
  const length = bytes.readUInt32LE(offset);
  if (length === 0 || length > MAX_BODY_BYTES) return { kind: "corrupt" };
  const start = offset + HEADER_BYTES;
  const end = start + length;
  if (bytes.length < end) return { kind: "partial", needed: end - offset };
  const body = bytes.subarray(start, end);
  return crc32(body) === bytes.readUInt32LE(offset + 4) ? { kind: "body", body, end } : { kind: "corrupt" };
}

/** Where and why the reading of frames ended. */
export interface FramesEnd {
  /** Just behind the last whole frame. */
  readonly offset: number;
  readonly reason: "end" | "partial" | "corrupt";
}

/** What is read at first: enough for those who follow a run and find a few events at a time. */
const FIRST_CHUNK_BYTES = 64 * 1024;
const CHUNK_BYTES = 1024 * 1024;

/**
 * Reads the frames of a file from an offset to the end of what is there, as many at a time as one read finds.
 *
 * @returns where it ended: `partial` is a frame that is being written, or was being written at a crash
 */
export async function* readFrames(file: DiskFile, offset: number): AsyncGenerator<readonly Frame[], FramesEnd> {
  let chunk: Buffer = Buffer.alloc(0);
  let chunkStart = offset;
  let least = FIRST_CHUNK_BYTES;
  for (;;) {
    const { frames, at, end } = framesIn(chunk, chunkStart);
    if (frames.length > 0) yield frames;
    if (end.kind === "corrupt") return { offset: chunkStart + at, reason: "corrupt" };
    const wanted = Math.max(least, end.needed);
    least = CHUNK_BYTES;
    const held = chunk.length - at;
    const next = Buffer.allocUnsafe(wanted);
    const bytesRead = await file.read(next, chunkStart + at);
    chunkStart += at;
    chunk = next.subarray(0, bytesRead);
    if (bytesRead <= held) return { offset: chunkStart, reason: bytesRead === 0 ? "end" : "partial" };
  }
}

/** All the whole frames that a chunk begins with, and what comes behind them. */
function framesIn(chunk: Buffer, chunkStart: number) {
  const frames: Frame[] = [];
  for (let at = 0; ; ) {
    const decoded = decodeFrame(chunk, at);
    if (decoded.kind !== "body") return { frames, at, end: decoded };
    at = decoded.end;
    frames.push({ body: decoded.body, end: chunkStart + at });
  }
}

/**
 * Checks what a segment begins with. A header that is damaged does no harm if the frame behind it is whole: its CRC says
 * that this is a log.
 *
 * @returns `unreadable` if nothing of it can be read
 * @throws HiveWatchError `corrupt_log` if it says that a newer version wrote it, which may mean something else by its frames
 */
export async function checkHeader(file: DiskFile, path: string): Promise<"whole" | "damaged" | "unreadable"> {
  const start = Buffer.alloc(SEGMENT_MAGIC.length);
  const length = await file.read(start, 0);
  if (start.equals(SEGMENT_MAGIC)) return "whole";
  const version = start.at(-1) ?? 0;
  if (version > 1 && start.subarray(0, -1).equals(SEGMENT_MAGIC.subarray(0, -1))) {
    const message = `${path} was written by a newer HiveWatch, in version ${version} of the log's format: use that one`;
    throw new HiveWatchError("corrupt_log", message);
  }
  const first = length < start.length ? undefined : await readFrames(file, start.length).next();
  return first !== undefined && first.done !== true ? "damaged" : "unreadable";
}
