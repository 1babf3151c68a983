import { randomUUID } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectory } from "./segments.ts";

/** Replaces a file so that a reader, and a crash, finds either all of the old or all of the new. */
export async function writeFileAtomic(path: string, data: string): Promise<void> {
  // A name of its own: another process may be replacing the same file.
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, data, { flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/**
 * {@link writeFileAtomic} for one writer alone, and without waiting for the disk: after a loss of power it may be the old
 * one again.
 */
export async function replaceFile(path: string, data: string): Promise<void> {
  const temporary = `${path}.tmp`;
  await writeFile(temporary, data);
  await rename(temporary, path);
}
