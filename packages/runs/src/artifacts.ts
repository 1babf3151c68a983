import { rm } from "node:fs/promises";
import { stringifyEvent } from "@hivewatch/core";
import {
  type ArtifactCursor,
  BEGINNING,
  cutLines,
  findStart,
  keepAside,
  readCursor,
  sizeOf,
} from "./artifact-cursor.ts";
import { removeTemporaries, writeFileAtomic } from "./atomic-file.ts";
import type { FoldStep } from "./fold-units.ts";
import { openLineFile } from "./line-file.ts";
import { mapSchema1 } from "./map-schema-1.ts";
import { type MapPaths, type MapWriter, openMapWriter } from "./map-writer.ts";
import { createPace } from "./pace.ts";
import { logEnd } from "./run-files.ts";
import { takeUnit } from "./take-unit.ts";
import { writePiecesAtomic } from "./write-pieces.ts";

/** Where the files of a run are. */
export interface ArtifactPaths {
  /** The folder of its log. */
  readonly log: string;
  readonly jsonl: string;
  /** The map in schema 1. */
  readonly map: string;
  /** The map in schema 2. */
  readonly map2: MapPaths;
  /** How far they have come, so that a restart neither repeats nor skips a line. */
  readonly cursor: string;
}

export interface ArtifactOptions {
  /** Whether nobody else can be writing these files: it has the log open for writing. */
  readonly isOwner: boolean;
  /** Told how far they have come, at first as well. */
  readonly onSaved?: ((position: number) => void) | undefined;
  /** Told of files that had to be moved, or are given up. */
  readonly onDiagnostic?: ((message: string) => void) | undefined;
  /** A larger map in schema 1 is not written. Default 64 MiB. */
  readonly maxMapBytes?: number | undefined;
  /** How many rows a part of the map in schema 2 has at most, for tests. */
  readonly partRows?: number | undefined;
  /** How much of the rounds is held in memory at most, about. Default 16 MiB. */
  readonly maxHeldBytes?: number | undefined;
}

/** Reads a run from a position of its log. */
export type ReadFrom = (position: number) => AsyncIterable<FoldStep>;

const MAX_MAP_BYTES = 64 * 1024 * 1024;

/** The files may take one part in so many of the time: when a round has ended, and when something else has come. */
const ROUND_SHARE = 4;
const IDLE_SHARE = 20;
/** The map in schema 1 is written when the run has grown by one part in so many. */
const MAP_GROWTH = 2;

/**
 * Writes a run's files behind its log: when rounds have ended, at the end of the run, and at the end of the steps, but
 * never so often that it takes all the time. The same log always makes the same lines and the same map in schema 1. Lines
 * are written where they belong and not just appended: so it does no harm if a second process brings the same files up to
 * date.
 */
export async function writeArtifacts(
  runId: string,
  paths: ArtifactPaths,
  read: ReadFrom,
  options: ArtifactOptions,
): Promise<void> {
  if (await writeBehind(runId, paths, read, options, false)) return;
  options.onDiagnostic?.(`${paths.map2.frames} is damaged: it is made anew from the log`);
  await writeBehind(runId, paths, read, options, true);
}

/** @returns false if the map in schema 2 turned out to be damaged, and must be made anew */
async function writeBehind(
  runId: string,
  paths: ArtifactPaths,
  read: ReadFrom,
  options: ArtifactOptions,
  isFresh: boolean,
): Promise<boolean> {
  const { isOwner, onDiagnostic = () => {}, partRows, maxHeldBytes: maxBytes } = options;
  if (isOwner) await removeTemporaries([paths.cursor, paths.map, paths.map2.head, paths.map2.frames]);
  const cursor = await prepare(paths, onDiagnostic);
  const open = (fresh: boolean): Promise<MapWriter> =>
    openMapWriter(runId, paths.map2, { isOwner, isFresh: fresh, partRows, maxBytes });
  let map = await open(isFresh);
  try {
    const start = await findStart(paths, cursor, map);
    if (!start.isMapUsable && map.position > 0) {
      await map.close();
      map = await open(true);
    }
    if (isOwner) await cutLines(paths.jsonl, start.jsonlBytes);
    await follow(paths, { map, cursor, ...start }, read, options);
    return true;
  } catch (error) {
    if (!map.isDamaged || isFresh) throw error;
    return false;
  } finally {
    await map.close();
  }
}

/** Makes sure that what is in the file of lines is ours. */
async function prepare(paths: ArtifactPaths, onDiagnostic: (message: string) => void): Promise<ArtifactCursor> {
  const cursor = await readCursor(paths.cursor);
  if (cursor !== undefined) return cursor;
  // Of Python hivewatch, of a run with the same id.
  await keepAside(paths.jsonl, "was there before the log of that run", onDiagnostic);
  await writeFileAtomic(paths.cursor, stringifyEvent(BEGINNING));
  return BEGINNING;
}

interface Going {
  readonly map: MapWriter;
  readonly cursor: ArtifactCursor;
  readonly linesFrom: number;
  readonly jsonlBytes: number;
}

async function follow(
  paths: ArtifactPaths,
  { map, cursor, linesFrom, jsonlBytes }: Going,
  read: ReadFrom,
  options: ArtifactOptions,
): Promise<void> {
  const { onSaved = () => {}, onDiagnostic = () => {}, maxMapBytes = MAX_MAP_BYTES } = options;
  const { fold } = map;
  const lines = openLineFile(paths.jsonl, jsonlBytes);
  const filesPace = createPace();
  const mapPace = createPace();
  let position = map.position;
  let savedPosition = map.position;
  let { mapPosition, isMapTooLarge } = cursor;
  let eventsInMap = fold.run.eventCount;
  let hasRoundEnded = false;
  /** What the log ended with before it was read to its end: all of that is in the fold. And what the cursor says of it. */
  let coveredEnd = "";
  let savedEnd = cursor.end;

  async function writeMap(): Promise<void> {
    const isWritten = await writePiecesAtomic(paths.map, mapSchema1(fold), maxMapBytes);
    eventsInMap = fold.run.eventCount;
    mapPosition = isWritten ? position : -1;
    if (isWritten) return;
    isMapTooLarge = true;
    // An old one would be taken for the whole run. Without one, Python hivewatch reads the lines.
    await rm(paths.map, { force: true });
    onDiagnostic(
      `the map of run ${fold.run.runId} in schema 1 would be larger than ${Math.round(maxMapBytes / 1024 / 1024)} MiB and is not kept: ` +
        `hivewatch runs export ${fold.run.runId} --map1 makes one`,
    );
  }

  function isMapDue(isIdle: boolean): boolean {
    if (isMapTooLarge || mapPosition === position) return false;
    const hasGrown = (fold.run.eventCount - eventsInMap) * MAP_GROWTH >= fold.run.eventCount;
    return mapPace.isDue(hasGrown ? ROUND_SHARE : IDLE_SHARE) && (hasGrown || isIdle);
  }

  /** The lines first, since a map tells how far they go; the cursor last, since it says that all is there. */
  async function save(isIdle: boolean, isEnd: boolean): Promise<void> {
    await lines.save();
    if (position !== savedPosition) await map.save(position, lines.bytes);
    if (isMapDue(isIdle) || (isEnd && !isMapTooLarge && mapPosition !== position)) await mapPace.run(writeMap);
    const end = isMapTooLarge || mapPosition === position ? coveredEnd : "";
    await writeFileAtomic(
      paths.cursor,
      stringifyEvent({ position, jsonlBytes: lines.bytes, mapPosition, isMapTooLarge, end }),
    );
    savedPosition = position;
    onSaved(position);
    savedEnd = end;
    hasRoundEnded = false;
  }

  function isSaveDue(hasRunEnded: boolean, atEnd: boolean): boolean {
    if (position < linesFrom) return false;
    const isDue = filesPace.isDue(hasRoundEnded ? ROUND_SHARE : IDLE_SHARE);
    if (position !== savedPosition) return hasRunEnded || ((hasRoundEnded || atEnd) && isDue);
    return atEnd && savedEnd !== coveredEnd && isDue && (isMapTooLarge || mapPosition === position || isMapDue(true));
  }

  async function readOn(): Promise<void> {
    let nextEnd = await logEnd(paths.log);
    for await (const { units, atEnd } of read(position)) {
      let hasRunEnded = false;
      for (const unit of units) {
        const taken = takeUnit(fold, unit, unit.position > linesFrom);
        position = unit.position;
        await lines.add(taken.lines);
        hasRoundEnded ||= taken.endsRound;
        hasRunEnded ||= taken.endsRun;
        await map.relieve();
      }
      if (atEnd) {
        coveredEnd = nextEnd;
        nextEnd = await logEnd(paths.log);
      }
      if (isSaveDue(hasRunEnded, atEnd)) await filesPace.run(() => save(atEnd, hasRunEnded));
    }
  }

  onSaved(savedPosition);
  await readOn();
  // What came just before the end was read with it, but is not known to be all.
  if (coveredEnd !== (await logEnd(paths.log))) await readOn();
  if (position !== savedPosition || savedEnd !== coveredEnd || savedEnd === "") await save(true, true);
}

/** Whether there may be more in a log than in its files. At worst it says so of files that are complete. */
export async function areArtifactsBehind(paths: ArtifactPaths): Promise<boolean> {
  const end = await logEnd(paths.log);
  if (end === "") return false;
  const sizes = await Promise.all([paths.jsonl, paths.map2.head].map(sizeOf));
  return (await readCursor(paths.cursor))?.end !== end || sizes.includes(undefined);
}
