import { decodeMapTable, HiveWatchError } from "@hivewatch/core";
import { assemble, packCells } from "./encode-part.ts";
import type { Place, WritePart } from "./frame-file.ts";
import {
  type Cells,
  columnOf,
  createCells,
  fillCells,
  type PartValue,
  reserve,
  roomFor,
  setCell,
} from "./round-part.ts";
import { createTextIndex, type TextIndex } from "./text-index.ts";

/** What the table tells of each client beside its id: the newest place that it gave. */
export const PLACE_FIELDS: readonly string[] = ["lat", "lng", "city", "country"];

/** All clients of a run, numbered as they come, with their newest place. */
export interface ClientTable {
  readonly ids: TextIndex;
  /** What it takes of memory, about, in bytes. */
  readonly bytes: number;
  /** @param field - index in {@link PLACE_FIELDS} */
  place(client: number, field: number, value: PartValue): void;
  /** Where its parts stand, once they are saved. */
  readonly places: readonly Place[];
  /** Saves the parts that have changed. */
  save(write: WritePart): Promise<void>;
  /** Where all parts stand, and what their places become if they are moved. */
  move(to: (place: Place) => Promise<Place>): Promise<void>;
  /** Takes over the next part of a table that was saved. */
  restore(bytes: Uint8Array, place: Place): void;
}

/** @param partRows - how many clients a part of the table holds */
export function createClientTable(partRows: number): ClientTable {
  const ids = createTextIndex();
  const cellsOfParts: Cells[] = [];
  const places: Place[] = [];
  const dirty = new Set<number>();
  let saved = 0;

  function cellsOf(part: number, rows: number): Cells {
    cellsOfParts[part] ??= createCells();
    const cells = cellsOfParts[part];
    if (rows > cells.capacity) reserve(cells, roomFor(rows));
    cells.rows = Math.max(cells.rows, rows);
    return cells;
  }

  /** The parts that have changed since they were saved, by their order. */
  function changed(): number[] {
    for (let part = Math.floor(saved / partRows); part * partRows < ids.size; part++) {
      if (saved < Math.min(ids.size, (part + 1) * partRows)) dirty.add(part);
    }
    saved = ids.size;
    const parts = [...dirty].sort((a, b) => a - b);
    dirty.clear();
    return parts;
  }

  function encode(part: number): Buffer {
    const first = part * partRows;
    const rows = Math.min(partRows, ids.size - first);
    const texts = Array.from({ length: rows }, (_, i) => JSON.stringify(ids.text(first + i)));
    const cells = cellsOf(part, rows);
    const packed = PLACE_FIELDS.flatMap((name, field) => {
      const column = cells.columns[field];
      return column === undefined ? [] : packCells(column, rows, JSON.stringify(name));
    });
    const id = { head: `{"name":"client_id","values":[${texts.join(",")}]`, data: undefined, present: undefined };
    return assemble(rows, [id, ...packed]);
  }

  return {
    ids,
    places,
    get bytes() {
      return ids.bytes + cellsOfParts.length * partRows * 28;
    },
    place(client, field, value) {
      const part = Math.floor(client / partRows);
      const row = client % partRows;
      const cells = cellsOf(part, row + 1);
      if (holds(cells, row, field, value)) return;
      setCell(cells, row, field, value);
      dirty.add(part);
    },
    async save(write) {
      for (const part of changed()) places[part] = await write(encode(part));
    },
    async move(to) {
      for (const [part, place] of places.entries()) places[part] = await to(place);
    },
    restore(bytes, place) {
      const { rows, columns } = decodeMapTable(bytes);
      const id = columns.find((column) => column.name === "client_id");
      if (id?.kind !== "values" || ids.size % partRows !== 0) {
        throw new HiveWatchError("malformed", "this is no part of a client table");
      }
      const part = ids.size / partRows;
      for (const value of id.values) ids.add(String(value));
      saved = ids.size;
      places.push(place);
      const others = columns.filter((column) => column !== id);
      fillCells(cellsOf(part, rows), { rows, columns: others }, (name) => PLACE_FIELDS.indexOf(name));
    },
  };
}

function holds(cells: Cells, row: number, field: number, value: PartValue): boolean {
  const column = columnOf(cells, field);
  if (typeof value === "number") return column.kinds[row] === 1 && Object.is(column.numbers?.[row], value);
  return column.kinds[row] === 2 && column.values.texts[column.codes?.[row] ?? 0] === value;
}
