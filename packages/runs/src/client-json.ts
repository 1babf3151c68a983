import { CLIENT_NUMBERS, CLIENT_TEXTS } from "@hivewatch/core";
import type { MapFold } from "./map-fold.ts";
import { NUMBERS_AT_ONCE, numberTexts } from "./number-texts.ts";
import { MISSING, NUMBER, type PartColumn, type RoundPart, VALUE } from "./round-part.ts";

/** How many fields the contract has; they come first among a run's. */
const KNOWN = CLIENT_NUMBERS.length + CLIENT_TEXTS.length;
const ROUND = 0;

/** The clients of a part as objects with what is known of each, each as its JSON. */
export function* knownClients(fold: MapFold, part: RoundPart, round: number): Generator<string> {
  const members = membersOf(fold, part, () => "");
  // As in Python's files: a result says of which round it is.
  const rounds = part.columns[ROUND]?.kinds;
  const roundJson = `,${fold.fields.keys[ROUND]}${round}`;
  for (let row = 0; row < part.rows; row++) {
    const isMissing = rounds === undefined || rounds[row] === MISSING;
    const start = isMissing && (part.results[row] ?? 0) > 0 ? roundJson : "";
    yield clientJson(fold, part, row, start, members);
  }
}

/** Those clients of a part that sent a result, with null for what is not known of them. */
export function* fullClients(fold: MapFold, part: RoundPart, round: number): Generator<string> {
  const { keys } = fold.fields;
  const members = membersOf(fold, part, (field) => {
    if (field === ROUND) return `,${keys[field]}${round}`;
    return field < KNOWN ? `,${keys[field]}null` : "";
  });
  for (let row = 0; row < part.rows; row++) {
    if (part.results[row] !== 0) yield clientJson(fold, part, row, "", members);
  }
}

/** A field of the clients, or text that is the same in all of them. */
type Member = string | ((row: number) => string);

function clientJson(
  { clients }: MapFold,
  part: RoundPart,
  row: number,
  start: string,
  members: readonly Member[],
): string {
  let json = `{"client_id":${JSON.stringify(clients.ids.text(part.clients[row] ?? 0))}${start}`;
  for (const member of members) json += typeof member === "string" ? member : member(row);
  return `${json}}`;
}

/** @param fill - what stands for a field that has no value */
function membersOf({ fields }: MapFold, part: RoundPart, fill: (field: number) => string): Member[] {
  const members: Member[] = [];
  for (let field = 0; field < fields.names.length; field++) {
    const column = part.columns[field];
    const last = members.at(-1);
    if (column !== undefined) members.push(memberOf(column, `,${fields.keys[field]}`, fill(field)));
    else if (typeof last === "string") members[members.length - 1] = last + fill(field);
    else members.push(fill(field));
  }
  return members;
}

function memberOf(
  { kinds, numbers, codes, values }: PartColumn,
  key: string,
  missing: string,
): (row: number) => string {
  const members = values.texts.map((json) => key + json);
  const number = numberMember(numbers ?? NO_NUMBERS, key);
  return (row) => {
    const kind = kinds[row];
    if (kind === VALUE) return members[codes?.[row] ?? 0] ?? missing;
    return kind === NUMBER ? number(row) : missing;
  };
}

const NO_NUMBERS = new Float64Array();

/** Printing numbers is what takes longest here, and less so for some at a time. */
function numberMember(numbers: Float64Array, key: string): (row: number) => string {
  let start = -1;
  let texts: readonly string[] = [];
  return (row) => {
    const place = row % NUMBERS_AT_ONCE;
    if (row - place !== start) {
      start = row - place;
      texts = numberTexts(numbers.subarray(start, start + NUMBERS_AT_ONCE));
    }
    return key + (texts[place] ?? "");
  };
}
