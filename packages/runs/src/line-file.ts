import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { HiveWatchError } from "@hivewatch/core";

/** Lines on their way into a file. They are written where they belong and not just appended. */
export interface LineFile {
  /** How long the file is, as far as it was saved. */
  readonly bytes: number;
  /**
   * Takes lines. As soon as there are many, they are handed to the operating system while more are taken.
   *
   * @throws HiveWatchError `unavailable` if somebody has made the file shorter
   */
  add(lines: Iterable<string>): Promise<void>;
  /**
   * Has all that was added on disk.
   *
   * @throws HiveWatchError as {@link LineFile.add}
   */
  save(): Promise<void>;
}

/** So much is written at a time. */
const WRITE_BYTES = 512 * 1024;
/** Bytes that may be needed in UTF-8 for each of the units in which strings count their length. */
const UNIT_BYTES = 3;

/** @param start - how long the file is, as far as it counts */
export function openLineFile(path: string, start: number): LineFile {
  let bytes = start;
  let end = start;
  // Two pieces of memory in turns, one to fill and one to write: new ones for each text would be most of what is made here.
  let held: Buffer | undefined;
  let heldBytes = 0;
  let spare: Buffer | undefined;
  let writing: Promise<void> = Promise.resolve();

  function hold(text: string, needed: number): void {
    if (held === undefined || held.length < needed) held = Buffer.allocUnsafeSlow(Math.max(WRITE_BYTES, needed));
    heldBytes += held.write(text, heldBytes);
  }

  async function write(): Promise<void> {
    await writing;
    const full = held;
    if (full === undefined || heldBytes === 0) return;
    const [lines, at] = [full.subarray(0, heldBytes), end];
    writing = withLines(path, (file) => writeAt(file, path, lines, at));
    // Whoever adds or saves next is told.
    writing.catch(() => undefined);
    end += heldBytes;
    [held, spare] = [spare, full];
    heldBytes = 0;
  }

  return {
    get bytes() {
      return bytes;
    },
    async add(lines) {
      for (const text of lines) {
        const needed = text.length * UNIT_BYTES;
        if (held !== undefined && heldBytes + needed > held.length) await write();
        hold(text, needed);
      }
    },
    async save() {
      await write();
      await writing;
      // Who waits for more may wait for long.
      [held, spare] = [undefined, undefined];
      if (end > bytes) await withLines(path, (file) => file.datasync());
      bytes = end;
    },
  };
}

async function withLines(path: string, use: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

async function writeAt(file: FileHandle, path: string, bytes: Buffer, start: number): Promise<void> {
  if ((await file.stat()).size < start) {
    const message = `${path} has become shorter than it was. It is made anew when its run is opened next`;
    throw new HiveWatchError("unavailable", message);
  }
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, start + done)).bytesWritten;
  }
}
