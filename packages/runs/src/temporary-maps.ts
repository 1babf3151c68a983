import { stat } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { parseMapHead } from "@hivewatch/core";
import { headPieces, isWasteful, relieveFold, saveFold } from "./fold-frames.ts";
import type { FrameFile } from "./frame-file.ts";
import { createMapFold } from "./map-fold.ts";
import type { FoundMap } from "./map-reader.ts";
import { MAX_HELD_BYTES, PART_ROWS } from "./map-writer.ts";
import type { RunSource } from "./run-texts.ts";
import { createUnnamedFrames } from "./scratch-fold.ts";
import { takeUnit } from "./take-unit.ts";

/** Maps in schema 2 of runs of which there are only JSON lines, made when somebody asks for them. */
export interface TemporaryMaps {
  /** A run's map, as far as the run had come a second ago at least. */
  get(source: RunSource): Promise<FoundMap>;
}

/** So many are kept, and each until nobody has asked for it so long. */
const MOST_MAPS = 8;
const KEEP_MS = 5 * 60_000;
/** So many are made at the same time: each takes the memory of a fold. */
const MOST_MAKERS = 2;
/** Whoever loads a run asks for its map many times in a row. */
const FRESH_MS = 1000;

interface TemporaryMap extends FoundMap {
  /** The file of lines, and how long it was. */
  readonly lines: string;
  readonly size: number;
  readonly madeAt: number;
  readonly isWasteful: boolean;
}

/** Those who have a file of frames, which is closed when the last of them lets go of it. */
interface Holders {
  count: number;
}

/** Nothing of them is left when the process ends, however it does: their files have no names. */
export function createTemporaryMaps(): TemporaryMaps {
  /** By run, that which was asked for last at the end. */
  const maps = new Map<string, TemporaryMap>();
  const making = new Map<string, Promise<TemporaryMap>>();
  const timers = new Map<string, NodeJS.Timeout>();
  const holders = new WeakMap<FrameFile, Holders>();

  function hold(frames: FrameFile): void {
    const held = holders.get(frames) ?? { count: 0 };
    holders.set(frames, held);
    held.count++;
  }

  async function letGo(frames: FrameFile): Promise<void> {
    const held = holders.get(frames);
    if (held !== undefined && --held.count === 0) await frames.close();
  }

  async function drop(runId: string): Promise<void> {
    const map = maps.get(runId);
    clearTimeout(timers.get(runId));
    timers.delete(runId);
    maps.delete(runId);
    if (map !== undefined) await letGo(map.frames);
  }

  /** Keeps a map in the place of the one that was there, which may have the same frames. */
  async function keep(runId: string, map: TemporaryMap): Promise<void> {
    hold(map.frames);
    await drop(runId);
    maps.set(runId, map);
    timers.set(runId, setTimeout(() => void drop(runId), KEEP_MS).unref());
    for (const oldest of [...maps.keys()].slice(0, -MOST_MAPS)) await drop(oldest);
  }

  async function update(source: RunSource): Promise<TemporaryMap> {
    const { ino, size } = await stat(source.paths.jsonl);
    const lines = String(ino);
    const known = maps.get(source.runId);
    const isSame = known !== undefined && known.lines === lines && known.head.position <= size;
    if (isSame && (known.size === size || performance.now() < known.madeAt + FRESH_MS)) return known;
    return make(source, { lines, size }, isSame && !known.isWasteful ? known : undefined);
  }

  async function current(source: RunSource): Promise<TemporaryMap> {
    const { runId } = source;
    for (;;) {
      const made = making.get(runId);
      if (made !== undefined) return made;
      if (making.size < MOST_MAKERS) break;
      await Promise.race(making.values()).catch(() => undefined);
    }
    const made = update(source)
      .then(async (map) => {
        await keep(runId, map);
        return map;
      })
      .finally(() => making.delete(runId));
    making.set(runId, made);
    return made;
  }

  return {
    async get(source) {
      const { head, text, frames } = await current(source);
      hold(frames);
      return { head, text, frames: { ...frames, close: () => letGo(frames) } };
    },
  };
}

/** @param known - a map to go on with */
async function make(
  { runId, read }: RunSource,
  file: Pick<TemporaryMap, "lines" | "size">,
  known: TemporaryMap | undefined,
): Promise<TemporaryMap> {
  const frames = known?.frames ?? (await createUnnamedFrames());
  try {
    const fold = createMapFold(runId, {
      partRows: PART_ROWS,
      maxBytes: MAX_HELD_BYTES,
      load: (place) => gunzipSync(frames.read(place)),
      head: known?.head,
    });
    let position = known?.head.position ?? 0;
    for await (const { units } of read(position)) {
      for (const unit of units) {
        takeUnit(fold, unit, false);
        position = unit.position;
        await relieveFold(fold, frames);
      }
    }
    await saveFold(fold, frames);
    const text = [...headPieces(fold, frames, position, null)].join("");
    const head = parseMapHead(text);
    return { ...file, head, text, frames, madeAt: performance.now(), isWasteful: isWasteful(fold, frames) };
  } catch (error) {
    if (known === undefined) await frames.close();
    throw error;
  }
}
