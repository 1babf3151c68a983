import { randomUUID } from "node:crypto";
import { readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncDirectory } from "./segments.ts";

const TEMPORARY = /\.[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\.tmp$/;

/** A name for what will take the place of a file, of its own: another process may be replacing the same file. */
export function temporaryFor(path: string): string {
  return `${path}.${randomUUID()}.tmp`;
}

/**
 * Removes what was to take the place of some files, and was left by processes that were killed. A process that is just
 * replacing one of them fails.
 */
export async function removeTemporaries(paths: readonly string[]): Promise<void> {
  for (const folder of new Set(paths.map((path) => dirname(path)))) {
    const left = (await readdir(folder)).map((name) => join(folder, name)).filter((path) => TEMPORARY.test(path));
    for (const path of left) if (paths.includes(path.replace(TEMPORARY, ""))) await rm(path, { force: true });
  }
}

/** Replaces a file so that a reader, and a crash, finds either all of the old or all of the new. */
export async function writeFileAtomic(path: string, data: string): Promise<void> {
  const temporary = temporaryFor(path);
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
