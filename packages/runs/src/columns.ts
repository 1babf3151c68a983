import { create } from "@bufbuild/protobuf";
import {
  type ClientMetrics,
  type HiveEvent,
  HiveWatchError,
  isoFromMicros,
  microsFromIso,
  stringifyEvent,
} from "@hivewatch/core";
import { type Column, ColumnSchema, type Columns, ColumnsSchema } from "./gen/hivewatch/v1/batch_pb.ts";

/** How many fields the events of one batch may have between them. More are refused: they would only fill memory. */
export const MAX_COLUMNS = 1000;

/** The end of the year 9999, behind which ISO 8601 has another form. */
const MAX_TIME_US = 253_402_300_799_999_999n;

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

/**
 * Takes columns apart into one unchecked event each.
 *
 * @throws HiveWatchError `malformed`, naming the column
 */
export function eventsFromColumns(columns: Columns, runId: string): Record<string, unknown>[] {
  const count = columns.timestampUs.length;
  if (columns.columns.length > MAX_COLUMNS) {
    throw malformed(`${columns.columns.length} columns are more than the ${MAX_COLUMNS} that are allowed`);
  }
  const clients: Record<string, unknown>[] = Array.from({ length: count }, () => ({}));
  const seen = new Set<string>();
  for (const column of columns.columns) {
    if (seen.has(column.name)) throw malformed(`column ${JSON.stringify(column.name)} is there twice`);
    seen.add(column.name);
    spread(column, clients);
  }
  return clients.map((client, i) => ({
    event_type: columns.eventType,
    run_id: runId,
    timestamp: timeOf(columns.timestampUs[i] ?? 0n, i),
    round: client.round ?? null,
    clients: [client],
  }));
}

function timeOf(micros: bigint, index: number): string {
  if (micros <= MAX_TIME_US) return isoFromMicros(Number(micros));
  throw malformed(`timestamp_us of event ${index} must be microseconds since 1970, but it is ${micros}`);
}

function spread(column: Column, clients: Record<string, unknown>[]): void {
  const values = valuesOf(column);
  const { name, present } = column;
  if (name === "" || name === "__proto__") throw malformed(`a column may not be named ${JSON.stringify(name)}`);
  let next = 0;
  clients.forEach((client, i) => {
    if (present.length > 0 && ((present[i >> 3] ?? 0) & (1 << (i & 7))) === 0) return;
    client[name] = values[next++];
  });
  if (next !== values.length) {
    throw malformed(`column ${JSON.stringify(name)} has ${values.length} values for ${next} events`);
  }
}

function valuesOf(column: Column): readonly unknown[] {
  const used = [column.numbers, column.texts, column.json].filter((values) => values.length > 0);
  const [values] = used;
  if (values === undefined || used.length !== 1) {
    throw malformed(`column ${JSON.stringify(column.name)} must use one of numbers, texts and json`);
  }
  if (values !== column.json) return values;
  return column.json.map((text) => {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw malformed(`column ${JSON.stringify(column.name)} holds text that is not JSON`, cause);
    }
  });
}

function malformed(message: string, cause?: unknown): HiveWatchError {
  return new HiveWatchError("malformed", message, { cause });
}
