import { create } from "@bufbuild/protobuf";
import {
  CLIENT_NUMBERS,
  CLIENT_TEXTS,
  type ClientMetrics,
  type HiveEvent,
  HiveWatchError,
  isoFromMicros,
  MAX_CLIENT_ID_LENGTH,
  microsFromIso,
  stringifyEvent,
} from "@hivewatch/core";
import { type BlockColumn, type ColumnBlock, isPresent, MAX_COLUMNS } from "./column-block.ts";
import { type Column, ColumnSchema, type Columns, ColumnsSchema } from "./gen/hivewatch/v1/batch_pb.ts";

const COLUMN_TYPES: ReadonlySet<string> = new Set(["client_update", "client_metric"]);
const COLUMN_FIELDS: ReadonlySet<string> = new Set(["event_type", "run_id", "timestamp", "round", "clients"]);

/**
 * Whether nothing of an event is lost in columns: telemetry of exactly one client, without fields of its own, and with
 * names and a time that columns can hold.
 */
export function fitsColumns(event: HiveEvent): boolean {
  if (!COLUMN_TYPES.has(event.event_type)) return false;
  if (!Array.isArray(event.clients) || event.clients.length !== 1) return false;
  if (!Object.keys(event).every((name) => COLUMN_FIELDS.has(name)) || !sameRound(event)) return false;
  const names = columnNames(event);
  return names.length <= MAX_COLUMNS && !names.includes("") && microsFromIso(event.timestamp) >= 0;
}

/** The names of the columns that an event needs. */
export function columnNames(event: HiveEvent): string[] {
  return [...new Set(["client_id", "round", ...Object.keys(clientOf(event))])];
}

function sameRound(event: HiveEvent): boolean {
  const inside = clientOf(event).round;
  return inside === undefined || inside === event.round;
}

function clientOf(event: HiveEvent): ClientMetrics {
  const [client] = Array.isArray(event.clients) ? event.clients : [];
  return client;
}

/** Turns events that {@link fitsColumns}, all of one type, on their side. Absent and null fields are left out. */
export function columnsFromEvents(events: readonly HiveEvent[]): Columns {
  const names = new Set<string>(["client_id", "round"]);
  const clients = events.map((event) => {
    const client = { ...clientOf(event), round: event.round };
    for (const name of Object.keys(client)) names.add(name);
    return client;
  });
  return create(ColumnsSchema, {
    eventType: events[0]?.event_type ?? "",
    timestampUs: events.map((event) => BigInt(microsFromIso(event.timestamp))),
    columns: [...names].flatMap((name) => columnsOf(name, clients)),
  });
}

/** The column of a field; none if no client has it. Numbers or texts if all values are, else JSON. */
function columnsOf(name: string, clients: readonly Record<string, unknown>[]): Column[] {
  const values = clients.map((client) => tellable(client, name));
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return [];
  const column = create(ColumnSchema, {
    name,
    present: known.length === values.length ? new Uint8Array() : bitmap(values),
  });
  const numbers = known.filter((value) => typeof value === "number");
  const texts = known.filter((value) => typeof value === "string");
  if (numbers.length === known.length) column.numbers = numbers;
  else if (texts.length === known.length) column.texts = texts;
  // There is no JSON of an object that has none to offer (`toJSON`).
  else column.json = known.map((value) => stringifyEvent(value) ?? "null");
  return [column];
}

/** What can be told of a field; never what the name means to every object, such as `constructor`. */
function tellable(client: Record<string, unknown>, name: string): unknown {
  const value = Object.hasOwn(client, name) ? client[name] : undefined;
  return value === null || typeof value === "function" || typeof value === "symbol" ? undefined : value;
}

function bitmap(values: readonly unknown[]): Uint8Array {
  const bits = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, i) => {
    if (value !== undefined) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
  });
  return bits;
}

/** Takes a block apart into one unchecked event each. */
export function eventsFromColumns(block: ColumnBlock, runId: string): Record<string, unknown>[] {
  const clients: Record<string, unknown>[] = Array.from(block.timestamps, () => ({}));
  for (const column of block.columns) {
    const values = valuesOf(column);
    let next = 0;
    clients.forEach((client, i) => {
      if (isPresent(column, i)) client[column.name] = values[next++];
    });
  }
  return clients.map((client, i) => ({
    event_type: block.eventType,
    run_id: runId,
    timestamp: isoFromMicros(block.timestamps[i] ?? 0),
    round: client.round ?? null,
    clients: [client],
  }));
}

/**
 * The values of a column, of those events that have one.
 *
 * @throws HiveWatchError `malformed` for JSON that is none
 */
function valuesOf(column: BlockColumn): ArrayLike<unknown> {
  if (column.kind === "numbers") return column.numbers;
  const texts = column.texts.decode();
  return column.kind === "texts" ? texts : texts.map((text) => parseJson(text, column.name));
}

/** @throws HiveWatchError `malformed` */
function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `column ${JSON.stringify(name)} holds text that is not JSON`;
    throw new HiveWatchError("malformed", message, { cause });
  }
}

/**
 * Whether a block is sure to hold events of the contract, as most do, judged by whole columns. Of one that may not, each
 * event must be looked at, and then it can be said which is wrong.
 */
export function areSurelyValid(block: ColumnBlock): boolean {
  if (!COLUMN_TYPES.has(block.eventType)) return false;
  const id = block.columns.find((column) => column.name === "client_id");
  return id !== undefined && id.present === undefined && block.columns.every(isSurelyValid);
}

function isSurelyValid(column: BlockColumn): boolean {
  const { name, kind } = column;
  if (kind === "numbers") {
    if (name === "client_id" || TEXTS.has(name)) return false;
    const isAllowed = BOUNDS.get(name);
    return isAllowed === undefined || column.every(isAllowed);
  }
  // In bytes, of which a text has no fewer than characters.
  if (name === "client_id")
    return kind === "texts" && column.texts.shortest > 0 && column.texts.longest <= MAX_CLIENT_ID_LENGTH;
  if (TEXTS.has(name) || kind === "texts") return kind === "texts" && !NUMBERS.has(name);
  return !NUMBERS.has(name) && column.texts.decode().every(isShallowJson);
}

/** Whether it is JSON, and nested no deeper than an event may be. */
function isShallowJson(text: string): boolean {
  try {
    JSON.parse(text);
  } catch {
    return false;
  }
  return text.split(/[[{]/, MAX_BRACKETS).length < MAX_BRACKETS;
}

/** Fewer than an event may be nested deep. */
const MAX_BRACKETS = 32;

const NUMBERS: ReadonlySet<string> = new Set(CLIENT_NUMBERS);
const TEXTS: ReadonlySet<string> = new Set(CLIENT_TEXTS);
const BOUNDS: ReadonlyMap<string, (value: number) => boolean> = new Map([
  ["round", (value) => Number.isSafeInteger(value) && value >= 0],
  ["lat", (value) => !(Math.abs(value) > 90)],
  ["lng", (value) => !(Math.abs(value) > 180)],
]);
