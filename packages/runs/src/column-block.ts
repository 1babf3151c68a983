import { isUtf8 } from "node:buffer";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { errorMessage, HiveWatchError } from "@hivewatch/core";

/** How many fields the events of one batch may have between them. More are refused: they would only fill memory. */
export const MAX_COLUMNS = 1000;

/** The year 10000, from which on ISO 8601 has another form. */
const TIME_LIMIT_US = 253_402_300_800_000_000;

/**
 * Many events of one type about one client each, as the wire and the log hold them: one list of values for each field.
 * Nothing in it is made event by event, so that it costs next to nothing to check and to pass on.
 */
export interface ColumnBlock {
  readonly eventType: string;
  /** Microseconds since 1970-01-01 UTC, one for each event. */
  readonly timestamps: Float64Array;
  /** Names are unique. `client_id` and `round` are among them. */
  readonly columns: readonly BlockColumn[];
}

/** One field of the events of a block. */
export type BlockColumn = NumberColumn | TextColumn;

interface ColumnBase {
  readonly name: string;
  /** Bit i%8 of byte i/8 is set if event i has a value. Undefined: every event has one. */
  readonly present: Uint8Array | undefined;
}

export interface NumberColumn extends ColumnBase {
  readonly kind: "numbers";
  /** Those of the events that have one, in their order. */
  readonly numbers: Float64Array;
}

export interface TextColumn extends ColumnBase {
  /** `json`: each text is the JSON of a value of any other kind. */
  readonly kind: "texts" | "json";
  /** Those of the events that have one, in their order. */
  readonly texts: PackedTexts;
}

/** Texts that are not decoded before somebody wants them. */
export interface PackedTexts {
  readonly length: number;
  /** Bytes of the longest and of the shortest. */
  readonly longest: number;
  readonly shortest: number;
  /** Text `i` stands, in UTF-8, from `starts[i]` to `ends[i]` of these bytes. */
  readonly bytes: Uint8Array;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  decode(): string[];
}

/** Whether event `i` has a value in a column. */
export function isPresent(column: ColumnBase, i: number): boolean {
  return column.present === undefined || (((column.present[i >> 3] ?? 0) >> (i & 7)) & 1) === 1;
}

/**
 * Reads an encoded `Columns` (proto/hivewatch/v1/batch.proto).
 *
 * @param checkLength - told how many events there are, before anything of that size is made
 * @throws HiveWatchError `malformed`, naming the column
 */
export function decodeColumns(bytes: Uint8Array, checkLength: (length: number) => void = () => {}): ColumnBlock {
  const fields = readFields(bytes);
  const count = fields.timestamps.reduce((sum, chunk) => sum + chunk.length / 8, 0);
  checkLength(count);
  if (fields.columns.length > MAX_COLUMNS) {
    throw malformed(`${fields.columns.length} columns are more than the ${MAX_COLUMNS} that are allowed`);
  }
  const timestamps = readTimes(joined(fields.timestamps));
  const columns = fields.columns.map((column) => readColumn(column, count));
  const seen = new Set<string>();
  for (const { name } of columns) {
    if (seen.has(name)) throw malformed(`column ${JSON.stringify(name)} is there twice`);
    seen.add(name);
  }
  return { eventType: fields.eventType, timestamps, columns };
}

interface ColumnsFields {
  eventType: string;
  readonly timestamps: Uint8Array[];
  readonly columns: Uint8Array[];
}

function readFields(bytes: Uint8Array): ColumnsFields {
  const fields: ColumnsFields = { eventType: "", timestamps: [], columns: [] };
  eachField(bytes, (number, wireType, reader) => {
    if (number === 1 && wireType === WireType.LengthDelimited) fields.eventType = reader.string(true);
    else if (number === 2 && isFixed64(wireType)) fields.timestamps.push(fixed64s(reader, wireType));
    else if (number === 3 && wireType === WireType.LengthDelimited) fields.columns.push(reader.bytes());
    else reader.skip(wireType, number);
  });
  return fields;
}

function readColumn(bytes: Uint8Array, count: number): BlockColumn {
  let name = "";
  let present: Uint8Array | undefined;
  const numbers: Uint8Array[] = [];
  const texts = textSpans(bytes);
  const json = textSpans(bytes);
  eachField(bytes, (number, wireType, reader) => {
    if (number === 3 && isFixed64(wireType)) return void numbers.push(fixed64s(reader, wireType));
    if (wireType !== WireType.LengthDelimited) return void reader.skip(wireType, number);
    if (number === 1) name = reader.string(true);
    else if (number === 2) present = reader.bytes();
    else if (number === 4) texts.add(reader);
    else if (number === 5) json.add(reader);
    else reader.skip(wireType, number);
  });
  if (name === "" || name === "__proto__") throw malformed(`a column may not be named ${JSON.stringify(name)}`);
  const base = { name, present: present?.length === 0 ? undefined : present };
  const column = columnOf(base, readNumbers(joined(numbers)), texts, json);
  const length = column.kind === "numbers" ? column.numbers.length : column.texts.length;
  const wanted = countPresent(base.present, count);
  if (length === wanted) return column;
  throw malformed(`column ${JSON.stringify(name)} has ${length} values for ${wanted} events`);
}

function columnOf(base: ColumnBase, numbers: Float64Array, texts: TextSpans, json: TextSpans): BlockColumn {
  if (Number(numbers.length > 0) + Number(texts.length > 0) + Number(json.length > 0) !== 1) {
    throw malformed(`column ${JSON.stringify(base.name)} must use one of numbers, texts and json`);
  }
  if (numbers.length > 0) return { ...base, kind: "numbers", numbers };
  const kind = texts.length > 0 ? "texts" : "json";
  const used = kind === "texts" ? texts : json;
  if (!used.areValid()) throw malformed(`column ${JSON.stringify(base.name)} holds text that is not UTF-8`);
  return { ...base, kind, texts: used };
}

/** Texts as they are found. */
interface TextSpans extends PackedTexts {
  longest: number;
  shortest: number;
  /** Passes over the text that the reader has come to. */
  add(reader: BinaryReader): void;
  areValid(): boolean;
}

/** Notes where texts stand in a buffer. */
function textSpans(bytes: Uint8Array): TextSpans {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const starts: number[] = [];
  const ends: number[] = [];
  const isValid = (start: number, end: number): boolean => isUtf8(buffer.subarray(start, end));
  const spans: TextSpans = {
    longest: 0,
    shortest: Number.POSITIVE_INFINITY,
    bytes: buffer,
    starts,
    ends,
    get length() {
      return starts.length;
    },
    add(reader) {
      const length = reader.uint32();
      starts.push(reader.pos);
      reader.pos += length;
      if (reader.pos > reader.len) throw new RangeError("premature EOF");
      ends.push(reader.pos);
      if (length > spans.longest) spans.longest = length;
      if (length < spans.shortest) spans.shortest = length;
    },
    areValid() {
      // Before and behind each text stands a byte of ASCII, so that all are valid if the whole stretch is.
      if (isValid(starts[0] ?? 0, ends.at(-1) ?? 0)) return true;
      return starts.every((start, i) => isValid(start, ends[i] ?? 0));
    },
    decode: () => starts.map((start, i) => buffer.toString("utf8", start, ends[i])),
  };
  return spans;
}

function eachField(bytes: Uint8Array, visit: (number: number, wireType: WireType, reader: BinaryReader) => void): void {
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      visit(number, wireType, reader);
    }
  } catch (cause) {
    if (HiveWatchError.is(cause)) throw cause;
    throw malformed(`the payload can't be decoded: ${errorMessage(cause)}`, cause);
  }
}

function isFixed64(wireType: WireType): boolean {
  return wireType === WireType.LengthDelimited || wireType === WireType.Bit64;
}

/** The bytes of a packed field, or of one value of a field that isn't packed. */
function fixed64s(reader: BinaryReader, wireType: WireType): Uint8Array {
  if (wireType === WireType.LengthDelimited) {
    const bytes = reader.bytes();
    if (bytes.length % 8 === 0) return bytes;
    throw malformed(`a list of 8-byte values has ${bytes.length} bytes`);
  }
  return reader.skip(wireType);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  return Buffer.concat(chunks);
}

function readNumbers(bytes: Uint8Array): Float64Array {
  // A copy, since the bytes needn't begin at a multiple of 8.
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

function readTimes(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const times = new Float64Array(bytes.length / 8);
  for (let i = 0; i < times.length; i++) {
    const time = view.getUint32(8 * i + 4, true) * 2 ** 32 + view.getUint32(8 * i, true);
    if (time >= TIME_LIMIT_US) {
      throw malformed(`timestamp_us of event ${i} must be microseconds since 1970, but it is ${time}`);
    }
    times[i] = time;
  }
  return times;
}

function countPresent(present: Uint8Array | undefined, count: number): number {
  if (present === undefined) return count;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += ((present[i >> 3] ?? 0) >> (i & 7)) & 1;
  return sum;
}

function malformed(message: string, cause?: unknown): HiveWatchError {
  return new HiveWatchError("malformed", message, { cause });
}
