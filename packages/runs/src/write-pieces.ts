import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { temporaryFor } from "./atomic-file.ts";
import { syncDirectory } from "./segments.ts";

/**
 * Replaces a file with text that comes in pieces and ends with a line feed, so that a reader, and a crash, finds either
 * all of the old or all of the new.
 *
 * @param maxBytes - a longer text is given up
 * @returns whether it was written
 */
export async function writePiecesAtomic(path: string, pieces: Iterable<string>, maxBytes: number): Promise<boolean> {
  const temporary = temporaryFor(path);
  const handle = await open(temporary, "wx");
  try {
    if (!(await writePieces(handle, pieces, maxBytes))) return false;
    await handle.sync();
    await rename(temporary, path);
    await syncDirectory(dirname(path));
    return true;
  } finally {
    await handle.close();
    await rm(temporary, { force: true });
  }
}

async function writePieces(handle: FileHandle, pieces: Iterable<string>, maxBytes: number): Promise<boolean> {
  let bytes = 1;
  for (const piece of pieces) {
    const encoded = Buffer.from(piece);
    bytes += encoded.length;
    if (bytes > maxBytes) return false;
    await handle.appendFile(encoded);
  }
  await handle.appendFile("\n");
  return true;
}
