import { CLIENT_STATUSES, STATUS_LABELS } from "../data/statuses.ts";
import { numbersOf } from "../data/table-fields.ts";
import { foldText } from "./fold-text.ts";
import type { Span } from "./query.ts";
import { quoteField, quoteValue } from "./quote.ts";
import { fieldNamed, OWN_FIELDS, type SearchSource } from "./search-source.ts";

/** What may stand in a part of the text. */
export interface Suggestion {
  /** What is put in the place of `span`. */
  readonly text: string;
  readonly span: Span;
  readonly label: string;
  /** What it means, or how many have it. */
  readonly note: string;
}

const MAX_SUGGESTIONS = 8;

/** So many clients are looked at for values to suggest. */
const MAX_LOOKED_AT = 200_000;

const NOTES: Readonly<Record<string, string>> = {
  id: "who",
  status: "how it stands in the round",
  city: "where",
  country: "where",
  round_share: "share of all rounds with a result",
  staleness: "rounds behind",
  dropouts: "how often",
  failures: "how often",
  stragglers: "how often slow",
  last_result: "newest round with a result",
};

/**
 * What may be meant by the piece of the text that ends at `caret`: a field's name, or one of its values.
 *
 * @param metrics - the fields with numbers that the run has
 */
export function suggest(text: string, caret: number, source: SearchSource, metrics: readonly string[]): Suggestion[] {
  const start = startOfPiece(text, caret);
  const piece = text.slice(start, caret);
  const found = /^(-?)(?:"((?:[^"\\]|\\.)*)"|([^\s:=<>!"]*))(:|!=|<=|>=|=|<|>)(.*)$/s.exec(piece);
  if (found === null) return suggestFields(piece, start, caret, source, metrics);
  const [, , quoted, bare, , behind = ""] = found;
  const typed = behind.slice(behind.lastIndexOf(",") + 1);
  const field = fieldNamed(quoted === undefined ? (bare ?? "") : quoted.replaceAll(/\\(.)/gs, "$1"));
  const span = { start: caret - typed.length, end: caret };
  const wanted = foldText(typed.replace(/^"/, ""));
  const fitting = valuesOf(field, source).filter(({ value }) => foldText(value).includes(wanted) && value !== typed);
  return beginningFirst(fitting, wanted, ({ value }) => value).map(({ value, note }) => ({
    text: `${quoteValue(value)} `,
    span,
    label: value,
    note,
  }));
}

/** Those that begin with what was typed come before those that have it somewhere. */
function beginningFirst<T>(fitting: readonly T[], wanted: string, textOf: (one: T) => string): T[] {
  const begins = (one: T): number => Number(foldText(textOf(one)).startsWith(wanted));
  return [...fitting].sort((a, b) => begins(b) - begins(a)).slice(0, MAX_SUGGESTIONS);
}

/** Where the piece begins that somebody is writing: behind the last space that isn't quoted. */
function startOfPiece(text: string, caret: number): number {
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < caret; at++) {
    if (text[at] === "\\" && isQuoted) at++;
    else if (text[at] === '"') isQuoted = !isQuoted;
    else if (!isQuoted && /\s/.test(text[at] ?? "")) start = at + 1;
  }
  return start;
}

function suggestFields(
  piece: string,
  start: number,
  end: number,
  { table }: SearchSource,
  metrics: readonly string[],
): Suggestion[] {
  const begin = piece.startsWith("-") ? start + 1 : start;
  const wanted = foldText(piece.slice(begin - start).replace(/^"/, ""));
  const names = new Set([...OWN_FIELDS, ...metrics, ...(table?.columns.keys() ?? [])]);
  if (names.has("base_round")) names.add("staleness");
  const isNumeric = (name: string): boolean => table !== undefined && numbersOf(table, name) !== undefined;
  const fitting = [...names].filter(
    (name) => !name.startsWith("_") && name !== "client_id" && foldText(name).includes(wanted),
  );
  return beginningFirst(fitting, wanted, (name) => name).map((name) => ({
    text: `${quoteField(name)}${isNumeric(name) ? "" : ":"}`,
    span: { start: begin, end },
    label: name,
    note: (Object.hasOwn(NOTES, name) ? NOTES[name] : undefined) ?? (isNumeric(name) ? "number" : ""),
  }));
}

interface Value {
  readonly value: string;
  readonly note: string;
}

function valuesOf(field: string, { clients, table }: SearchSource): Value[] {
  if (field === "status") return CLIENT_STATUSES.map((status) => ({ value: status, note: STATUS_LABELS[status] }));
  if (field === "city" || field === "country") return mostFrequent(clients[field]);
  const column = table?.columns.get(field)?.values;
  if (column === undefined) return [];
  return mostFrequent(Array.from(column.codes, (code) => textOf(column.values[code])));
}

function textOf(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value);
}

const counted = new WeakMap<readonly (string | undefined)[], { readonly length: number; readonly values: Value[] }>();

function mostFrequent(texts: readonly (string | undefined)[]): Value[] {
  const known = counted.get(texts);
  if (known?.length === texts.length) return known.values;
  const counts = new Map<string, number>();
  for (const text of texts.slice(0, MAX_LOOKED_AT)) {
    if (text !== undefined && text !== "") counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const values = [...counts].sort(([, a], [, b]) => b - a).map(([value, count]) => ({ value, note: String(count) }));
  counted.set(texts, { length: texts.length, values });
  return values;
}
