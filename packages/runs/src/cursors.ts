import { mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HiveWatchError, isRunId } from "@hivewatch/core";
import { replaceFile, writeFileAtomic } from "./atomic-file.ts";
import { type Disk, hasCode, nodeDisk, withFile } from "./disk.ts";
import { logEnd } from "./run-files.ts";

/** How far a reader has come in a run's log. It outlives the process. */
export interface Cursor {
  /** Behind the last event that the reader is done with. */
  readonly position: number;
  /**
   * Moves it. It doesn't wait for the disk: after a loss of power it may be where it was before, or at the beginning.
   *
   * @param end - what {@link RunStore.logEnd} said before a reading from this position that found nothing more
   */
  save(position: number, end?: string): Promise<void>;
}

/** @param logFolder - the folder of the run's log */
export async function openCursor(logFolder: string, reader: string): Promise<Cursor> {
  const path = cursorPath(logFolder, reader);
  let position = (await readCursor(path))?.position ?? 0;
  return {
    get position() {
      return position;
    },
    async save(next, end = "") {
      await mkdir(dirname(path), { recursive: true });
      await replaceFile(path, textOf({ position: next, end }));
      position = next;
    },
  };
}

/**
 * Gives readers their cursors at the beginning of a log, but for those who have one, or make one just now. That there is
 * one survives a loss of power from then on; its text need not, since one that can't be read is at the beginning.
 */
export async function ensureCursors(
  logFolder: string,
  readers: readonly string[],
  disk: Disk = nodeDisk,
): Promise<void> {
  if (readers.length === 0) return;
  const paths = readers.map((reader) => cursorPath(logFolder, reader));
  await disk.makeFolder(cursorsDir(logFolder));
  for (const path of paths) {
    await withFile(disk, path, "create", (file) => file.append([Buffer.from(textOf(BEGINNING))])).catch(
      (error: unknown) => {
        if (!hasCode(error, "EEXIST")) throw error;
      },
    );
  }
  // Also for those that were there: who made them may have died before this.
  await disk.syncFolder(cursorsDir(logFolder));
  await disk.syncFolder(logFolder);
}

/** Moves those cursors back that are behind the end of a log, which has lost it: else what comes there would be left out. */
export async function moveBackCursors(logFolder: string, position: number): Promise<void> {
  for (const reader of await readersOf(logFolder)) {
    const path = cursorPath(logFolder, reader);
    if (((await readCursor(path))?.position ?? 0) > position) {
      await writeFileAtomic(path, textOf({ position, end: "" }));
    }
  }
}

/** The readers that have a cursor in a log. */
export async function readersOf(logFolder: string): Promise<string[]> {
  const names = await readdir(cursorsDir(logFolder)).catch(() => []);
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => name.slice(0, -SUFFIX.length))
    .filter(isRunId);
}

/** Whether a reader has a cursor there, and is not known to have read all. */
export async function isReaderBehind(logFolder: string, reader: string): Promise<boolean> {
  const cursor = await readCursor(cursorPath(logFolder, reader));
  return cursor !== undefined && (cursor.end === "" || cursor.end !== (await logEnd(logFolder)));
}

const SUFFIX = ".json";

function cursorsDir(logFolder: string): string {
  return join(logFolder, "cursors");
}

function cursorPath(logFolder: string, reader: string): string {
  if (isRunId(reader)) return join(cursorsDir(logFolder), `${reader}${SUFFIX}`);
  throw new HiveWatchError("usage", `a reader can't be named ${JSON.stringify(reader)}: use letters, digits and "-"`);
}

interface Saved {
  readonly position: number;
  /** What the log's end was when there was nothing more; empty if it isn't known. */
  readonly end: string;
}

const BEGINNING: Saved = { position: 0, end: "" };

function textOf(saved: Saved): string {
  return `${JSON.stringify(saved)}\n`;
}

/** @returns undefined if there is none. With one that can't be read the reader begins anew: so nothing is left out */
async function readCursor(path: string): Promise<Saved | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return text === undefined ? undefined : (parseCursor(text) ?? BEGINNING);
}

function parseCursor(text: string): Saved | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (!("position" in value && typeof value.position === "number")) return undefined;
  return { position: value.position, end: "end" in value && typeof value.end === "string" ? value.end : "" };
}
