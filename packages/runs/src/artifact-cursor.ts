import { readFile, rename, rm, stat, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { parseLenientJson, stringifyEvent } from "@hivewatch/core";
import type { ArtifactPaths } from "./artifacts.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import { readMap } from "./map-reader.ts";
import { syncDirectory } from "./segments.ts";

/** How far a run's files have come, as `artifacts.json` beside its log says. */
export interface ArtifactCursor {
  /** In the log. */
  readonly position: number;
  /** How long the JSON lines are up to there. */
  readonly jsonlBytes: number;
  /** How far the map in schema 1 goes; -1: there is none. */
  readonly mapPosition: number;
  /** Whether the map in schema 1 has become too large, and is not written any more. */
  readonly isMapTooLarge: boolean;
  /** What the log ended with, by `logEnd`, when all of it was in the files; empty if it isn't known. */
  readonly end: string;
}

export const BEGINNING: ArtifactCursor = { position: 0, jsonlBytes: 0, mapPosition: -1, isMapTooLarge: false, end: "" };

export async function readCursor(path: string): Promise<ArtifactCursor | undefined> {
  const value = await readFile(path, "utf8")
    .then(parseLenientJson)
    .catch(() => undefined);
  if (typeof value !== "object" || value === null) return undefined;
  if (!("position" in value && typeof value.position === "number")) return undefined;
  if (!("jsonlBytes" in value && typeof value.jsonlBytes === "number")) return undefined;
  const mapPosition = "mapPosition" in value && typeof value.mapPosition === "number" ? value.mapPosition : -1;
  const isMapTooLarge = "isMapTooLarge" in value && value.isMapTooLarge === true;
  const end = "end" in value && typeof value.end === "string" ? value.end : "";
  return { position: value.position, jsonlBytes: value.jsonlBytes, mapPosition, isMapTooLarge, end };
}

/** Where to go on. */
export interface Start {
  /** From where the lines are to be written, and the byte at which they begin. */
  readonly linesFrom: number;
  readonly jsonlBytes: number;
  /** Whether the map in schema 2 goes just as far, and can be gone on with. */
  readonly isMapUsable: boolean;
}

/**
 * Finds where to go on: where the map in schema 2 ends, if the lines are there up to that point, as they are after any
 * crash; else where the cursor says, with the map made anew; else at the beginning.
 *
 * @param map - how far the map in schema 2 goes
 */
export async function findStart(
  paths: ArtifactPaths,
  cursor: ArtifactCursor,
  map: { readonly position: number; readonly jsonlBytes: number | null },
): Promise<Start> {
  const size = (await sizeOf(paths.jsonl)) ?? 0;
  if (map.position > 0 && map.jsonlBytes !== null && size >= map.jsonlBytes) {
    return { linesFrom: map.position, jsonlBytes: map.jsonlBytes, isMapUsable: true };
  }
  const { position, jsonlBytes } = size >= cursor.jsonlBytes ? cursor : BEGINNING;
  return { linesFrom: position, jsonlBytes, isMapUsable: false };
}

/**
 * Lets the files of a run begin anew if they hold more than its log does, which has lost its end: what is written in the
 * place of that is not what they hold. The lines are kept aside, as nothing else has what was lost.
 *
 * @param position - the log's end
 */
export async function resetLongerArtifacts(
  runId: string,
  paths: ArtifactPaths,
  position: number,
  onDiagnostic: (message: string) => void,
): Promise<void> {
  const cursor = await readCursor(paths.cursor);
  if (cursor === undefined) return;
  // One that can't be read is made anew in any case, and is no reason to take no events.
  const map = await readMap(runId, paths.map2).catch(() => undefined);
  await map?.frames.close();
  if (cursor.position <= position && (map?.head.position ?? 0) <= position) return;
  await keepAside(paths.jsonl, "has events that its log has lost, as to a loss of power", onDiagnostic);
  await rm(paths.map2.head, { force: true });
  await syncDirectory(dirname(paths.jsonl));
  await writeFileAtomic(paths.cursor, stringifyEvent(BEGINNING));
}

/** Cuts off what an interrupted write has left behind the lines that count. */
export async function cutLines(jsonl: string, bytes: number): Promise<void> {
  const size = await sizeOf(jsonl);
  if (size !== undefined && size > bytes) await truncate(jsonl, bytes);
}

/**
 * Keeps lines that are not those of the log.
 *
 * @param why - what is wrong with the file
 */
export async function keepAside(jsonl: string, why: string, onDiagnostic: (message: string) => void): Promise<void> {
  const size = await sizeOf(jsonl);
  if (size === undefined || size === 0) return;
  const kept = `${jsonl}.kept-${Date.now()}`;
  await rename(jsonl, kept);
  onDiagnostic(`${jsonl} ${why}: it was moved to ${kept}`);
}

export function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (stats) => stats.size,
    () => undefined,
  );
}
