import { checkClientMetrics, createRunState, isoFromMicros, parseEvent, stringifyEvent } from "@hivewatch/core";
import { type BlockColumn, type ColumnBlock, isPresent } from "./column-block.ts";
import { areSurelyValid, eventsFromColumns } from "./columns.ts";
import { EMPTY_CLIENT, jsonlLines } from "./jsonl-line.ts";
import { NUMBERS_AT_ONCE, numberText, numberTexts } from "./number-texts.ts";

/** How many lines are put together at a time: few enough that what they are made of is soon forgotten. */
const LINES_AT_ONCE = 64;

/**
 * The lines of `<run_id>.jsonl` for a block of `client_update` or `client_metric`, some at a time: those that `jsonlLines`
 * makes of its events, without making the events.
 *
 * @throws HiveWatchError as `parseEvent`, of a block that no bridge would have taken
 */
export function* columnLines(block: ColumnBlock, runId: string): Generator<string> {
  if (!areSurelyValid(block)) return yield linesOfEvents(block, runId);
  const pieces = lineOf(block, runId);
  const count = block.count;
  for (let start = 0; start < count; start += LINES_AT_ONCE) {
    let lines = "";
    for (let i = start; i < Math.min(count, start + LINES_AT_ONCE); i++) {
      for (const piece of pieces) lines += typeof piece === "string" ? piece : piece(i);
    }
    yield lines;
  }
}

function linesOfEvents(block: ColumnBlock, runId: string): string {
  const state = createRunState(runId);
  return eventsFromColumns(block, runId)
    .map((event) => jsonlLines(parseEvent(event), state))
    .join("");
}

/** The JSON of event `i` in one place of the line. To be asked for each event once, in their order. */
type Cell = (i: number) => string;

/** A line, from its beginning to its end: text that is the same in each, and what differs. */
type Piece = string | Cell;

function lineOf(block: ColumnBlock, runId: string): Piece[] {
  const { eventType, timestamps } = block;
  const round = block.columns.find((column) => column.name === "round");
  return joined([
    `{"event_type":${JSON.stringify(eventType)},"run_id":${JSON.stringify(runId)},"timestamp":"`,
    timeCell(timestamps),
    '","round":',
    ...fieldOf("", "", round, "null"),
    ',"clients":[{',
    ...clientOf(block),
    "}]}\n",
  ]);
}

/** What is between the braces of the one client. */
function clientOf({ eventType, columns }: ColumnBlock): Piece[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const filled = eventType === "client_update" ? FILLED : NOTHING;
  // In the order of an object's keys, since that is what the events' lines are made from.
  const names = Object.keys({ ...Object.fromEntries(filled), ...Object.fromEntries(byName) });
  const idPlace = names.indexOf("client_id");
  return names.flatMap((name, place) => {
    const key = `${place > idPlace ? "," : ""}${JSON.stringify(name)}:`;
    return fieldOf(key, place < idPlace ? "," : "", byName.get(name), filled.get(name));
  });
}

/** What Python hivewatch writes of a field that a client did not report. */
const FILLED: ReadonlyMap<string, string> = new Map(
  Object.keys(EMPTY_CLIENT).map((name) => [name, name === "status" ? '"active"' : "null"]),
);
const NOTHING: ReadonlyMap<string, string> = new Map();

/** @param fill - what stands where no value is; undefined: nothing, not even the name */
function fieldOf(key: string, end: string, column: BlockColumn | undefined, fill: string | undefined): Piece[] {
  if (column === undefined) return [key, fill ?? "null", end];
  const next = valuesOf(column);
  if (column.present === undefined) return [key, next, end];
  if (fill === undefined) return [(i) => (isPresent(column, i) ? key + next() + end : "")];
  return [key, (i) => (isPresent(column, i) ? next() : fill), end];
}

/** The JSON of a column's values, one after the other. */
function valuesOf(column: BlockColumn): () => string {
  if (column.kind === "numbers") return numbersOf(column.numbers);
  let at = 0;
  const texts = column.texts.decode();
  if (column.kind === "texts") return () => JSON.stringify(texts[at++]);
  return () => valueJson(column.name, texts[at++] ?? "null");
}

/** Many fields are the same for a whole round, and printing a number is what takes longest here. */
function numbersOf(numbers: Float64Array): () => string {
  const first = numbers[0] ?? 0;
  if (numbers.every((value) => value === first)) {
    const text = numberText(first);
    return () => text;
  }
  let at = 0;
  let texts: readonly string[] = [];
  return () => {
    const place = at % NUMBERS_AT_ONCE;
    if (place === 0) texts = numberTexts(numbers.subarray(at, at + NUMBERS_AT_ONCE));
    at++;
    return texts[place] ?? "";
  };
}

/** Of a value that is neither number nor text: what is left of it once it was checked. */
function valueJson(name: string, text: string): string {
  const client = checkClientMetrics({ client_id: "any", [name]: JSON.parse(text) });
  return stringifyEvent(client[name]);
}

/** Most events of a block are of the same second, whose text is worth keeping. */
function timeCell(timestamps: Float64Array): Cell {
  let second = -1;
  let clock = "";
  return (i) => {
    const micros = timestamps[i] ?? 0;
    const rest = micros % 1_000_000;
    if (micros - rest !== second) {
      second = micros - rest;
      clock = isoFromMicros(second).slice(0, "2026-11-23T07:43:20.".length);
    }
    return `${clock}${String(rest).padStart(6, "0")}+00:00`;
  };
}

/** With neighbouring texts made one. */
function joined(pieces: readonly Piece[]): Piece[] {
  const all: Piece[] = [];
  for (const piece of pieces) {
    const last = all.at(-1);
    if (typeof piece === "string" && typeof last === "string") all[all.length - 1] = last + piece;
    else all.push(piece);
  }
  return all;
}
