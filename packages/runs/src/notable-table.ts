import { decodeMapTable, type HiveEvent, type MapHead, microsFromIso } from "@hivewatch/core";
import { assemble, packCells } from "./encode-part.ts";
import type { Place, WritePart } from "./frame-file.ts";
import { notableOf } from "./notable-event.ts";
import { type Cells, columnOf, createCells, fillCells, reserve, roomFor, setCell } from "./round-part.ts";
import type { TextIndex } from "./text-index.ts";

/** What happened in a run beside results and rounds, in order of arrival. Only what was added last is in memory. */
export interface NotableTable {
  readonly count: number;
  /** Where its parts stand, once they are saved. */
  readonly places: readonly Place[];
  /** Adds an event, with a row for each client that it names. */
  take(event: HiveEvent): void;
  /** Moves to disk what is not added to any more. */
  relieve(write: WritePart): Promise<void>;
  /** Saves all that was added. */
  save(write: WritePart): Promise<void>;
  /** Where all parts stand, and what their places become if they are moved. */
  move(to: (place: Place) => Promise<Place>): Promise<void>;
}

export interface NotableOptions {
  /** How many rows a part has at most. */
  readonly partRows: number;
  /** The run's clients. */
  readonly ids: TextIndex;
  /** Fetches a part from disk, as it was before it was compressed. */
  readonly load: (place: Place) => Uint8Array;
  /** A table to go on with. */
  readonly saved: MapHead["notable"] | undefined;
}

const FIELDS: readonly string[] = ["timestamp", "event_type", "round", "client", "detail"];
const [TIMESTAMP, EVENT_TYPE, ROUND, CLIENT, DETAIL] = [0, 1, 2, 3, 4];

/** A part is also full when its texts are so long together, so that it never takes much memory. */
const MAX_PART_CHARS = 1024 * 1024;

/** @throws HiveWatchError `malformed` if the part to go on with is damaged */
export function createNotableTable({ partRows, ids, load, saved }: NotableOptions): NotableTable {
  const places: Place[] = (saved?.parts ?? []).map(([offset, length]) => ({ offset, length }));
  let count = saved?.count ?? 0;
  /** Those that are full and not yet on disk, and the one that is added to, which stands behind them. */
  let full: Cells[] = [];
  let last = createCells();
  let lastIndex = places.length;
  let chars = 0;
  let hasChanged = false;

  function restoreLast(): void {
    const place = places.at(-1);
    if (place === undefined) return;
    const decoded = decodeMapTable(load(place));
    reserve(last, roomFor(decoded.rows));
    fillCells(last, decoded, (name) => FIELDS.indexOf(name));
    for (const column of last.columns) for (const text of column?.values.texts ?? []) chars += text.length;
    lastIndex = places.length - 1;
    closeIfFull();
    full = [];
  }

  function closeIfFull(): void {
    if (last.rows < partRows && chars < MAX_PART_CHARS) return;
    full.push(last);
    last = createCells();
    lastIndex++;
    chars = 0;
    hasChanged = false;
  }

  function setText(row: number, field: number, text: string): void {
    const { texts } = columnOf(last, field).values;
    const known = texts.length;
    setCell(last, row, field, text);
    if (texts.length > known) chars += text.length;
  }

  async function relieve(write: WritePart): Promise<void> {
    const first = lastIndex - full.length;
    for (const [i, part] of full.entries()) places[first + i] = await write(encode(part));
    full = [];
  }

  restoreLast();
  return {
    get count() {
      return count;
    },
    places,
    take(event) {
      const { clients, detail } = notableOf(event);
      const timestamp = microsFromIso(event.timestamp);
      const type = JSON.stringify(event.event_type);
      for (const client of clients) {
        if (last.rows === last.capacity) reserve(last, 2 * last.capacity);
        const row = last.rows++;
        setCell(last, row, TIMESTAMP, timestamp);
        setText(row, EVENT_TYPE, type);
        if (typeof event.round === "number") setCell(last, row, ROUND, event.round);
        if (client !== undefined) setCell(last, row, CLIENT, ids.add(client));
        if (detail !== undefined) setText(row, DETAIL, detail);
        count++;
        hasChanged = true;
        closeIfFull();
      }
    },
    relieve,
    async save(write) {
      await relieve(write);
      if (hasChanged) places[lastIndex] = await write(encode(last));
      hasChanged = false;
    },
    async move(to) {
      for (const [i, place] of places.entries()) places[i] = await to(place);
    },
  };
}

function encode(part: Cells): Buffer {
  const columns = FIELDS.flatMap((name, field) => {
    const column = part.columns[field];
    return column === undefined ? [] : packCells(column, part.rows, JSON.stringify(name));
  });
  return assemble(part.rows, columns);
}
