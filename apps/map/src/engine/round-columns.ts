import { type ClientMetrics, type MapPart, stringifyEvent } from "@hivewatch/core";

/** The clients of a round with everything that each reported in it, held for adding to. */
export interface RoundColumns {
  readonly round: number;
  rows: number;
  /** Index of each row's client. This and the others have room for more than `rows`. */
  clients: Uint32Array;
  /** How many results each row's client sent. */
  results: Uint32Array;
  /** 1 for those that were selected. */
  asked: Uint8Array;
  /** The row of a client, by index; -1: none. */
  rowOf: Int32Array;
  readonly columns: Map<string, Cells>;
}

/** What was reported under one name. */
export interface Cells {
  /** For each row 0 if there is nothing, {@link NUMBER} or {@link VALUE}. */
  kinds: Uint8Array;
  numbers: Float64Array | undefined;
  /** Index in `values`. */
  codes: Int32Array | undefined;
  readonly values: unknown[];
  /** Where each value stands in `values`, by its JSON. */
  readonly known: Map<string, number>;
}

/** 0, the kind of a cell that nobody filled, needs no name. */
export const NUMBER = 1;
export const VALUE = 2;

const FIRST_ROWS = 64;

export function createRoundColumns(round: number): RoundColumns {
  return {
    round,
    rows: 0,
    clients: new Uint32Array(FIRST_ROWS),
    results: new Uint32Array(FIRST_ROWS),
    asked: new Uint8Array(FIRST_ROWS),
    rowOf: new Int32Array(0),
    columns: new Map(),
  };
}

/** The round as parts of a map have it. */
export function roundOfParts(round: number, parts: readonly MapPart[]): RoundColumns {
  const table = createRoundColumns(round);
  makeRoom(
    table,
    parts.reduce((sum, { rows }) => sum + rows, 0),
  );
  for (const part of parts) addPart(table, part);
  return table;
}

function addPart(table: RoundColumns, part: MapPart): void {
  const first = table.rows;
  table.rows += part.rows;
  table.clients.set(part.clients, first);
  table.results.set(part.results, first);
  table.asked.set(part.asked, first);
  for (let i = 0; i < part.rows; i++) setRow(table, part.clients[i] ?? 0, first + i);
  for (const column of part.columns) {
    const cells = cellsOf(table, column.name);
    const { kinds } = cells;
    if (column.kind === "numbers") {
      numbersOf(table, cells).set(column.numbers, first);
      const { present } = column;
      if (present === undefined) kinds.fill(NUMBER, first, first + part.rows);
      else for (let i = 0; i < part.rows; i++) if (present[i] === 1) kinds[first + i] = NUMBER;
    } else {
      const codes = codesOf(table, cells);
      const own = column.values.map((value) => codeOf(cells, value));
      for (let i = 0; i < part.rows; i++) {
        const code = own[column.codes[i] ?? -1];
        if (code === undefined) continue;
        codes[first + i] = code;
        kinds[first + i] = VALUE;
      }
    }
  }
}

/** The row of a client, made if it has none. */
export function rowFor(table: RoundColumns, client: number): number {
  const known = table.rowOf[client] ?? -1;
  if (known >= 0) return known;
  const row = table.rows;
  makeRoom(table, row + 1);
  table.rows++;
  table.clients[row] = client;
  setRow(table, client, row);
  return row;
}

/** Lays what is known over what was: absent and null values leave the older ones. */
export function setFields(table: RoundColumns, row: number, fields: ClientMetrics): void {
  for (const name in fields) {
    const value = fields[name];
    if (name === "client_id" || value === undefined || value === null) continue;
    const cells = cellsOf(table, name);
    if (typeof value === "number") {
      numbersOf(table, cells)[row] = value;
      cells.kinds[row] = NUMBER;
    } else {
      codesOf(table, cells)[row] = codeOf(cells, value);
      cells.kinds[row] = VALUE;
    }
  }
}

function setRow(table: RoundColumns, client: number, row: number): void {
  if (client >= table.rowOf.length) {
    const larger = new Int32Array(Math.max(FIRST_ROWS, 2 ** Math.ceil(Math.log2(client + 1)))).fill(-1);
    larger.set(table.rowOf);
    table.rowOf = larger;
  }
  table.rowOf[client] = row;
}

function makeRoom(table: RoundColumns, rows: number): void {
  if (rows <= table.clients.length) return;
  const room = Math.max(FIRST_ROWS, 2 ** Math.ceil(Math.log2(rows)));
  table.clients = extended(table.clients, new Uint32Array(room));
  table.results = extended(table.results, new Uint32Array(room));
  table.asked = extended(table.asked, new Uint8Array(room));
  for (const cells of table.columns.values()) {
    cells.kinds = extended(cells.kinds, new Uint8Array(room));
    if (cells.numbers !== undefined) cells.numbers = extended(cells.numbers, new Float64Array(room));
    if (cells.codes !== undefined) cells.codes = extended(cells.codes, new Int32Array(room));
  }
}

function extended<T extends Uint8Array | Uint32Array | Int32Array | Float64Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}

function cellsOf(table: RoundColumns, name: string): Cells {
  let cells = table.columns.get(name);
  if (cells === undefined) {
    const kinds = new Uint8Array(table.clients.length);
    cells = { kinds, numbers: undefined, codes: undefined, values: [], known: new Map() };
    table.columns.set(name, cells);
  }
  return cells;
}

function numbersOf(table: RoundColumns, cells: Cells): Float64Array {
  cells.numbers ??= new Float64Array(table.clients.length);
  return cells.numbers;
}

function codesOf(table: RoundColumns, cells: Cells): Int32Array {
  cells.codes ??= new Int32Array(table.clients.length);
  return cells.codes;
}

function codeOf({ values, known }: Cells, value: unknown): number {
  const text = stringifyEvent(value);
  let code = known.get(text);
  if (code === undefined) {
    code = values.push(value) - 1;
    known.set(text, code);
  }
  return code;
}

/** What the columns of a round take of memory, about. */
export function columnBytes(table: RoundColumns): number {
  let bytes = 9 * table.clients.length + table.rowOf.byteLength;
  for (const { kinds, numbers, codes, values } of table.columns.values()) {
    bytes += kinds.length + (numbers?.byteLength ?? 0) + (codes?.byteLength ?? 0) + 100 * values.length;
  }
  return bytes;
}
