import { constants } from "node:fs";
import { open, readFile, rename, rm, stat, truncate } from "node:fs/promises";
import { applyEvent, createRunState, HiveWatchError, parseLenientJson, stringifyEvent } from "@hivewatch/core";
import { writeFileAtomic } from "./atomic-file.ts";
import { jsonlLines } from "./jsonl-line.ts";
import { mapSchema1 } from "./map-schema-1.ts";
import type { LogEntry, ReadStep } from "./read-entries.ts";
import { listSegments } from "./segments.ts";

/** Where the files of a run are. */
export interface ArtifactPaths {
  readonly jsonl: string;
  readonly map: string;
  /** How far the two have come, so that a restart neither repeats nor skips a line. */
  readonly cursor: string;
}

export interface ArtifactOptions {
  /** Whether nobody else can be writing these files: it has the log open for writing. */
  readonly isOwner: boolean;
  /** Told of files that had to be moved, or are given up. */
  readonly onDiagnostic?: ((message: string) => void) | undefined;
  /** A larger map file is given up, since all of it is written at the end of each round. Default 64 MiB. */
  readonly maxMapChars?: number | undefined;
}

interface Cursor {
  readonly position: number;
  readonly jsonlBytes: number;
}

const BEGINNING: Cursor = { position: 0, jsonlBytes: 0 };

/** How much is held at most before it is written; a round of many clients doesn't fit into memory. */
const MAX_HELD_CHARS = 4 * 1024 * 1024;
const MAX_MAP_CHARS = 64 * 1024 * 1024;

/**
 * Writes a run's files behind its log: at the end of each round, at the end of the run, and at the end of the steps. The
 * same log always makes the same bytes, and they are written where they belong and not just appended: so it does no harm
 * if a second process brings the same files up to date.
 *
 * @param steps - the log from its beginning
 */
export async function writeArtifacts(
  runId: string,
  paths: ArtifactPaths,
  steps: AsyncIterable<ReadStep>,
  options: ArtifactOptions,
): Promise<void> {
  const { onDiagnostic = () => {}, maxMapChars = MAX_MAP_CHARS } = options;
  const state = createRunState(runId);
  let cursor = await resume(paths, options);
  let writtenPosition = cursor.position;
  let position = 0;
  let lines: string[] = [];
  let heldChars = 0;
  let mapGivenUp = false;

  /** @returns whether it ends a round */
  function take({ event, position: behind }: LogEntry): boolean {
    applyEvent(state, event);
    position = behind;
    if (position <= cursor.position) return false;
    const line = jsonlLines(event, state);
    lines.push(line);
    heldChars += line.length;
    return event.event_type === "round_end" || event.event_type === "finished";
  }

  async function writeLines(): Promise<void> {
    const bytes = Buffer.from(lines.join(""));
    lines = [];
    heldChars = 0;
    await writeDurably(paths.jsonl, bytes, cursor.jsonlBytes);
    cursor = { position, jsonlBytes: cursor.jsonlBytes + bytes.length };
  }

  async function writeMap(): Promise<void> {
    if (mapGivenUp) return;
    const text = stringifyEvent(mapSchema1(state));
    mapGivenUp = text.length > maxMapChars;
    if (!mapGivenUp) return writeFileAtomic(paths.map, `${text}\n`);
    // An old one would be taken for the whole run. Without one, Python hivewatch reads the lines.
    await rm(paths.map, { force: true });
    onDiagnostic(`run ${runId} is too large for ${paths.map}: only its lines are kept`);
  }

  async function flush(): Promise<void> {
    if (lines.length > 0) await writeLines();
    if (cursor.position === writtenPosition) return;
    await writeMap();
    await writeFileAtomic(paths.cursor, stringifyEvent(cursor));
    writtenPosition = cursor.position;
  }

  for await (const step of steps) {
    let roundEnded = false;
    for (const entry of step.entries) roundEnded = take(entry) || roundEnded;
    if (roundEnded) await flush();
    else if (heldChars > MAX_HELD_CHARS) await writeLines();
  }
  await flush();
}

/**
 * Whether a log has been written to since its files were. At worst it says so of files that are complete.
 *
 * @param logDir - the folder of the log's segments
 */
export async function areArtifactsBehind(paths: ArtifactPaths, logDir: string): Promise<boolean> {
  const newest = (await listSegments(logDir)).at(-1);
  if (newest === undefined) return false;
  const logTime = await timeOf(newest.path);
  return (await timeOf(paths.cursor)) <= logTime || (await sizeOf(paths.jsonl)) === undefined;
}

async function resume(paths: ArtifactPaths, { isOwner, onDiagnostic }: ArtifactOptions): Promise<Cursor> {
  const cursor = await readCursor(paths.cursor);
  const size = await sizeOf(paths.jsonl);
  if (cursor === undefined) {
    if (size !== undefined && size > 0) await keepAside(paths.jsonl, onDiagnostic);
    // From here on what is in the file is ours.
    await writeFileAtomic(paths.cursor, stringifyEvent(BEGINNING));
    return BEGINNING;
  }
  const start = (size ?? 0) >= cursor.jsonlBytes ? cursor : BEGINNING;
  // What an interrupted write has left; somebody else may be in the middle of one just now.
  if (isOwner && size !== undefined && size > start.jsonlBytes) await truncate(paths.jsonl, start.jsonlBytes);
  return start;
}

/** Lines that were there before the log: of Python hivewatch, of a run with the same id. */
async function keepAside(jsonl: string, onDiagnostic: ArtifactOptions["onDiagnostic"]): Promise<void> {
  const kept = `${jsonl}.kept-${Date.now()}`;
  await rename(jsonl, kept);
  onDiagnostic?.(`${jsonl} was there before the log of that run: it was moved to ${kept}`);
}

async function readCursor(path: string): Promise<Cursor | undefined> {
  const value = await readFile(path, "utf8")
    .then(parseLenientJson)
    .catch(() => undefined);
  if (typeof value !== "object" || value === null) return undefined;
  if (!("position" in value && typeof value.position === "number")) return undefined;
  if (!("jsonlBytes" in value && typeof value.jsonlBytes === "number")) return undefined;
  return { position: value.position, jsonlBytes: value.jsonlBytes };
}

async function writeDurably(path: string, bytes: Buffer, offset: number): Promise<void> {
  const handle = await open(path, constants.O_WRONLY | constants.O_CREAT);
  try {
    if ((await handle.stat()).size < offset) {
      const message = `${path} has become shorter than it was. It is made anew when its run is opened next`;
      throw new HiveWatchError("unavailable", message);
    }
    for (let done = 0; done < bytes.length; ) {
      done += (await handle.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
    }
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (stats) => stats.size,
    () => undefined,
  );
}

/** When a file was last changed; 0 if there is none. */
function timeOf(path: string): Promise<number> {
  return stat(path).then(
    (stats) => stats.mtimeMs,
    () => 0,
  );
}
