import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HiveWatchError, isRunId } from "@hivewatch/core";
import { replaceFile } from "./atomic-file.ts";
import { logEnd } from "./run-files.ts";

/** How far a reader has come in a run's log. It outlives the process. */
export interface Cursor {
  /** Behind the last event that the reader is done with. */
  readonly position: number;
  /**
   * Moves it.
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

/** Gives a reader its cursor at the beginning of a log, unless it has one, or makes one just now. */
export async function ensureCursor(logFolder: string, reader: string): Promise<void> {
  const path = cursorPath(logFolder, reader);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, textOf(BEGINNING), { flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

/** The readers that have a cursor in a log. */
export async function readersOf(logFolder: string): Promise<string[]> {
  const names = await readdir(cursorsDir(logFolder)).catch(() => []);
  return names.filter((name) => name.endsWith(SUFFIX)).map((name) => name.slice(0, -SUFFIX.length));
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
