import {
  type ClientFigures,
  clientFigures,
  type MapNumbers,
  type MapPart,
  type MapTable,
  type MapValues,
  stringifyEvent,
} from "@hivewatch/core";

/** A value as a part holds it: a number, or the JSON of anything else. */
export type PartValue = number | string;

/** What a cell holds. */
export const MISSING = 0;
export const NUMBER = 1;
export const VALUE = 2;

/** A field of the rows of a part. */
export interface PartColumn {
  /** For each row MISSING, NUMBER or VALUE. Apart from the numbers, since NaN is one of them. */
  kinds: Uint8Array;
  /** For those that hold a NUMBER. */
  numbers: Float64Array | undefined;
  /** For those that hold a VALUE: its index in `values`. */
  codes: Int32Array | undefined;
  readonly values: ValueList;
}

/** Different values, each as its JSON. */
export interface ValueList {
  readonly texts: string[];
  readonly indices: Map<string, number>;
}

/** Rows of fields, held for changing. */
export interface Cells {
  rows: number;
  capacity: number;
  /** By field. */
  readonly columns: (PartColumn | undefined)[];
}

/**
 * Up to so many rows of a round's table. A row is a client: those that were heard of, in order of first sight, then those
 * that were only asked.
 */
export interface RoundPart extends Cells {
  /** Index of each row's client. */
  clients: Uint32Array;
  /** How many results each row's client sent. */
  results: Uint32Array;
  /** 1 for each row whose client was asked. */
  asked: Uint8Array;
  /** How many of the rows, the first ones, are of clients that were heard of. */
  heard: number;
}

const FIRST_ROWS = 64;

export function createCells(): Cells {
  return { rows: 0, capacity: FIRST_ROWS, columns: [] };
}

export function createPart(): RoundPart {
  return {
    ...createCells(),
    clients: new Uint32Array(FIRST_ROWS),
    results: new Uint32Array(FIRST_ROWS),
    asked: new Uint8Array(FIRST_ROWS),
    heard: 0,
  };
}

/** Gives a client that was heard of a row behind all others, which were heard of too. */
export function addRow(part: RoundPart, client: number): void {
  addClient(part, client);
  part.heard = part.rows;
}

/** Gives a client that was asked a row behind all others. */
export function addAsked(part: RoundPart, client: number): void {
  part.asked[addClient(part, client)] = 1;
}

function addClient(part: RoundPart, client: number): number {
  if (part.rows === part.capacity) reservePart(part, part.capacity * 2);
  part.clients[part.rows] = client;
  part.asked[part.rows] = 0;
  return part.rows++;
}

function reservePart(part: RoundPart, capacity: number): void {
  reserve(part, capacity);
  part.clients = extended(part.clients, new Uint32Array(capacity));
  part.results = extended(part.results, new Uint32Array(capacity));
  part.asked = extended(part.asked, new Uint8Array(capacity));
}

/** Makes room for so many rows. */
export function reserve(cells: Cells, capacity: number): void {
  cells.capacity = capacity;
  for (const column of cells.columns) {
    if (column === undefined) continue;
    column.kinds = extended(column.kinds, new Uint8Array(capacity));
    if (column.numbers !== undefined) column.numbers = extended(column.numbers, new Float64Array(capacity));
    if (column.codes !== undefined) column.codes = extended(column.codes, new Int32Array(capacity));
  }
}

function extended<T extends Uint8Array | Uint32Array | Int32Array | Float64Array>(old: T, larger: T): T {
  larger.set(old);
  return larger;
}

/** The column of a field, made if there is none. */
export function columnOf(part: Cells, field: number): PartColumn {
  let column = part.columns[field];
  if (column === undefined) {
    const values = { texts: [], indices: new Map<string, number>() };
    column = { kinds: new Uint8Array(part.capacity), numbers: undefined, codes: undefined, values };
    part.columns[field] = column;
  }
  return column;
}

/** The numbers of a column for writing. */
export function numbersOf(part: Cells, column: PartColumn): Float64Array {
  column.numbers ??= new Float64Array(part.capacity);
  return column.numbers;
}

/** The codes of a column for writing. */
export function codesOf(part: Cells, column: PartColumn): Int32Array {
  column.codes ??= new Int32Array(part.capacity);
  return column.codes;
}

/** The index of a value in a list of them. */
export function codeOf({ texts, indices }: ValueList, text: string): number {
  let code = indices.get(text);
  if (code === undefined) {
    code = texts.push(text) - 1;
    indices.set(text, code);
  }
  return code;
}

export function setCell(part: Cells, row: number, field: number, value: PartValue): void {
  const column = columnOf(part, field);
  if (typeof value === "number") {
    numbersOf(part, column)[row] = value;
    column.kinds[row] = NUMBER;
  } else {
    codesOf(part, column)[row] = codeOf(column.values, value);
    column.kinds[row] = VALUE;
  }
}

/** What a part takes of memory, about. */
export function cellBytes(part: Cells): number {
  let bytes = 9 * part.capacity;
  for (const column of part.columns) {
    if (column === undefined) continue;
    bytes += column.kinds.byteLength + (column.numbers?.byteLength ?? 0) + (column.codes?.byteLength ?? 0);
    bytes += 200 + 100 * column.values.texts.length;
  }
  return bytes;
}

/**
 * The figures of the clients that were heard of.
 *
 * @param fieldOf - the number of a field's name
 */
export function figuresOf(part: RoundPart, fieldOf: (name: string) => number): ClientFigures {
  const status = part.columns[fieldOf("status")];
  const statuses = status?.values.texts.map((text) => String(JSON.parse(text)));
  return clientFigures({
    length: part.heard,
    numbers(name) {
      const numbers = new Float64Array(part.heard);
      const column = part.columns[fieldOf(name)];
      for (let row = 0; row < part.heard; row++) {
        numbers[row] = column?.kinds[row] === NUMBER ? (column.numbers?.[row] ?? 0) : Number.NaN;
      }
      return numbers;
    },
    statusOf: (row) => (status?.kinds[row] === VALUE ? statuses?.[status.codes?.[row] ?? 0] : undefined),
    hasResult: (row) => (part.results[row] ?? 0) > 0,
  });
}

/** A part as it was decoded, for changing. */
export function partOf(decoded: MapPart, fieldOf: (name: string) => number): RoundPart {
  const part = createPart();
  reservePart(part, roomFor(decoded.rows));
  part.clients.set(decoded.clients);
  part.results.set(decoded.results);
  part.asked.set(decoded.asked);
  part.heard = decoded.heard;
  fillCells(part, decoded, fieldOf);
  return part;
}

/** As much room as there would be if the rows had come one by one. */
export function roomFor(rows: number): number {
  return Math.max(FIRST_ROWS, 2 ** Math.ceil(Math.log2(rows)));
}

/** Takes over rows that were decoded, where there is room for them. */
export function fillCells(cells: Cells, decoded: MapTable, fieldOf: (name: string) => number): void {
  cells.rows = decoded.rows;
  for (const source of decoded.columns) {
    const column = columnOf(cells, fieldOf(source.name));
    if (source.kind === "numbers") fillNumbers(cells, column, source);
    else fillValues(cells, column, source);
  }
}

function fillNumbers(cells: Cells, column: PartColumn, source: MapNumbers): void {
  const numbers = numbersOf(cells, column);
  for (let row = 0; row < cells.rows; row++) {
    if (source.present !== undefined && source.present[row] !== 1) continue;
    numbers[row] = source.numbers[row] ?? 0;
    column.kinds[row] = NUMBER;
  }
}

function fillValues(cells: Cells, column: PartColumn, source: MapValues): void {
  const codes = codesOf(cells, column);
  const known = source.values.map((value) => codeOf(column.values, stringifyEvent(value)));
  for (let row = 0; row < cells.rows; row++) {
    const code = known[source.codes[row] ?? -1];
    if (code === undefined) continue;
    codes[row] = code;
    column.kinds[row] = VALUE;
  }
}

/** A reported value as a cell holds it; undefined if it is none. */
export function partValue(value: unknown): PartValue | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === "number" ? value : stringifyEvent(value);
}
