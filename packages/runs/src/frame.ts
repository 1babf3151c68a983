import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";

/** What a segment of a log begins with: its format, and the version of it. */
export const SEGMENT_MAGIC: Buffer = Buffer.from("HWLOG\0\0\x01", "latin1");

/** Bytes before each frame's body: its length and its CRC-32, both uint32 little-endian. */
const HEADER_BYTES = 8;

/** Longer frames are taken for garbage. */
export const MAX_BODY_BYTES: number = 64 * 1024 * 1024;

/** Wraps a body for the log. */
export function encodeFrame(body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  frame.writeUInt32LE(body.length, 0);
  frame.writeUInt32LE(crc32(body), 4);
  frame.set(body, HEADER_BYTES);
  return frame;
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
function decodeFrame(bytes: Buffer, offset: number): Decoded {
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
export async function* readFrames(handle: FileHandle, offset: number): AsyncGenerator<readonly Frame[], FramesEnd> {
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
    const { bytesRead } = await handle.read(next, 0, wanted, chunkStart + at);
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
