import { type MapHead, type MapPlace, stringifyEvent } from "@hivewatch/core";
import { compress, compressText, encodePart } from "./encode-part.ts";
import type { Frames, Place, WritePart } from "./frame-file.ts";
import type { MapFold } from "./map-fold.ts";
import type { WriteParts } from "./round-shelf.ts";

/** Moves to disk what is too much for memory. */
export async function relieveFold(fold: MapFold, frames: Frames): Promise<void> {
  await fold.shelf.relieve(roundWriter(fold, frames));
  await fold.notable.relieve(textWriter(frames));
}

/** Saves all that has changed. */
export async function saveFold(fold: MapFold, frames: Frames): Promise<void> {
  await fold.shelf.save(roundWriter(fold, frames));
  await fold.notable.save(textWriter(frames));
  await fold.clients.save(async (bytes) => frames.append(await compress(bytes)));
}

/** Moves all parts, those of rounds in their order. */
export async function moveFold(fold: MapFold, to: (place: Place) => Promise<Place>): Promise<void> {
  await fold.clients.move(to);
  await fold.notable.move(to);
  await fold.shelf.move(to);
}

/** Smaller files are not worth compacting. */
const LEAST_WASTE_BYTES = 1024 * 1024;

/** Whether most of a file is what parts were before. */
export function isWasteful({ shelf, clients, notable }: MapFold, { end }: Frames): boolean {
  const others = [...clients.places, ...notable.places].reduce((sum, { length }) => sum + length, 0);
  return end > LEAST_WASTE_BYTES && end > 2 * (shelf.liveBytes + others);
}

/** Packs parts of rounds and adds them to a file. */
function roundWriter(fold: MapFold, frames: Frames): WriteParts {
  return async (parts) => {
    const packed = await Promise.all(parts.map((part) => compress(encodePart(part, fold.fields.names))));
    let { offset } = await frames.append(Buffer.concat(packed));
    return packed.map(({ length }) => {
      const place = { offset, length };
      offset += length;
      return place;
    });
  };
}

/** Packs a part of a table that is text for the most part, and adds it to a file. */
function textWriter(frames: Frames): WritePart {
  return async (bytes) => frames.append(await compressText(bytes));
}

/** So many rounds of a head are put together at a time: the text of a long run is megabytes, and is written often. */
const HEAD_ROUNDS = 512;

/**
 * The head of a fold that is saved, in pieces.
 *
 * @param jsonlBytes - null: it is made from JSON lines
 */
export function* headPieces(
  { run, fields, clients, notable, shelf, context }: MapFold,
  frames: Frames,
  position: number,
  jsonlBytes: number | null,
): Generator<string> {
  const head: Omit<MapHead, "rounds"> = {
    schema_version: 2,
    run_id: run.runId,
    algorithm: run.algorithm,
    config: run.config,
    started_at: run.startedAt ?? null,
    finished_at: run.finishedAt ?? null,
    status: run.status,
    status_reason: run.statusReason ?? null,
    server: run.server ?? null,
    last_event_at: run.lastEventAt ?? null,
    num_events: run.eventCount,
    position,
    jsonl_bytes: jsonlBytes,
    frames: { id: frames.id, bytes: frames.end },
    part_rows: context.partRows,
    fields: fields.names,
    clients: { count: clients.ids.size, parts: clients.places.map(placeJson) },
    notable: { count: notable.count, parts: notable.places.map(placeJson) },
  };
  yield `${stringifyEvent(head).slice(0, -1)},"rounds":[`;
  const entries = shelf.entries();
  for (let at = 0; at < entries.length; at += HEAD_ROUNDS) {
    yield `${at === 0 ? "" : ","}${entries.slice(at, at + HEAD_ROUNDS).join(",")}`;
  }
  yield "]}";
}

function placeJson({ offset, length }: Place): MapPlace {
  return [offset, length];
}
