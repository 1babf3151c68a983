import { HiveWatchError } from "./errors.ts";

/**
 * One part of a round in map schema 2: up to so many clients with everything that each reported in it. Those of whom
 * anything was heard come first, in order of first sight, and then those that were only asked.
 */
export interface MapPart extends MapTable {
  /** Index of each row's client in the run's client table. */
  readonly clients: Float64Array;
  /** How many results (`client_update`) each row's client sent; 0 for one that only dropped out, failed or was mentioned. */
  readonly results: Float64Array;
  /** 1 for each row whose client was asked to take part (`round_start.selected`), else 0. */
  readonly asked: Float64Array;
  /** How many of the rows, the first ones, are of clients of whom anything was heard in the round. */
  readonly heard: number;
}

/** Columns of equal length. A field that has numbers in some rows and other values in others has two columns. */
export interface MapTable {
  readonly rows: number;
  readonly columns: readonly MapColumn[];
}

export type MapColumn = MapNumbers | MapValues;

/** Numbers of a field. NaN and infinities are values as any other. */
export interface MapNumbers {
  readonly kind: "numbers";
  readonly name: string;
  /** One for each row; NaN too where there is none: `present` tells. */
  readonly numbers: Float64Array;
  /** 1 for each row that has one; undefined: all have. */
  readonly present: Uint8Array | undefined;
}

/** Texts of a field, and values of any other kind but numbers. */
export interface MapValues {
  readonly kind: "values";
  readonly name: string;
  /** Each different value once. */
  readonly values: readonly unknown[];
  /** For each row its index in `values`; -1: none. */
  readonly codes: Int32Array;
}

/**
 * Decodes a part of a round (docs/map-format.md), from bytes that are no longer compressed.
 *
 * @throws HiveWatchError `malformed`
 */
export function decodeMapPart(bytes: Uint8Array): MapPart {
  return guarded(() => {
    const source = readHeader(bytes);
    const { header, rows } = source;
    return {
      ...columnsOf(source),
      clients: packedNumbers(source, record(header.clients), rows),
      results: packedNumbers(source, record(header.results), rows),
      asked: header.asked === undefined ? new Float64Array(rows) : packedNumbers(source, record(header.asked), rows),
      heard: header.heard === undefined ? rows : Math.min(rows, whole(header.heard)),
    };
  });
}

/**
 * Decodes a part of the client table, whose rows are clients in the order of their indices, or of the table of what
 * happened (docs/map-format.md).
 *
 * @throws HiveWatchError `malformed`
 */
export function decodeMapTable(bytes: Uint8Array): MapTable {
  return guarded(() => columnsOf(readHeader(bytes)));
}

type Fields = Readonly<Record<string, unknown>>;

interface Source {
  readonly header: Fields;
  readonly rows: number;
  readonly data: Uint8Array;
}

function readHeader(bytes: Uint8Array): Source {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0, true);
  const header = record(JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))));
  return { header, rows: whole(header.rows), data: bytes.subarray(4 + length) };
}

function columnsOf(source: Source): MapTable {
  const columns = Array.isArray(source.header.columns) ? source.header.columns.map(record) : [];
  return { rows: source.rows, columns: columns.map((column) => columnOf(source, column)) };
}

function columnOf(source: Source, column: Fields): MapColumn {
  const name = String(column.name);
  const { rows } = source;
  const present = column.present === undefined ? undefined : presence(source, whole(column.present));
  const count = present === undefined ? rows : present.reduce((sum, bit) => sum + bit, 0);
  const values = Array.isArray(column.values) ? column.values : undefined;
  if (values === undefined && typeof column.value !== "number" && "value" in column) {
    return { kind: "values", name, values: [column.value], codes: spreadOut(new Int32Array(count), present, rows, -1) };
  }
  if (values !== undefined) {
    const codes = column.type === undefined ? counted(count) : packedNumbers(source, column, count);
    return { kind: "values", name, values, codes: spreadOut(Int32Array.from(codes), present, rows, -1) };
  }
  const numbers = packedNumbers(source, column, count);
  return { kind: "numbers", name, numbers: spreadOut(numbers, present, rows, Number.NaN), present };
}

function presence({ data, rows }: Source, at: number): Uint8Array {
  const present = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) present[i] = (byteAt(data, at + (i >> 3)) >> (i & 7)) & 1;
  return present;
}

function counted(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}

/** Gives each value its row. */
function spreadOut<T extends Int32Array | Float64Array>(
  values: T,
  present: Uint8Array | undefined,
  rows: number,
  missing: number,
): T;
function spreadOut(
  values: Int32Array | Float64Array,
  present: Uint8Array | undefined,
  rows: number,
  missing: number,
): Int32Array | Float64Array {
  if (present === undefined) return values;
  const spread = values instanceof Int32Array ? new Int32Array(rows) : new Float64Array(rows);
  let next = 0;
  for (let i = 0; i < rows; i++) spread[i] = present[i] === 1 ? (values[next++] ?? missing) : missing;
  return spread;
}

const WIDTHS: ReadonlyMap<unknown, number> = new Map([
  ["u8", 1],
  ["i8", 1],
  ["u16", 2],
  ["i16", 2],
  ["u32", 4],
  ["i32", 4],
  ["f32", 4],
  ["f64", 8],
]);

/** The numbers of a column, of those rows that have one. */
function packedNumbers({ data }: Source, column: Fields, count: number): Float64Array {
  const { value, type } = column;
  if (typeof value === "number") return new Float64Array(count).fill(value);
  const width = WIDTHS.get(type);
  if (width === undefined) throw new TypeError(`a column is of type ${String(type)}`);
  const stored = typed(type, joinPlanes(data, whole(column.at), width, count));
  const numbers = stored instanceof Float64Array ? stored : Float64Array.from(stored);
  const scale = column.scale;
  if (typeof scale !== "number") return numbers;
  for (let i = 0; i < count; i++) numbers[i] = (numbers[i] ?? 0) / scale;
  return numbers;
}

function typed(type: unknown, bytes: ArrayBuffer): Float64Array | ArrayLike<number> {
  switch (type) {
    case "u8":
      return new Uint8Array(bytes);
    case "i8":
      return new Int8Array(bytes);
    case "u16":
      return new Uint16Array(bytes);
    case "i16":
      return new Int16Array(bytes);
    case "u32":
      return new Uint32Array(bytes);
    case "i32":
      return new Int32Array(bytes);
    case "f32":
      return new Float32Array(bytes);
    default:
      return new Float64Array(bytes);
  }
}

/** First bytes of all values, then all second bytes, and so on: puts each value's bytes together again. */
function joinPlanes(data: Uint8Array, at: number, width: number, count: number): ArrayBuffer {
  if (at + width * count > data.length) throw new RangeError("a column ends behind the data");
  const bytes = new Uint8Array(width * count);
  for (let plane = 0; plane < width; plane++) {
    const start = at + plane * count;
    for (let i = 0; i < count; i++) bytes[i * width + plane] = data[start + i] ?? 0;
  }
  return bytes.buffer;
}

function byteAt(data: Uint8Array, at: number): number {
  const byte = data[at];
  if (byte === undefined) throw new RangeError("a column ends behind the data");
  return byte;
}

function whole(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`${String(value)} is not a whole number`);
}

function record(value: unknown): Fields {
  if (typeof value === "object" && value !== null) return { ...value };
  throw new TypeError("the header lacks an object");
}

function guarded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw new HiveWatchError("malformed", `this is no part of a map: ${String(cause)}`, { cause });
  }
}
