import { getOrAdd } from "../data/get-or-add.ts";
import { CLIENT_STATUSES, STATUS_CODES, STATUS_LABELS } from "../data/statuses.ts";
import { numbersOf } from "../data/table-fields.ts";
import { roundShare } from "../data/tally-fields.ts";
import { foldText } from "./fold-text.ts";
import { parseNumber } from "./parse-number.ts";
import { isComparison } from "./parse-query.ts";
import type { Condition, Operand, Operator, Query, Word } from "./query.ts";
import { fieldNamed, type SearchSource } from "./search-source.ts";

/** By index of the client: 1 for those that are meant, else 0. */
export type Matches = Uint8Array;

/** Which clients meet all terms of a query; undefined: it has none, so all do. */
export function matchClients({ terms }: Query, source: SearchSource): Matches | undefined {
  if (terms.length === 0) return undefined;
  const matches = new Uint8Array(source.clients.ids.length).fill(1);
  for (const term of terms) {
    const found = term.kind === "word" ? matchWord(term, source) : matchCondition(term, source);
    const wanted = term.negated ? 0 : 1;
    for (let client = 0; client < matches.length; client++) if (found[client] !== wanted) matches[client] = 0;
  }
  return matches;
}

function matchWord({ text }: Word, source: SearchSource): Matches {
  const isMeant = containing([{ text, quoted: true }]);
  const found = new Uint8Array(source.clients.ids.length);
  markTexts(found, foldedIds(source.clients.ids), isMeant);
  markTexts(found, source.clients.city, remembered(isMeant));
  markTexts(found, source.clients.country, remembered(isMeant));
  markStatuses(found, source, isMeant);
  return found;
}

function matchCondition(condition: Condition, source: SearchSource): Matches {
  const { operator, values } = condition;
  const field = fieldNamed(condition.field);
  const found = new Uint8Array(source.clients.ids.length);
  if (!isComparison(operator)) {
    const isMeant = textTest(operator, values);
    if (field === "client_id") markTexts(found, foldedIds(source.clients.ids), isMeant);
    else if (field === "status")
      markStatuses(found, source, textTest(operator === "!=" ? "=" : operator, values), operator === "!=");
    else if (field === "city") markTexts(found, source.clients.city, remembered(isMeant));
    else if (field === "country") markTexts(found, source.clients.country, remembered(isMeant));
    else markValues(found, source, field, isMeant);
  }
  markNumbers(found, source, field, numberTest(operator, values));
  if (operator !== "!=") markMissing(found, source, field, values);
  return found;
}

type TextTest = (folded: string) => boolean;
type NumberTest = (value: number) => boolean;

function textTest(operator: Operator, values: readonly Operand[]): TextTest {
  if (operator === ":") return containing(values);
  const wanted = new Set(values.map(({ text }) => foldText(text)));
  return operator === "!=" ? (folded) => !wanted.has(folded) : (folded) => wanted.has(folded);
}

function containing(values: readonly Operand[]): TextTest {
  const wanted = values.map(({ text }) => foldText(text));
  const [only] = wanted;
  if (only !== undefined && wanted.length === 1) return (folded) => folded.includes(only);
  return (folded) => wanted.some((text) => folded.includes(text));
}

function numberTest(operator: Operator, values: readonly Operand[]): NumberTest {
  const numbers = values.map(({ text }) => parseNumber(text)).filter((number) => number !== undefined);
  const first = numbers[0] ?? Number.NaN;
  switch (operator) {
    case "<":
      return (value) => value < first;
    case "<=":
      return (value) => value <= first;
    case ">":
      return (value) => value > first;
    case ">=":
      return (value) => value >= first;
    case "!=":
      return (value) => !numbers.some((number) => isSame(number, value));
    default:
      return (value) => numbers.some((number) => isSame(number, value));
  }
}

function isSame(one: number, other: number): boolean {
  return one === other || (Number.isNaN(one) && Number.isNaN(other));
}

/** @param isMeant - is given text as `foldText` makes it */
function markTexts(found: Matches, texts: readonly (string | undefined)[], isMeant: TextTest): void {
  for (let client = 0; client < found.length; client++) {
    const text = texts[client];
    if (text !== undefined && found[client] === 0 && isMeant(text)) found[client] = 1;
  }
}

/** Folds each text, and asks about each but once: many clients have the same. */
function remembered(isMeant: TextTest): TextTest {
  const known = new Map<string, boolean>();
  return (text) => {
    return getOrAdd(known, text, () => isMeant(foldText(text)));
  };
}

function markStatuses(found: Matches, { table }: SearchSource, isMeant: TextTest, others = false): void {
  const meant = CLIENT_STATUSES.map(
    (status) => (isMeant(status) || isMeant(foldText(STATUS_LABELS[status]))) !== others,
  );
  const isIdleMeant = meant[STATUS_CODES.idle] === true;
  if (isIdleMeant) {
    for (let client = 0; client < found.length; client++) if ((table?.rowOf[client] ?? -1) < 0) found[client] = 1;
  }
  if (table === undefined) return;
  for (let row = 0; row < table.rows; row++) {
    if (meant[table.status[row] ?? STATUS_CODES.idle] === true) mark(found, table.clients[row]);
  }
}

function markValues(found: Matches, { table }: SearchSource, field: string, isMeant: TextTest): void {
  const column = table?.columns.get(field)?.values;
  if (table === undefined || column === undefined) return;
  const meant = column.values.map((value) => isMeant(foldText(typeof value === "string" ? value : String(value))));
  for (let row = 0; row < table.rows; row++) {
    if (meant[column.codes[row] ?? -1] === true) mark(found, table.clients[row]);
  }
}

function markNumbers(found: Matches, source: SearchSource, field: string, isMeant: NumberTest): void {
  const ofClients = clientNumbers(source, field);
  if (ofClients !== undefined) {
    for (let client = 0; client < found.length; client++) {
      const value = ofClients(client);
      if (value !== undefined && isMeant(value)) found[client] = 1;
    }
    return;
  }
  const { table } = source;
  const column = table === undefined ? undefined : numbersOf(table, field);
  if (table === undefined || column === undefined) return;
  const { numbers, present } = column;
  for (let row = 0; row < table.rows; row++) {
    if ((present === undefined || present[row] === 1) && isMeant(numbers[row] ?? 0)) mark(found, table.clients[row]);
  }
}

/** The numbers of fields that are known of every client, whatever the round. */
function clientNumbers(
  { clients, tally }: SearchSource,
  field: string,
): ((client: number) => number | undefined) | undefined {
  const counts = {
    round_share: tally.completed,
    dropouts: tally.dropouts,
    failures: tally.failures,
    stragglers: tally.stragglers,
    last_result: tally.lastResult,
    lat: clients.lat,
    lng: clients.lng,
  };
  if (!isKey(counts, field)) return undefined;
  const numbers = counts[field];
  if (field === "round_share") return (client) => roundShare(tally, client);
  return (client) => {
    const value = numbers[client];
    return value === undefined || Number.isNaN(value) ? undefined : value;
  };
}

function isKey<T extends object>(record: T, name: string): name is Extract<keyof T, string> {
  return Object.hasOwn(record, name);
}

/** `field:none` means those that reported nothing under that name. */
function markMissing(found: Matches, source: SearchSource, field: string, values: readonly Operand[]): void {
  if (!values.some(({ text, quoted }) => !quoted && text === "none")) return;
  const has = new Uint8Array(found.length);
  if (field === "city" || field === "country") markTexts(has, source.clients[field], () => true);
  else {
    markValues(has, source, field, () => true);
    markNumbers(has, source, field, () => true);
  }
  for (let client = 0; client < found.length; client++) if (has[client] === 0) found[client] = 1;
}

function mark(found: Matches, client: number | undefined): void {
  if (client !== undefined && client < found.length) found[client] = 1;
}

const folded = new WeakMap<readonly string[], string[]>();

/** The ids as `foldText` makes them. Clients are only ever added. */
function foldedIds(ids: readonly string[]): readonly string[] {
  const known = folded.get(ids) ?? [];
  folded.set(ids, known);
  for (let client = known.length; client < ids.length; client++) known.push(foldText(ids[client] ?? ""));
  return known;
}
