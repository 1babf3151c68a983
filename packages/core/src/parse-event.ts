import { HiveWatchError } from "./errors.ts";
import {
  CLIENT_NUMBERS,
  CLIENT_TEXTS,
  type ClientMetrics,
  type HiveEvent,
  ROUND_NUMBERS,
  type RoundMetrics,
} from "./events.ts";
import { numberFromJson } from "./json.ts";
import { checkRunId, describe } from "./run-id.ts";
import { microsFromIso } from "./time.ts";

/** The longest id of a client, in UTF-16 units. Longer ones are refused: they would only fill memory. */
export const MAX_CLIENT_ID_LENGTH = 256;

type Fields = Record<string, unknown>;

/**
 * Checks an event that came from outside, and returns it with the names `"NaN"`, `"Infinity"` and `"-Infinity"` in
 * metrics turned into numbers. Unknown types and fields are kept. The input is not changed.
 *
 * @throws HiveWatchError `invalid_event`, naming the field and its value; `invalid_run_id`
 */
export function parseEvent(value: unknown): HiveEvent {
  const fields = record(value, "an event");
  const type = fields.event_type;
  if (typeof type !== "string" || type === "" || type.length > 64) {
    throw invalid("event_type", type, "a word of up to 64 characters");
  }
  const event: HiveEvent = {
    ...fields,
    event_type: type,
    run_id: checkRunId(fields.run_id),
    timestamp: checkTime("timestamp", fields.timestamp ?? fields.started_at),
  };
  if (fields.round !== undefined) event.round = checkRound(fields.round, type);
  if (fields.clients !== undefined) event.clients = checkClients(fields.clients);
  if (fields.round_metrics !== undefined) event.round_metrics = checkRoundMetrics(fields.round_metrics);
  return REQUIRED[type] === undefined ? event : { ...event, ...REQUIRED[type](event) };
}

/** What each known type needs beyond the common fields, filled in where older writers left it out. */
const REQUIRED: Record<string, (event: Fields) => Fields> = {
  init: (event) => ({
    started_at: checkTime("started_at", event.started_at ?? event.timestamp),
    algorithm: text("algorithm", event.algorithm ?? "unknown"),
    config: record(event.config ?? {}, "config"),
  }),
  server_metadata: (event) => ({ server: record(event.server ?? {}, "server") }),
  round_start: (event) => ({
    round: needRound(event),
    ...(event.selected === undefined ? {} : { selected: clientIds("selected", event.selected) }),
  }),
  client_update: (event) => ({ round: event.round ?? null, clients: needClients(event).map(activeUnlessSaid) }),
  client_metric: (event) => ({ round: event.round ?? null, clients: needClients(event) }),
  client_dropout: (event) => ({ round: needRound(event), clients: needClients(event), reason: reason(event) }),
  comm_failure: (event) => ({
    round: needRound(event),
    client_id: clientId("client_id", event.client_id),
    reason: reason(event),
  }),
  client_recovered: (event) => ({ round: needRound(event), client_id: clientId("client_id", event.client_id) }),
  round_end: (event) => ({
    round: needRound(event),
    round_metrics: event.round_metrics ?? {},
    clients: event.clients ?? [],
  }),
  checkpoint: (event) => ({ round: needRound(event), path: text("path", event.path) }),
  evaluation: (event) => ({
    round: needRound(event),
    source: text("source", event.source),
    metrics: numbersInside(record(event.metrics ?? {}, "metrics")),
  }),
  finished: (event) =>
    event.status === undefined || event.status === null ? {} : { status: checkStatus(event.status) },
};

const STATUSES = ["completed", "failed", "aborted", "lost"];

function checkStatus(value: unknown): string {
  if (typeof value === "string" && STATUSES.includes(value)) return value;
  throw invalid("status", value, `one of ${STATUSES.join(", ")}`);
}

/**
 * Checks what a client reported: the id, and that known fields hold what they are for.
 *
 * @param path - how an error names the object
 * @throws HiveWatchError `invalid_event`
 */
export function checkClientMetrics(value: unknown, path = "client"): ClientMetrics {
  const fields = record(value, path);
  const client: ClientMetrics = {
    ...numbersInside(fields),
    client_id: clientId(`${path}.client_id`, fields.client_id),
  };
  for (const name of CLIENT_NUMBERS) checkNumber(client, name, path);
  for (const name of CLIENT_TEXTS) {
    const given = client[name];
    if (given !== undefined && given !== null && typeof given !== "string") {
      throw invalid(`${path}.${name}`, given, "text");
    }
  }
  checkRange(client.lat, 90, `${path}.lat`);
  checkRange(client.lng, 180, `${path}.lng`);
  return client;
}

/**
 * Checks what a server reported about a round.
 *
 * @throws HiveWatchError `invalid_event`
 */
export function checkRoundMetrics(value: unknown): RoundMetrics {
  const metrics: RoundMetrics = numbersInside(record(value, "round_metrics"));
  for (const name of ROUND_NUMBERS) checkNumber(metrics, name, "round_metrics");
  return metrics;
}

/**
 * Checks the number of a round: a whole number from 0, or null for a value that belongs to no round.
 *
 * @throws HiveWatchError `invalid_event`
 */
export function checkRound(value: unknown, where: string): number | null {
  if (value === null) return null;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(`${where}.round`, value, "a whole number from 0");
}

function checkClients(value: unknown): ClientMetrics[] {
  if (!Array.isArray(value)) throw invalid("clients", value, "a list of objects");
  return value.map((client, index) => checkClientMetrics(client, `clients[${index}]`));
}

function needClients(event: { clients?: ClientMetrics[] }): ClientMetrics[] {
  if (event.clients === undefined) throw invalid("clients", undefined, "a list of objects");
  return event.clients;
}

/** Who sends a result takes part. */
function activeUnlessSaid(client: ClientMetrics): ClientMetrics {
  return typeof client.status === "string" ? client : { ...client, status: "active" };
}

function needRound(event: Fields): unknown {
  if (event.round === undefined || event.round === null) throw invalid("round", event.round, "a whole number from 0");
  return event.round;
}

function clientIds(path: string, value: unknown): string[] {
  if (!Array.isArray(value)) throw invalid(path, value, "a list of client ids");
  return value.map((id, index) => clientId(`${path}[${index}]`, id));
}

function clientId(path: string, value: unknown): string {
  // Python hivewatch takes numbers as ids and writes them as they are.
  const id = typeof value === "number" ? String(value) : value;
  if (typeof id === "string" && id !== "" && id.length <= MAX_CLIENT_ID_LENGTH) return id;
  throw invalid(path, value, `text of 1 to ${MAX_CLIENT_ID_LENGTH} characters`);
}

function checkNumber(fields: Fields, name: string, path: string): void {
  const value = fields[name];
  if (value === undefined || value === null || typeof value === "number") return;
  throw invalid(`${path}.${name}`, value, "a number");
}

function checkRange(value: number | null | undefined, limit: number, path: string): void {
  if (value === undefined || value === null || (value >= -limit && value <= limit)) return;
  throw invalid(path, value, `degrees from -${limit} to ${limit}`);
}

function checkTime(path: string, value: unknown): string {
  if (typeof value === "string" && !Number.isNaN(microsFromIso(value))) return value;
  throw invalid(path, value, "an ISO 8601 time like 2026-11-23T07:43:20.337352+00:00");
}

function reason(event: Fields): string {
  return event.reason === undefined || event.reason === null ? "unknown" : text("reason", event.reason);
}

function text(path: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw invalid(path, value, "text");
}

function record(value: unknown, path: string): Fields {
  if (isRecord(value)) return value;
  throw invalid(path, value, "an object");
}

function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A copy in which the names of non-finite numbers are numbers. Names and places can't be mistaken for them. */
function numbersInside(fields: Fields): Fields {
  const copy: Fields = {};
  for (const [name, value] of Object.entries(fields)) {
    if (name === "__proto__") continue; // assigning it would change the object's prototype
    copy[name] = typeof value === "string" && !TEXT_FIELDS.has(name) ? (numberFromJson(value) ?? value) : value;
  }
  return copy;
}

const TEXT_FIELDS: ReadonlySet<string> = new Set(["client_id", ...CLIENT_TEXTS]);

function invalid(path: string, value: unknown, wanted: string): HiveWatchError {
  const given = value === undefined ? "it is missing" : `it is ${describe(value)}`;
  return new HiveWatchError("invalid_event", `${path} must be ${wanted}, but ${given}`);
}
