import { randomBytes } from "node:crypto";
import { constants, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { HiveWatchError } from "@hivewatch/core";

/** Where something stands in a file of frames. */
export interface Place {
  readonly offset: number;
  readonly length: number;
}

/** Writes a part of a table to disk, and returns where. */
export type WritePart = (bytes: Buffer) => Promise<Place>;

/** What a file of frames begins with: its format and the version of it, and then the file's own id. */
const MAGIC = Buffer.from("HWMAP\0\0\x02", "latin1");
const ID_BYTES = 16;
const HEADER_BYTES = MAGIC.length + ID_BYTES;

/** Frames in a file that is only ever added to. */
export interface Frames {
  /** In hexadecimal digits. A head names the file by it, so that it can't be taken for another one. */
  readonly id: string;
  /** Where the next frame goes. */
  readonly end: number;
  /**
   * At once and not later: who folds events can't wait in the middle of one.
   *
   * @throws HiveWatchError `malformed` if the file is shorter than that
   */
  read(place: Place): Buffer;
  append(bytes: Uint8Array): Promise<Place>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** One file of frames. */
export interface FrameFile extends Frames {
  /** The bytes of a place, as they are wanted. */
  stream(place: Place): Readable;
}

/** Makes a new, empty file. */
export async function createFrameFile(path: string): Promise<FrameFile> {
  const handle = await open(path, "wx+");
  const id = randomBytes(ID_BYTES);
  await handle.write(Buffer.concat([MAGIC, id]), 0, HEADER_BYTES, 0);
  return frameFile(handle, id.toString("hex"), HEADER_BYTES);
}

/**
 * Opens a file to go on with it, or just to read.
 *
 * @param end - where it ended when its head was written; what is behind that an interrupted writer has left
 * @returns undefined if it is not the file of that id, or shorter
 */
export async function openFrameFile(
  path: string,
  { id, end }: { readonly id: string; readonly end: number },
  mode: "r" | "r+",
): Promise<FrameFile | undefined> {
  const handle = await openExisting(path, mode);
  if (handle === undefined) return undefined;
  if ((await idOf(handle)) === id && (await handle.stat()).size >= end) return frameFile(handle, id, end);
  await handle.close();
  return undefined;
}

/** Makes a copy of a file, up to its end, under an id of its own. */
export async function copyFrameFile(source: Frames, path: string): Promise<FrameFile> {
  const copy = await createFrameFile(path);
  for (let offset = HEADER_BYTES; offset < source.end; ) {
    const length = Math.min(COPY_BYTES, source.end - offset);
    await copy.append(source.read({ offset, length }));
    offset += length;
  }
  return copy;
}

const COPY_BYTES = 4 * 1024 * 1024;

/**
 * A file that is read, and what is added to it in another one, so that it stays as it is.
 *
 * @param base - undefined: there is nothing yet
 * @param make - makes the other one, when something is added
 */
export function layeredFrames(base: Frames | undefined, make: () => Promise<Frames>): Frames {
  const start = base?.end ?? HEADER_BYTES;
  let top: Frames | undefined;
  return {
    id: base?.id ?? "",
    get end() {
      return start + (top === undefined ? 0 : top.end - HEADER_BYTES);
    },
    read({ offset, length }) {
      const file = offset < start ? base : top;
      if (file === undefined) throw new HiveWatchError("malformed", "a file of frames is shorter than its head says");
      return file.read({ offset: file === top ? offset - start + HEADER_BYTES : offset, length });
    },
    async append(bytes) {
      top ??= await make();
      const { offset, length } = await top.append(bytes);
      return { offset: offset - HEADER_BYTES + start, length };
    },
    async sync() {},
    async close() {
      await base?.close();
      await top?.close();
    },
  };
}

/** The id of the file that a path leads to; undefined if there is none. */
export async function frameFileId(path: string): Promise<string | undefined> {
  const handle = await openExisting(path, "r");
  if (handle === undefined) return undefined;
  try {
    return await idOf(handle);
  } finally {
    await handle.close();
  }
}

function openExisting(path: string, mode: "r" | "r+"): Promise<FileHandle | undefined> {
  // A link would lead out of the folder.
  return open(path, constants.O_NOFOLLOW | (mode === "r" ? constants.O_RDONLY : constants.O_RDWR)).catch(
    () => undefined,
  );
}

async function idOf(handle: FileHandle): Promise<string | undefined> {
  const header = Buffer.alloc(HEADER_BYTES);
  await handle.read(header, 0, HEADER_BYTES, 0);
  return header.subarray(0, MAGIC.length).equals(MAGIC) ? header.toString("hex", MAGIC.length) : undefined;
}

function frameFile(handle: FileHandle, id: string, start: number): FrameFile {
  let end = start;
  return {
    id,
    get end() {
      return end;
    },
    read({ offset, length }) {
      const bytes = Buffer.allocUnsafe(length);
      for (let done = 0; done < length; ) {
        const count = readSync(handle.fd, bytes, done, length - done, offset + done);
        if (count === 0) throw new HiveWatchError("malformed", "a file of frames is shorter than its head says");
        done += count;
      }
      return bytes;
    },
    stream: ({ offset, length }) =>
      length === 0
        ? Readable.from([])
        : handle.createReadStream({ start: offset, end: offset + length - 1, autoClose: false }),
    async append(bytes) {
      const offset = end;
      end += bytes.length;
      for (let done = 0; done < bytes.length; ) {
        done += (await handle.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
      }
      return { offset, length: bytes.length };
    },
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };
}
