import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { HiveWatchError } from "@hivewatch/core";

/** Lines on their way into a file. They are written where they belong and not just appended. */
export interface LineFile {
  /** How long the file is with all that was written. */
  readonly bytes: number;
  /** How much waits to be written. */
  readonly heldBytes: number;
  add(lines: readonly Buffer[]): void;
  /**
   * Writes what waits, durably.
   *
   * @throws HiveWatchError `unavailable` if somebody has made the file shorter
   */
  write(): Promise<void>;
}

/** @param start - how long the file is, as far as it counts */
export function openLineFile(path: string, start: number): LineFile {
  let bytes = start;
  let held: Buffer[] = [];
  let heldBytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    get heldBytes() {
      return heldBytes;
    },
    add(lines) {
      for (const piece of lines) {
        held.push(piece);
        heldBytes += piece.length;
      }
    },
    async write() {
      if (heldBytes === 0) return;
      await writeDurably(path, held, bytes);
      bytes += heldBytes;
      held = [];
      heldBytes = 0;
    },
  };
}

async function writeDurably(path: string, pieces: readonly Buffer[], start: number): Promise<void> {
  const handle = await open(path, constants.O_WRONLY | constants.O_CREAT);
  try {
    if ((await handle.stat()).size < start) {
      const message = `${path} has become shorter than it was. It is made anew when its run is opened next`;
      throw new HiveWatchError("unavailable", message);
    }
    const bytes = Buffer.concat(pieces);
    for (let done = 0; done < bytes.length; ) {
      done += (await handle.write(bytes, done, bytes.length - done, start + done)).bytesWritten;
    }
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
