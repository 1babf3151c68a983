import { CLIENT_NUMBERS, CLIENT_TEXTS } from "@hivewatch/core";
import type { MapFold } from "./map-fold.ts";
import { cellJson, type RoundPart } from "./round-part.ts";

/** How many fields the contract has; they come first among a run's. */
const KNOWN = CLIENT_NUMBERS.length + CLIENT_TEXTS.length;
const ROUND = 0;

/** The clients of a part as objects with what is known of each, each as its JSON. */
export function* knownClients(fold: MapFold, part: RoundPart, round: number): Generator<string> {
  for (let row = 0; row < part.rows; row++) {
    // As in Python's files: a result says of which round it is.
    yield clientJson(fold, part, row, (field) =>
      field === ROUND && (part.results[row] ?? 0) > 0 ? `${round}` : undefined,
    );
  }
}

/** Those clients of a part that sent a result, with null for what is not known of them. */
export function* fullClients(fold: MapFold, part: RoundPart, round: number): Generator<string> {
  for (let row = 0; row < part.rows; row++) {
    if (part.results[row] === 0) continue;
    yield clientJson(fold, part, row, (field) => (field === ROUND ? `${round}` : field < KNOWN ? "null" : undefined));
  }
}

/** @param fill - what stands for a field that has no value; undefined: nothing */
function clientJson(
  { clients, fields }: MapFold,
  part: RoundPart,
  row: number,
  fill: (field: number) => string | undefined,
): string {
  let json = `{"client_id":${JSON.stringify(clients.ids.text(part.clients[row] ?? 0))}`;
  for (let field = 0; field < fields.names.length; field++) {
    const column = part.columns[field];
    const value = (column && cellJson(column, row)) ?? fill(field);
    if (value !== undefined) json += `,${fields.keys[field]}${value}`;
  }
  return `${json}}`;
}
