import { HiveWatchError } from "./errors.ts";
import { parseLenientJson } from "./json.ts";
import { checkRoundMetrics } from "./parse-event.ts";
import type { RunState, RunStatus } from "./run-state.ts";

/** Where a part stands in the frames: its first byte, and how many it has, compressed. */
export type MapPlace = readonly [offset: number, length: number];

/** A round in the head of map schema 2. */
export interface MapHeadRound {
  readonly round: number;
  /** How many clients it has: the rows of its parts. */
  readonly clients: number;
  /** How many of them, the last ones, were asked and of whom nothing has been heard. */
  readonly silent: number;
  /** In order of rows; each but the last has `part_rows` rows. */
  readonly parts: readonly MapPlace[];
  readonly started_at: string | null;
  readonly ended_at: string | null;
  /** How many clients were asked, where the framework knows. */
  readonly selected: number | null;
  /** The names of those figures that the server reported; the others are derived. */
  readonly reported: readonly string[];
  /** The figures of `summarizeRound`. */
  readonly figures: Readonly<Record<string, unknown>>;
}

/** The head of a run's map in schema 2: the file `<run_id>.map2.json` (docs/map-format.md). */
export interface MapHead {
  readonly schema_version: 2;
  readonly run_id: string;
  readonly algorithm: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly status: RunStatus;
  readonly status_reason: string | null;
  readonly server: Readonly<Record<string, unknown>> | null;
  readonly last_event_at: string | null;
  readonly num_events: number;
  /** How far into the run's log it goes; into its JSON lines, in bytes, if it was made from them. */
  readonly position: number;
  /** How long the run's JSON lines are up to there; null if it was made from them. */
  readonly jsonl_bytes: number | null;
  /** The file with the frames: its own id, and how much of it counts. */
  readonly frames: { readonly id: string; readonly bytes: number };
  /** How many rows a part has at most. */
  readonly part_rows: number;
  /** The names of clients' fields that occur in the run, and those of the contract. */
  readonly fields: readonly string[];
  readonly clients: { readonly count: number; readonly parts: readonly MapPlace[] };
  /** What happened beside results and rounds: how many rows, and where they stand, in order of arrival. */
  readonly notable: { readonly count: number; readonly parts: readonly MapPlace[] };
  /** By number, ascending. */
  readonly rounds: readonly MapHeadRound[];
}

/**
 * Reads a head.
 *
 * @throws HiveWatchError `malformed`
 */
export function parseMapHead(text: string): MapHead {
  try {
    return headOf(record(parseLenientJson(text)));
  } catch (cause) {
    throw new HiveWatchError("malformed", `this is no head of a map in schema 2: ${String(cause)}`, { cause });
  }
}

/**
 * Reads the entry of one round.
 *
 * @throws HiveWatchError `malformed`
 */
export function parseMapHeadRound(text: string): MapHeadRound {
  try {
    const places = (value: unknown): MapPlace[] => list(value).map((place) => placeOf(place, Number.MAX_SAFE_INTEGER));
    return roundOf(record(parseLenientJson(text)), places);
  } catch (cause) {
    throw new HiveWatchError("malformed", `this is no round of a map in schema 2: ${String(cause)}`, { cause });
  }
}

/** What a head tells of the run itself, in place. Its rounds and clients are in the frames, and the run keeps its id. */
export function takeMapHead(run: RunState, head: MapHead): void {
  Object.assign(run, {
    algorithm: head.algorithm,
    config: { ...head.config },
    startedAt: head.started_at ?? undefined,
    finishedAt: head.finished_at ?? undefined,
    status: head.status,
    statusReason: head.status_reason ?? undefined,
    server: head.server === null ? undefined : { ...head.server },
    lastEventAt: head.last_event_at ?? undefined,
    eventCount: head.num_events,
  });
}

type Fields = Readonly<Record<string, unknown>>;

const STATUSES: readonly RunStatus[] = ["running", "completed", "failed", "aborted", "lost"];

function headOf(head: Fields): MapHead {
  if (head.schema_version !== 2) throw new TypeError(`its schema_version is ${String(head.schema_version)}`);
  const frames = record(head.frames);
  const clients = record(head.clients);
  const notable = record(head.notable ?? { count: 0, parts: [] });
  const end = whole(frames.bytes);
  const places = (value: unknown): MapPlace[] => list(value).map((place) => placeOf(place, end));
  return {
    schema_version: 2,
    run_id: text(head.run_id),
    algorithm: text(head.algorithm),
    config: record(head.config),
    started_at: textOrNull(head.started_at),
    finished_at: textOrNull(head.finished_at),
    status: STATUSES.find((status) => status === head.status) ?? "running",
    status_reason: textOrNull(head.status_reason),
    server: head.server === null ? null : record(head.server),
    last_event_at: textOrNull(head.last_event_at),
    num_events: whole(head.num_events),
    position: whole(head.position),
    jsonl_bytes: head.jsonl_bytes === null ? null : whole(head.jsonl_bytes),
    frames: { id: text(frames.id), bytes: end },
    part_rows: whole(head.part_rows),
    fields: list(head.fields).map(text),
    clients: { count: whole(clients.count), parts: places(clients.parts) },
    notable: { count: whole(notable.count), parts: places(notable.parts) },
    rounds: list(head.rounds).map((round) => roundOf(record(round), places)),
  };
}

function roundOf(round: Fields, places: (value: unknown) => MapPlace[]): MapHeadRound {
  return {
    round: whole(round.round),
    clients: whole(round.clients),
    silent: whole(round.silent ?? 0),
    parts: places(round.parts),
    started_at: textOrNull(round.started_at),
    ended_at: textOrNull(round.ended_at),
    selected: round.selected === null ? null : whole(round.selected),
    reported: list(round.reported).map(text),
    figures: checkRoundMetrics(round.figures),
  };
}

function placeOf(value: unknown, end: number): MapPlace {
  const [offset, length] = list(value).map(whole);
  if (offset === undefined || length === undefined || offset + length > end) {
    throw new TypeError("a part stands behind the end of the frames");
  }
  return [offset, length];
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError(`${String(value)} is not text`);
}

function textOrNull(value: unknown): string | null {
  return value === null ? null : text(value);
}

function whole(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`${String(value)} is not a whole number`);
}

function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError("a list is missing");
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new TypeError("an object is missing");
}
