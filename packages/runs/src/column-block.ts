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
  /** How many events there are. */
  readonly count: number;
  /** Microseconds since 1970-01-01 UTC, one for each event. A copy, made when it is first asked for. */
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
  /** How many there are. */
  readonly length: number;
  /** Those of the events that have one, in their order. A copy, made when it is first asked for. */
  readonly numbers: Float64Array;
  /** Whether a test holds for all of them. Copies nothing. */
  every(test: (value: number) => boolean): boolean;
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
  /** Text `i` stands, in UTF-8, from `spans[2 * i]` to `spans[2 * i + 1]` of these bytes. */
  readonly bytes: Uint8Array;
  readonly spans: readonly number[];
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
  const payload = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const fields = readFields(payload);
  const count = bytesOf(fields.timestamps) / 8;
  checkLength(count);
  checkTimes(view, fields.timestamps);
  if (fields.columns.length > MAX_COLUMNS) {
    throw malformed(`${fields.columns.length} columns are more than the ${MAX_COLUMNS} that are allowed`);
  }
  const seen = new Set<string>();
  const columns = fields.columns.map((column) => {
    const name = JSON.stringify(column.name);
    if (column.name === "" || column.name === "__proto__") throw malformed(`a column may not be named ${name}`);
    if (seen.has(column.name)) throw malformed(`column ${name} is there twice`);
    seen.add(column.name);
    return columnOf(column, payload, view, count);
  });
  return new PackedBlock(fields.eventType, count, columns, view, fields.timestamps);
}

/** Where something stands in the payload: the start and the end of each of its pieces, one after the other. */
type Spans = number[];

interface ColumnsFields {
  eventType: string;
  readonly timestamps: Spans;
  readonly columns: ColumnFields[];
}

interface ColumnFields {
  name: string;
  present: Uint8Array | undefined;
  readonly numbers: Spans;
  readonly texts: Spans;
  readonly json: Spans;
}

// Nothing is cut out of the payload, nor made for each of the events: that would cost more than everything else.
function readFields(payload: Buffer): ColumnsFields {
  const fields: ColumnsFields = { eventType: "", timestamps: [], columns: [] };
  const reader = new BinaryReader(payload);
  eachField(reader, payload.length, (number, wireType) => {
    if (number === 2 && isFixed64(wireType)) return addFixed64s(fields.timestamps, reader, wireType);
    if (wireType !== WireType.LengthDelimited) return void reader.skip(wireType, number);
    if (number === 1) fields.eventType = reader.string(true);
    else if (number === 3) fields.columns.push(readColumn(reader, payload));
    else reader.skip(wireType, number);
  });
  return fields;
}

function readColumn(reader: BinaryReader, payload: Buffer): ColumnFields {
  const column: ColumnFields = { name: "", present: undefined, numbers: [], texts: [], json: [] };
  const end = endOfLength(reader);
  eachField(reader, end, (number, wireType) => {
    if (number === 3 && isFixed64(wireType)) return addFixed64s(column.numbers, reader, wireType);
    if (wireType !== WireType.LengthDelimited) return void reader.skip(wireType, number);
    if (number === 1) column.name = reader.string(true);
    else if (number === 2) column.present = reader.bytes();
    else if (number === 4) addTexts(column.texts, number, reader, payload, end);
    else if (number === 5) addTexts(column.json, number, reader, payload, end);
    else reader.skip(wireType, number);
  });
  return column;
}

function eachField(reader: BinaryReader, end: number, visit: (number: number, wireType: WireType) => void): void {
  try {
    while (reader.pos < end) {
      const [number, wireType] = reader.tag();
      visit(number, wireType);
    }
    if (reader.pos > end) throw new RangeError("a field is longer than the message that it is in");
  } catch (cause) {
    if (HiveWatchError.is(cause)) throw cause;
    throw malformed(`the payload can't be decoded: ${errorMessage(cause)}`, cause);
  }
}

/** Reads a length, and returns where that ends what follows. */
function endOfLength(reader: BinaryReader): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError("premature EOF");
  return end;
}

function addSpan(spans: Spans, reader: BinaryReader): void {
  const end = endOfLength(reader);
  spans.push(reader.pos, end);
  reader.pos = end;
}

/** Passes over a text and those that follow it directly, as nearly all of a column do. */
function addTexts(spans: Spans, field: number, reader: BinaryReader, payload: Buffer, end: number): void {
  const tag = (field << 3) | WireType.LengthDelimited;
  addSpan(spans, reader);
  while (reader.pos < end && payload[reader.pos] === tag) {
    reader.pos++;
    addSpan(spans, reader);
  }
}

function isFixed64(wireType: WireType): boolean {
  return wireType === WireType.LengthDelimited || wireType === WireType.Bit64;
}

/** Passes over a packed field, or over one value of a field that isn't packed. */
function addFixed64s(spans: Spans, reader: BinaryReader, wireType: WireType): void {
  if (wireType === WireType.Bit64) {
    spans.push(reader.pos, reader.pos + 8);
    reader.skip(wireType);
    return;
  }
  addSpan(spans, reader);
  const length = (spans.at(-1) ?? 0) - (spans.at(-2) ?? 0);
  if (length % 8 !== 0) throw malformed(`a list of 8-byte values has ${length} bytes`);
}

function bytesOf(spans: Spans): number {
  let sum = 0;
  for (let i = 0; i < spans.length; i += 2) sum += (spans[i + 1] ?? 0) - (spans[i] ?? 0);
  return sum;
}

/** @param count - how many events there are */
function columnOf(fields: ColumnFields, payload: Buffer, view: DataView, count: number): BlockColumn {
  const { name, numbers, texts, json } = fields;
  if (Number(numbers.length > 0) + Number(texts.length > 0) + Number(json.length > 0) !== 1) {
    throw malformed(`column ${JSON.stringify(name)} must use one of numbers, texts and json`);
  }
  const present = fields.present?.length === 0 ? undefined : fields.present;
  const length = numbers.length > 0 ? bytesOf(numbers) / 8 : (texts.length + json.length) / 2;
  const wanted = countPresent(present, count);
  if (length !== wanted) throw malformed(`column ${JSON.stringify(name)} has ${length} values for ${wanted} events`);
  if (numbers.length > 0) return new PackedNumbers(name, present, length, view, numbers);
  const kind = texts.length > 0 ? "texts" : "json";
  const spans = texts.length > 0 ? texts : json;
  if (!areUtf8(payload, spans)) throw malformed(`column ${JSON.stringify(name)} holds text that is not UTF-8`);
  return { name, present, kind, texts: packedTexts(payload, spans) };
}

// Classes, since one object with a getter of its own for each column costs more than the rest of the column.
class PackedBlock implements ColumnBlock {
  readonly eventType: string;
  readonly count: number;
  readonly columns: readonly BlockColumn[];
  readonly #view: DataView;
  readonly #spans: Spans;
  #timestamps: Float64Array | undefined;

  constructor(eventType: string, count: number, columns: readonly BlockColumn[], view: DataView, spans: Spans) {
    this.eventType = eventType;
    this.count = count;
    this.columns = columns;
    this.#view = view;
    this.#spans = spans;
  }

  get timestamps(): Float64Array {
    this.#timestamps ??= readTimes(this.#view, this.#spans, this.count);
    return this.#timestamps;
  }
}

class PackedNumbers implements NumberColumn {
  readonly kind = "numbers";
  readonly name: string;
  readonly present: Uint8Array | undefined;
  readonly length: number;
  readonly #view: DataView;
  readonly #spans: Spans;
  #numbers: Float64Array | undefined;

  constructor(name: string, present: Uint8Array | undefined, length: number, view: DataView, spans: Spans) {
    this.name = name;
    this.present = present;
    this.length = length;
    this.#view = view;
    this.#spans = spans;
  }

  get numbers(): Float64Array {
    this.#numbers ??= new Float64Array(copied(this.#view, this.#spans, 8 * this.length));
    return this.#numbers;
  }

  every(test: (value: number) => boolean): boolean {
    const view = this.#view;
    const spans = this.#spans;
    for (let i = 0; i < spans.length; i += 2) {
      const end = spans[i + 1] ?? 0;
      for (let at = spans[i] ?? 0; at < end; at += 8) if (!test(view.getFloat64(at, true))) return false;
    }
    return true;
  }
}

function packedTexts(payload: Buffer, spans: Spans): PackedTexts {
  let longest = 0;
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < spans.length; i += 2) {
    const length = (spans[i + 1] ?? 0) - (spans[i] ?? 0);
    if (length > longest) longest = length;
    if (length < shortest) shortest = length;
  }
  return {
    length: spans.length / 2,
    longest,
    shortest,
    bytes: payload,
    spans,
    decode: () =>
      Array.from({ length: spans.length / 2 }, (_, i) => payload.toString("utf8", spans[2 * i], spans[2 * i + 1])),
  };
}

function areUtf8(payload: Buffer, spans: Spans): boolean {
  // Before and behind each text stands a byte of ASCII, so that all are valid if the whole stretch is.
  if (isUtf8(payload.subarray(spans[0], spans.at(-1)))) return true;
  for (let i = 0; i < spans.length; i += 2) if (!isUtf8(payload.subarray(spans[i], spans[i + 1]))) return false;
  return true;
}

/** @throws HiveWatchError `malformed` for a time that events can't have */
function checkTimes(view: DataView, spans: Spans): void {
  let event = 0;
  for (let i = 0; i < spans.length; i += 2) {
    const end = spans[i + 1] ?? 0;
    for (let at = spans[i] ?? 0; at < end; at += 8, event++) {
      const time = timeAt(view, at);
      if (time < TIME_LIMIT_US) continue;
      throw malformed(`timestamp_us of event ${event} must be microseconds since 1970, but it is ${time}`);
    }
  }
}

function readTimes(view: DataView, spans: Spans, count: number): Float64Array {
  const times = new Float64Array(count);
  let event = 0;
  for (let i = 0; i < spans.length; i += 2) {
    const end = spans[i + 1] ?? 0;
    for (let at = spans[i] ?? 0; at < end; at += 8) times[event++] = timeAt(view, at);
  }
  return times;
}

function timeAt(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true);
}

/** The pieces in one, as a copy: a list of numbers must begin at a multiple of 8 bytes. */
function copied(view: DataView, spans: Spans, length: number): ArrayBuffer {
  const bytes = new Uint8Array(length);
  let filled = 0;
  for (let i = 0; i < spans.length; i += 2) {
    const start = spans[i] ?? 0;
    const piece = new Uint8Array(view.buffer, view.byteOffset + start, (spans[i + 1] ?? 0) - start);
    bytes.set(piece, filled);
    filled += piece.length;
  }
  return bytes.buffer;
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
