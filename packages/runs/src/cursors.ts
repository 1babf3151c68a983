import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { HiveWatchError, isRunId } from "@hivewatch/core";
import { replaceFile } from "./atomic-file.ts";
import { changeTime, logTime } from "./run-files.ts";

/** How far a reader has come in a run's log. It outlives the process. */
export interface Cursor {
  /** Behind the last event that the reader is done with. */
  readonly position: number;
  /**
   * Moves it.
   *
   * @param isAtEnd - whether the log held nothing more
   */
  save(position: number, isAtEnd: boolean): Promise<void>;
}

/** @param logFolder - the folder of the run's log */
export async function openCursor(logFolder: string, reader: string): Promise<Cursor> {
  const path = cursorPath(logFolder, reader);
  let position = (await readCursor(path))?.position ?? 0;
  return {
    get position() {
      return position;
    },
    async save(next, isAtEnd) {
      await write(logFolder, path, next, isAtEnd);
      position = next;
    },
  };
}

/** Gives a reader its cursor at the beginning of a log, unless it has one. */
export async function ensureCursor(logFolder: string, reader: string): Promise<void> {
  const path = cursorPath(logFolder, reader);
  if ((await readCursor(path)) === undefined) await write(logFolder, path, 0, false);
}

/** The readers that have a cursor in a log. */
export async function readersOf(logFolder: string): Promise<string[]> {
  const names = await readdir(cursorsDir(logFolder)).catch(() => []);
  return names.filter((name) => name.endsWith(SUFFIX)).map((name) => name.slice(0, -SUFFIX.length));
}

/** Whether a reader has a cursor there, and is not known to have read all. */
export async function isReaderBehind(logFolder: string, reader: string): Promise<boolean> {
  const path = cursorPath(logFolder, reader);
  const cursor = await readCursor(path);
  if (cursor === undefined) return false;
  return !cursor.isAtEnd || (await changeTime(path)) <= (await logTime(logFolder));
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
  readonly isAtEnd: boolean;
}

async function write(logFolder: string, path: string, position: number, isAtEnd: boolean): Promise<void> {
  const saved: Saved = { position, isAtEnd };
  await mkdir(cursorsDir(logFolder), { recursive: true });
  await replaceFile(path, `${JSON.stringify(saved)}\n`);
}

/** @returns undefined if there is none that can be read: then the reader begins anew, and nothing is left out */
async function readCursor(path: string): Promise<Saved | undefined> {
  const value: unknown = await readFile(path, "utf8")
    .then(JSON.parse)
    .catch(() => undefined);
  if (typeof value !== "object" || value === null) return undefined;
  if (!("position" in value && typeof value.position === "number")) return undefined;
  return { position: value.position, isAtEnd: "isAtEnd" in value && value.isAtEnd === true };
}
