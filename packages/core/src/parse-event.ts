import { describe } from "./describe.ts";
import { HiveWatchError } from "./errors.ts";
import {
  CLIENT_NUMBERS,
  CLIENT_TEXTS,
  type ClientMetrics,
  type HiveEvent,
  type OtherEvent,
  ROUND_NUMBERS,
  type RoundMetrics,
} from "./events.ts";
import { numberFromJson } from "./json.ts";
import { checkRunId } from "./run-id.ts";
import { copyFields, copyValue } from "./snapshot.ts";
import { microsFromIso } from "./time.ts";

/** The longest id of a client, in UTF-16 units. Longer ones are refused: they would only fill memory. */
export const MAX_CLIENT_ID_LENGTH = 256;

type Fields = Record<string, unknown>;

/**
 * Checks an event that came from outside, and returns it with the names `"NaN"`, `"Infinity"` and `"-Infinity"` in
 * metrics turned into numbers. Unknown types and fields are kept. What is returned shares nothing with the input.
 *
 * @throws HiveWatchError `invalid_event`, naming the field and its value; `invalid_run_id`
 */
export function parseEvent(value: unknown): HiveEvent {
  const fields = record(value, "an event");
  const type = fields.event_type;
  if (typeof type !== "string" || type === "" || type.length > 64) {
    throw invalid("event_type", type, "a word of up to 64 characters");
  }
  const event: OtherEvent = Object.assign(checkedFields(fields, type), {
    event_type: type,
    run_id: checkRunId(fields.run_id),
    timestamp: checkTime("timestamp", fields.timestamp ?? fields.started_at),
  });
  return Object.assign(event, KNOWN.get(type)?.(event));
}

/**
 * A copy, with the fields checked that mean the same in every type. Field by field, and nothing is spread here: each frozen
 * copy that Node 20 makes by spreading has a hidden class of its own, at which every reader is slow.
 */
function checkedFields(fields: Fields, type: string): Fields {
  const copy: Fields = {};
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (value === undefined || name === "__proto__") continue;
    copy[name] = checkedField(name, value, type);
  }
  return copy;
}

function checkedField(name: string, value: unknown, type: string): unknown {
  switch (name) {
    case "round":
      return checkRound(value, `${type}.round`);
    case "clients":
      return checkClients(value, type);
    case "round_metrics":
      return checkRoundMetrics(value);
    default:
      return copyValue(value, name);
  }
}

/** What each known type needs beyond the common fields, filled in where older writers left it out. */
const KNOWN: ReadonlyMap<string, (event: OtherEvent) => Fields> = new Map(
  Object.entries<(event: OtherEvent) => Fields>({
    init: (event) => ({
      started_at: checkTime("started_at", event.started_at ?? event.timestamp),
      algorithm: text("algorithm", event.algorithm ?? "unknown"),
      config: record(event.config ?? {}, "config"),
    }),
    server_metadata: (event) => ({ server: record(event.server ?? {}, "server") }),
    round_start: (event) => ({ round: needRound(event), ...optional("selected", event, clientIds) }),
    client_update: (event) => ({ round: event.round ?? null, clients: needClients(event) }),
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
    checkpoint: (event) => ({
      round: needRound(event),
      path: text("path", event.path),
      ...optional("metadata", event, (path, value) => record(value, path)),
    }),
    evaluation: (event) => ({
      round: needRound(event),
      source: text("source", event.source),
      metrics: numbersInside(record(event.metrics ?? {}, "metrics"), "metrics"),
    }),
    finished: (event) => ({ ...optional("status", event, checkStatus), ...optional("reason", event, text) }),
  }),
);

/** A field that may be missing; null is what some writers write then. */
function optional(name: string, event: Fields, check: (path: string, value: unknown) => unknown): Fields {
  const value = event[name];
  if (value === undefined) return {};
  return { [name]: value === null ? undefined : check(name, value) };
}

const STATUSES = ["completed", "failed", "aborted", "lost"];

function checkStatus(path: string, value: unknown): string {
  if (typeof value === "string" && STATUSES.includes(value)) return value;
  throw invalid(path, value, `one of ${STATUSES.join(", ")}`);
}

/**
 * Checks what a client reported: the id, and that known fields hold what they are for.
 *
 * @param path - how an error names the object
 * @throws HiveWatchError `invalid_event`
 */
export function checkClientMetrics(value: unknown, path = "client"): ClientMetrics {
  const fields = record(value, path);
  const client: Fields = {};
  for (const name of Object.keys(fields)) {
    if (name !== "__proto__") client[name] = checkedClientField(name, fields[name], path);
  }
  return Object.assign(client, { client_id: clientId(`${path}.client_id`, fields.client_id) });
}

function checkedClientField(name: string, value: unknown, path: string): unknown {
  const copy = typeof value === "number" ? value : copyValue(value, path, textToNumber, name);
  CLIENT_CHECKS.get(name)?.(copy, path, name);
  return copy;
}

type Check = (value: unknown, path: string, name: string) => void;

/** What known fields of a client hold, beside the id. */
const CLIENT_CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ...CLIENT_NUMBERS.map((name) => [name, checkNumber] as const),
  ...CLIENT_TEXTS.map((name) => [name, checkText] as const),
  ["round", (value, path, name) => value === undefined || checkRound(value, `${path}.${name}`)],
  ["lat", degrees(90)],
  ["lng", degrees(180)],
]);

/**
 * Checks what a server reported about a round.
 *
 * @throws HiveWatchError `invalid_event`
 */
export function checkRoundMetrics(value: unknown): RoundMetrics {
  const metrics: RoundMetrics = numbersInside(record(value, "round_metrics"), "round_metrics");
  for (const name of ROUND_NUMBERS) checkNumber(metrics[name], "round_metrics", name);
  record(metrics.algorithm_metadata ?? {}, "round_metrics.algorithm_metadata");
  return metrics;
}

/** A whole number from 0, or null for a value that belongs to no round. */
function checkRound(value: unknown, path: string): number | null {
  if (value === null) return null;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(path, value, "a whole number from 0");
}

function checkClients(value: unknown, type: string): ClientMetrics[] {
  if (!Array.isArray(value)) throw invalid("clients", value, "a list of objects");
  return value.map((each, index) => {
    const client = checkClientMetrics(each, `clients[${index}]`);
    // Who sends a result takes part.
    if (type === "client_update" && typeof client.status !== "string") client.status = "active";
    return client;
  });
}

function needClients(event: OtherEvent): ClientMetrics[] {
  if (event.clients === undefined) throw invalid("clients", undefined, "a list of objects");
  return event.clients;
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

function checkNumber(value: unknown, path: string, name: string): void {
  if (typeof value === "number" || value === undefined || value === null) return;
  throw invalid(`${path}.${name}`, value, "a number");
}

function checkText(value: unknown, path: string, name: string): void {
  if (typeof value === "string" || value === undefined || value === null) return;
  throw invalid(`${path}.${name}`, value, "text");
}

function degrees(limit: number): Check {
  return (value, path, name) => {
    checkNumber(value, path, name);
    // NaN is let through: it is no place, but the result that came with it counts.
    if (Math.abs(Number(value)) > limit) {
      throw invalid(`${path}.${name}`, value, `degrees from -${limit} to ${limit}`);
    }
  };
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

/** A copy in which the names of non-finite numbers are numbers. */
function numbersInside(fields: Fields, path: string): Fields {
  return copyFields(fields, path, textToNumber);
}

function textToNumber(name: string, value: unknown): unknown {
  return typeof value === "string" && !TEXT_FIELDS.has(name) ? (numberFromJson(value) ?? value) : value;
}

/** Names and places can't be mistaken for numbers. */
const TEXT_FIELDS: ReadonlySet<string> = new Set(["client_id", ...CLIENT_TEXTS]);

function invalid(path: string, value: unknown, wanted: string): HiveWatchError {
  const given = value === undefined ? "it is missing" : `it is ${describe(value)}`;
  return new HiveWatchError("invalid_event", `${path} must be ${wanted}, but ${given}`);
}
