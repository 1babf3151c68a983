import { promisify } from "node:util";
import { isMainThread } from "node:worker_threads";
import { constants, gzip, gzipSync, type ZlibOptions } from "node:zlib";
import { type PackedColumn, packNumbers, packValues } from "./pack-column.ts";
import { NUMBER, type PartColumn, type RoundPart, VALUE } from "./round-part.ts";

/** A part of a round as schema 2 holds it, before it is compressed (docs/map-format.md). */
export function encodePart(part: RoundPart, names: readonly string[]): Buffer {
  const { rows } = part;
  const columns = part.columns.flatMap((column, field) =>
    column === undefined ? [] : packCells(column, rows, JSON.stringify(names[field])),
  );
  return assemble(
    rows,
    columns,
    [
      ["clients", packNumbers(part.clients.subarray(0, rows), "")],
      ["results", packNumbers(part.results.subarray(0, rows), "")],
      ["asked", packNumbers(part.asked.subarray(0, rows), "")],
    ],
    part.heard,
  );
}

/** Compressed for storage: a browser takes gzip apart by itself, and its check sum tells damage. */
export function compress(bytes: Buffer): Promise<Buffer> {
  // Planes of bytes hold next to nothing that repeats but runs, and looking for more takes several times as long.
  return zip(bytes, bytes.length > LARGE_BYTES ? constants.Z_RLE : constants.Z_DEFAULT_STRATEGY);
}

/** {@link compress} of what is text for the most part. */
export function compressText(bytes: Buffer): Promise<Buffer> {
  return zip(bytes, constants.Z_DEFAULT_STRATEGY);
}

/**
 * In a thread that is there for such work it is done there: Node's own, which would do it otherwise, know nothing of one that
 * lets others go first, and would take the processor from the ingest.
 */
async function zip(bytes: Buffer, strategy: number): Promise<Buffer> {
  const options = { level: 1, strategy };
  return isMainThread ? zipBeside(bytes, options) : gzipSync(bytes, options);
}

const zipBeside = promisify<Buffer, ZlibOptions, Buffer>(gzip);

const LARGE_BYTES = 32 * 1024;

/** Puts header and data together. */
export function assemble(
  rows: number,
  columns: readonly PackedColumn[],
  own: readonly (readonly [name: string, column: PackedColumn])[] = [],
  heard?: number,
): Buffer {
  const pieces: Buffer[] = [];
  let length = 0;
  const place = (data: Buffer): number => {
    pieces.push(data);
    length += data.length;
    return length - data.length;
  };
  const described = ({ head, data, present }: PackedColumn): string => {
    const at = data === undefined ? "" : `,"at":${place(data)}`;
    return `${head}${at}${present === undefined ? "" : `,"present":${place(present)}`}}`;
  };
  const members = own.map(([name, column]) => `,"${name}":${described(column)}`).join("");
  const first = heard === undefined ? "" : `,"heard":${heard}`;
  const header = Buffer.from(`{"rows":${rows}${first}${members},"columns":[${columns.map(described).join(",")}]}`);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(header.length);
  return Buffer.concat([size, header, ...pieces]);
}

/** A field's column: its numbers, and its other values, if it has any. */
export function packCells(column: PartColumn, rows: number, name: string): PackedColumn[] {
  const columns: PackedColumn[] = [];
  const numbers = column.numbers === undefined ? undefined : picked(column.kinds, rows, NUMBER, column.numbers);
  if (numbers !== undefined && numbers.length > 0) {
    const packed = packNumbers(numbers, `"name":${name},`);
    columns.push({ ...packed, present: presence(column.kinds, rows, NUMBER, numbers.length) });
  }
  const codes = column.codes === undefined ? undefined : picked(column.kinds, rows, VALUE, column.codes);
  if (codes !== undefined && codes.length > 0) {
    const packed = packValues(codes, column.values.texts, `"name":${name},`);
    columns.push({ ...packed, present: presence(column.kinds, rows, VALUE, codes.length) });
  }
  return columns;
}

/** The cells of one kind. */
function picked<T extends Float64Array | Int32Array>(kinds: Uint8Array, rows: number, kind: number, cells: T): T;
function picked(
  kinds: Uint8Array,
  rows: number,
  kind: number,
  cells: Float64Array | Int32Array,
): Float64Array | Int32Array {
  let count = 0;
  for (let row = 0; row < rows; row++) if (kinds[row] === kind) count++;
  if (count === rows) return cells.subarray(0, rows);
  const found = cells instanceof Int32Array ? new Int32Array(count) : new Float64Array(count);
  let next = 0;
  for (let row = 0; row < rows; row++) if (kinds[row] === kind) found[next++] = cells[row] ?? 0;
  return found;
}

function presence(kinds: Uint8Array, rows: number, kind: number, count: number): Buffer | undefined {
  if (count === rows) return undefined;
  const bits = Buffer.alloc(Math.ceil(rows / 8));
  for (let row = 0; row < rows; row++) {
    if (kinds[row] === kind) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  }
  return bits;
}
