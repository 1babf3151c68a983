import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import {
  decodeMapPart,
  decodeMapTable,
  type MapColumn,
  type MapHead,
  type MapPlace,
  parseMapHead,
} from "@hivewatch/core";

/** A run as somebody reads it who has the head and the frames, and docs/map-format.md. */
export interface ReadMap {
  readonly head: MapHead;
  /** Of each round, by client, what the client reported in it. */
  readonly rounds: Record<string, Record<string, Record<string, unknown>>>;
  /** How many results each sent. */
  readonly results: Record<string, Record<string, number>>;
  /** Who was asked in each round, sorted. */
  readonly asked: Record<string, string[]>;
  /** Who of them was not heard of, sorted. */
  readonly silent: Record<string, string[]>;
  /** What happened beside results and rounds. */
  readonly notable: readonly unknown[];
  /** Of each client its newest place. */
  readonly places: Record<string, Record<string, unknown>>;
}

export async function readMap2(dir: string, runId = "r"): Promise<ReadMap> {
  const head = parseMapHead(await readFile(join(dir, `${runId}.map2.json`), "utf8"));
  const frames = await readFile(join(dir, `${runId}.map2`));
  expectId(head, frames);
  const bytesOf = ([offset, length]: MapPlace): Buffer => gunzipSync(frames.subarray(offset, offset + length));
  const ids: string[] = [];
  const places: ReadMap["places"] = {};
  for (const place of head.clients.parts) {
    const { rows, columns } = decodeMapTable(bytesOf(place));
    for (let row = 0; row < rows; row++) {
      const { client_id: id, ...rest } = rowOf(columns, row);
      ids.push(String(id));
      places[String(id)] = rest;
    }
  }
  const notable = head.notable.parts.flatMap((place) => {
    const { rows, columns } = decodeMapTable(bytesOf(place));
    return Array.from({ length: rows }, (_, row) => {
      const { client, ...fields } = rowOf(columns, row);
      return client === undefined ? fields : { ...fields, client: ids[Number(client)] };
    });
  });
  const read: ReadMap = { head, notable, rounds: {}, results: {}, asked: {}, silent: {}, places };
  for (const round of head.rounds) {
    const clients: Record<string, Record<string, unknown>> = {};
    const results: Record<string, number> = {};
    const asked: string[] = [];
    const silent: string[] = [];
    for (const place of round.parts) {
      const part = decodeMapPart(bytesOf(place));
      for (let row = 0; row < part.rows; row++) {
        const id = ids[part.clients[row] ?? -1] ?? "?";
        if (part.asked[row] === 1) asked.push(id);
        if (row >= part.heard) {
          silent.push(id);
          continue;
        }
        clients[id] = rowOf(part.columns, row);
        results[id] = part.results[row] ?? 0;
      }
    }
    read.rounds[round.round] = clients;
    read.results[round.round] = results;
    read.asked[round.round] = asked.sort();
    read.silent[round.round] = silent.sort();
  }
  return read;
}

function expectId(head: MapHead, frames: Buffer): void {
  if (frames.toString("hex", 8, 24) !== head.frames.id) throw new Error("these are not the frames of this head");
}

function rowOf(columns: readonly MapColumn[], row: number): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const column of columns) {
    if (column.kind === "numbers") {
      if (column.present === undefined || column.present[row] === 1) fields[column.name] = column.numbers[row];
    } else {
      const code = column.codes[row] ?? -1;
      if (code !== -1) fields[column.name] = column.values[code];
    }
  }
  return fields;
}
