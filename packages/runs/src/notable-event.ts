import { type HiveEvent, MAX_CLIENT_ID_LENGTH, stringifyEvent } from "@hivewatch/core";

/** What an event says beside who, when and in which round: for each client that it names a row with the same detail. */
export interface Notable {
  /** The clients that it names; undefined for an event that names none. */
  readonly clients: Iterable<string | undefined>;
  /** Its further fields as JSON; undefined: it has none. */
  readonly detail: string | undefined;
}

/** What these tell is in the rounds. */
const IN_ROUNDS: ReadonlySet<string> = new Set(["client_update", "client_metric", "round_start", "round_end"]);

/** These are about the run or a model, whomever they name. */
const OF_NO_CLIENT: ReadonlySet<string> = new Set(["init", "server_metadata", "checkpoint", "evaluation", "finished"]);

/** Whether an event is neither a client's result nor the beginning or end of a round. */
export function isNotable(event: HiveEvent): boolean {
  return !IN_ROUNDS.has(event.event_type);
}

/** What the table of what happened has of an event. */
export function notableOf(event: HiveEvent): Notable {
  const { run_id: _run, timestamp: _time, event_type: type, round: _round, ...fields } = event;
  if (OF_NO_CLIENT.has(type)) return { clients: [undefined], detail: detailOf(fields) };
  const { client_id: id, clients: named, ...others } = fields;
  const clients = new Set(Array.isArray(named) ? named.map(({ client_id }) => client_id) : []);
  if (isClientId(id)) clients.add(id);
  const detail = detailOf(id === undefined || isClientId(id) ? others : { client_id: id, ...others });
  return { clients: clients.size === 0 ? [undefined] : clients, detail };
}

function isClientId(id: unknown): id is string {
  return typeof id === "string" && id !== "" && id.length <= MAX_CLIENT_ID_LENGTH;
}

/** The longest text in a detail, and how long its JSON becomes before the rest is left out. */
const MAX_TEXT_CHARS = 1000;
const MAX_DETAIL_CHARS = 4000;
const CUT = "…";

function detailOf(fields: Record<string, unknown>): string | undefined {
  const json = stringifyEvent(fields);
  if (json === "{}") return undefined;
  if (json.length <= MAX_TEXT_CHARS) return json;
  return JSON.stringify(shortened(JSON.parse(json), { left: MAX_DETAIL_CHARS }));
}

/** How many characters there still is room for. */
interface Room {
  left: number;
}

function shortened(value: unknown, room: Room): unknown {
  if (Array.isArray(value)) return shortList(value, room);
  if (typeof value === "object" && value !== null) return shortFields({ ...value }, room);
  const short = typeof value === "string" ? shortText(value) : value;
  room.left -= JSON.stringify(short).length;
  return short;
}

function shortText(text: string): string {
  // Not between the two halves of one character.
  return text.length <= MAX_TEXT_CHARS
    ? text
    : `${text.slice(0, MAX_TEXT_CHARS).replace(/[\ud800-\udbff]$/, "")}${CUT}`;
}

function shortList(list: readonly unknown[], room: Room): unknown[] {
  const short: unknown[] = [];
  for (const item of list) {
    if (room.left <= 0) return [...short, CUT];
    short.push(shortened(item, room));
    room.left--;
  }
  return short;
}

function shortFields(fields: Record<string, unknown>, room: Room): Record<string, unknown> {
  const short: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    room.left -= name.length + 4;
    if (room.left <= 0) return { ...short, [CUT]: CUT };
    short[name] = shortened(fields[name], room);
  }
  return short;
}
