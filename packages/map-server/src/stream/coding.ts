import { promisify } from "node:util";
import { constants, deflateRaw } from "node:zlib";

/** How the bytes of a stream are coded on their way to the browser. */
export type Coding = "identity" | "gzip";

const deflate = promisify(deflateRaw);

/** No name, no time, an unknown system. */
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

/** What a stream begins with. */
export function codingHeader(coding: Coding): Buffer {
  return coding === "gzip" ? GZIP_HEADER : Buffer.alloc(0);
}

/**
 * Codes a frame for all who take this coding. A full flush at the end of each frame means that the next one refers to
 * nothing before it, so a stream can begin with any frame, and go on with any other.
 */
export async function encodeShared(data: Buffer, coding: Coding): Promise<Buffer> {
  if (coding === "identity" || data.length === 0) return data;
  return deflate(data, { level: 1, finishFlush: constants.Z_FULL_FLUSH });
}

/** Codes a message of less than 64 KiB for one subscriber, at once and uncompressed. */
export function encodeOwn(data: Buffer, coding: Coding): Buffer {
  if (coding === "identity") return data;
  const block = Buffer.allocUnsafe(5 + data.length);
  block.writeUInt8(0, 0);
  block.writeUInt16LE(data.length, 1);
  block.writeUInt16LE(data.length ^ 0xffff, 3);
  block.set(data, 5);
  return block;
}
