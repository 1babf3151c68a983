import { open, readFile, stat, truncate } from "node:fs/promises";
import { applyEvent, createRunState, parseLenientJson, stringifyEvent } from "@hivewatch/core";
import { writeFileAtomic } from "./atomic-file.ts";
import { jsonlLines } from "./jsonl-line.ts";
import { mapSchema1 } from "./map-schema-1.ts";
import type { LogEntry, ReadStep } from "./read-entries.ts";

/** Where the files of a run are. */
export interface ArtifactPaths {
  readonly jsonl: string;
  readonly map: string;
  /** How far the two have come, so that a restart neither repeats nor skips a line. */
  readonly cursor: string;
}

interface Cursor {
  readonly position: number;
  readonly jsonlBytes: number;
}

const BEGINNING: Cursor = { position: 0, jsonlBytes: 0 };

/**
 * Writes a run's files behind its log: at the end of each round, at the end of the run, and at the end of the steps. What
 * an interrupted write left in the JSON lines is cut off first.
 *
 * @param steps - the log from its beginning
 */
export async function writeArtifacts(
  runId: string,
  paths: ArtifactPaths,
  steps: AsyncIterable<ReadStep>,
): Promise<void> {
  const state = createRunState(runId);
  let cursor = await resume(paths);
  let position = 0;
  let lines: string[] = [];

  function take({ event, position: behind }: LogEntry): boolean {
    applyEvent(state, event);
    position = behind;
    if (position <= cursor.position) return false;
    lines.push(jsonlLines(event, state));
    return event.event_type === "round_end" || event.event_type === "finished";
  }

  async function flush(): Promise<void> {
    if (lines.length === 0) return;
    const added = await appendDurably(paths.jsonl, lines.join(""));
    lines = [];
    await writeFileAtomic(paths.map, `${stringifyEvent(mapSchema1(state))}\n`);
    cursor = { position, jsonlBytes: cursor.jsonlBytes + added };
    await writeFileAtomic(paths.cursor, stringifyEvent(cursor));
  }

  for await (const step of steps) {
    let roundEnded = false;
    for (const entry of step.entries) roundEnded = take(entry) || roundEnded;
    if (roundEnded) await flush();
  }
  await flush();
}

async function resume(paths: ArtifactPaths): Promise<Cursor> {
  const cursor = await readCursor(paths.cursor);
  const size = await stat(paths.jsonl).then(
    (stats) => stats.size,
    () => 0,
  );
  const start = size >= cursor.jsonlBytes ? cursor : BEGINNING;
  if (size > start.jsonlBytes) await truncate(paths.jsonl, start.jsonlBytes);
  return start;
}

async function readCursor(path: string): Promise<Cursor> {
  const value = await readFile(path, "utf8").then(parseLenientJson, () => undefined);
  if (typeof value !== "object" || value === null) return BEGINNING;
  if (!("position" in value && typeof value.position === "number")) return BEGINNING;
  if (!("jsonlBytes" in value && typeof value.jsonlBytes === "number")) return BEGINNING;
  return { position: value.position, jsonlBytes: value.jsonlBytes };
}

async function appendDurably(path: string, text: string): Promise<number> {
  const bytes = Buffer.from(text);
  const handle = await open(path, "a");
  try {
    await handle.appendFile(bytes);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  return bytes.length;
}
