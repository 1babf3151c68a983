import { randomUUID } from "node:crypto";
import { access, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HiveWatchError } from "@hivewatch/core";
import { openLineFile } from "./line-file.ts";
import { mapSchema1 } from "./map-schema-1.ts";
import { type MapWriter, openMapWriter } from "./map-writer.ts";
import type { RunSource } from "./run-texts.ts";
import { takeUnit } from "./take-unit.ts";
import { writePiecesAtomic } from "./write-pieces.ts";

export interface ExportOptions {
  /** Where the JSON lines go. Default: they are not made. */
  jsonl?: string | undefined;
  /** Where the head of the map in schema 2 goes, a name that ends with `.json`; its frames go beside it, without that. */
  map?: string | undefined;
  /** Where the map in schema 1 goes, however large it becomes. */
  map1?: string | undefined;
  /** Replace files that are there. Default: refuse to. */
  force?: boolean | undefined;
  /** Told how many events have been read, now and then. */
  onProgress?: ((events: number) => void) | undefined;
  /** Breaks it off; then nothing has been written. */
  signal?: AbortSignal | undefined;
}

/** What an export made. */
export interface Exported {
  readonly events: number;
  readonly rounds: number;
  readonly clients: number;
  readonly files: readonly string[];
}

/**
 * Makes a run's files anew, all of them at once: either all are there in the end, or those that were there before.
 *
 * @throws HiveWatchError `usage` if a file is in the way, or none is wanted; `unavailable`
 */
export async function exportRun(source: RunSource, options: ExportOptions): Promise<Exported> {
  const targets = targetsOf(options);
  await checkTargets(targets, options.force === true);
  // Each file is made beside its own place, which may be on another file system than the others.
  const name = `.hivewatch-export-${randomUUID()}`;
  const folders = [...new Set(targets.map((target) => join(dirname(target), name)))];
  try {
    for (const folder of folders) await mkdir(folder, { recursive: true });
    const paths = pathsIn(name, options, targets);
    const made = await make(source, paths, options);
    for (const [part, target] of partsOf(options)) await rename(paths[part], target);
    return { ...made, files: targets };
  } finally {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  }
}

type Part = "lines" | "map1" | "frames" | "head";

/** What is made, and where it goes in the end: the head last, since it names the frames. */
function partsOf({ jsonl, map, map1 }: ExportOptions): [part: Part, target: string][] {
  const parts: [Part, string | undefined][] = [
    ["lines", jsonl],
    ["map1", map1],
    ["frames", map?.replace(/\.json$/, "")],
    ["head", map],
  ];
  return parts.flatMap(([part, target]): [Part, string][] => (target === undefined ? [] : [[part, target]]));
}

/** Where the parts are while they are made: in a folder of that name beside their targets; beside any, if they are only made on the way. */
function pathsIn(
  folder: string,
  { jsonl, map, map1 }: ExportOptions,
  [first = ""]: readonly string[],
): Record<Part, string> {
  const path = (part: Part, target = first): string => join(dirname(target), folder, part);
  return {
    lines: path("lines", jsonl),
    map1: path("map1", map1),
    frames: path("frames", map),
    head: path("head", map),
  };
}

function targetsOf(options: ExportOptions): string[] {
  const targets = partsOf(options).map(([, target]) => target);
  if (targets.length === 0) throw usage("an export needs something to make: lines, a map, or both");
  if (options.map !== undefined && !options.map.endsWith(".json")) {
    throw usage(`${options.map} must end with .json: the frames go beside it, under the same name without that`);
  }
  if (new Set(targets).size < targets.length) throw usage("two files can't have the same name");
  return targets;
}

async function checkTargets(targets: readonly string[], force: boolean): Promise<void> {
  for (const target of targets) {
    const isThere = await access(target).then(
      () => true,
      () => false,
    );
    if (isThere && !force)
      throw usage(`${target} is there already: choose another place, or add --force to replace it`);
  }
}

async function make(
  source: RunSource,
  paths: Record<Part, string>,
  options: ExportOptions,
): Promise<Omit<Exported, "files">> {
  const map = await openMapWriter(source.runId, paths, { isOwner: true });
  try {
    const { position, lineBytes } = await readAll(source, paths.lines, map, options);
    if (options.map1 !== undefined) {
      await writePiecesAtomic(paths.map1, mapSchema1(map.fold), Number.POSITIVE_INFINITY);
    }
    // How long the lines are is told of those that are made behind a log, to go on with both.
    if (options.map !== undefined) await map.save(position, source.kind === "log" ? lineBytes : null);
    const { run, shelf, clients } = map.fold;
    return { events: run.eventCount, rounds: shelf.numbers().length, clients: clients.ids.size };
  } finally {
    await map.close();
  }
}

async function readAll(
  { kind, read }: RunSource,
  path: string,
  map: MapWriter,
  { jsonl, map: wantsMap, onProgress = () => {}, signal }: ExportOptions,
): Promise<{ position: number; lineBytes: number }> {
  if (jsonl !== undefined) await (await open(path, "wx")).close();
  const lines = openLineFile(path, 0);
  const needsLines = jsonl !== undefined || (wantsMap !== undefined && kind === "log");
  let position = 0;
  let lineBytes = 0;
  for await (const { units } of read(0)) {
    for (const unit of units) {
      signal?.throwIfAborted();
      const taken = takeUnit(map.fold, unit, needsLines);
      position = unit.position;
      if (jsonl !== undefined) await lines.add(taken.lines);
      else for (const text of taken.lines) lineBytes += Buffer.byteLength(text);
      await map.relieve();
      onProgress(map.fold.run.eventCount);
    }
  }
  await lines.save();
  return { position, lineBytes: lineBytes + lines.bytes };
}

function usage(message: string): HiveWatchError {
  return new HiveWatchError("usage", message);
}
