import { parseNumber } from "./parse-number.ts";
import {
  type Condition,
  OPERATORS,
  type Operand,
  type Operator,
  type Problem,
  type Query,
  type Term,
} from "./query.ts";

/**
 * Reads what somebody looks for: words, and conditions `field:value`, also with `=`, `!=`, `<`, `<=`, `>` and `>=`. A minus
 * before any of them turns it around. `"…"` holds text with spaces, and commas stand between values of which one will do.
 */
export function parseQuery(text: string): Query {
  const terms: Term[] = [];
  const problems: Problem[] = [];
  let at = skipSpaces(text, 0);
  while (at < text.length) {
    const { end, term, problem } = readTerm(text, at);
    if (term !== undefined) terms.push(term);
    if (problem !== undefined) problems.push(problem);
    at = skipSpaces(text, end);
  }
  return { terms, problems };
}

interface Read {
  readonly end: number;
  readonly term?: Term;
  readonly problem?: Problem;
}

function readTerm(text: string, start: number): Read {
  const negated = text[start] === "-" && start + 1 < text.length && !isSpace(text[start + 1]);
  const name = readPiece(text, negated ? start + 1 : start, isEndOfName);
  if (name.problem !== undefined) return name;
  const operator = operatorAt(text, name.end);
  if (operator === undefined) {
    if (name.text === "") return { end: name.end };
    return { end: name.end, term: { kind: "word", start, end: name.end, negated, text: name.text } };
  }
  const values = readValues(text, name.end + operator.length);
  if (values.problem !== undefined) return values;
  const span = { start, end: values.end };
  const message = complaint(name.text, operator, values.list);
  if (message !== undefined) return { end: values.end, problem: { ...span, message } };
  return {
    end: values.end,
    term: { kind: "condition", ...span, negated, field: name.text, operator, values: values.list },
  };
}

function complaint(field: string, operator: Operator, values: readonly Operand[]): string | undefined {
  if (field === "") return `“${operator}” needs a field before it, as in status:dropped`;
  const [first] = values;
  if (first === undefined) return `“${field}${operator}” needs a value behind it`;
  if (!isComparison(operator)) return undefined;
  if (values.length > 1) return `“${operator}” takes one value, not ${values.length}`;
  if (parseNumber(first.text) === undefined) return `“${operator}” needs a number behind it, not “${first.text}”`;
  return undefined;
}

/** Whether an operator asks for more or less, which only numbers are. */
export function isComparison(operator: Condition["operator"]): boolean {
  return operator.startsWith("<") || operator.startsWith(">");
}

interface Piece {
  readonly end: number;
  readonly text: string;
  readonly quoted: boolean;
  readonly problem?: Problem;
}

/** Reads text up to an end, or to the closing quotation mark. */
function readPiece(text: string, start: number, isEnd: (text: string, at: number) => boolean): Piece {
  if (text[start] === '"') return readQuoted(text, start);
  let end = start;
  while (end < text.length && !isEnd(text, end)) end++;
  return { end, text: text.slice(start, end), quoted: false };
}

function readQuoted(text: string, start: number): Piece {
  let content = "";
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '"') return { end: at + 1, text: content, quoted: true };
    if (text[at] === "\\" && at + 1 < text.length) at++;
    content += text[at];
  }
  const problem = { start, end: text.length, message: "a quotation mark is missing at the end" };
  return { end: text.length, text: content, quoted: true, problem };
}

function readValues(text: string, start: number): { end: number; list: Operand[]; problem?: Problem } {
  const list: Operand[] = [];
  let at = start;
  for (;;) {
    const { problem, ...value } = readPiece(text, at, isEndOfValue);
    if (problem !== undefined) return { end: value.end, list, problem };
    if (value.text !== "" || value.quoted) list.push({ text: value.text, quoted: value.quoted });
    if (text[value.end] !== ",") return { end: value.end, list };
    at = value.end + 1;
  }
}

function isEndOfName(text: string, at: number): boolean {
  return isSpace(text[at]) || operatorAt(text, at) !== undefined;
}

function isEndOfValue(text: string, at: number): boolean {
  return isSpace(text[at]) || text[at] === ",";
}

function operatorAt(text: string, at: number): Operator | undefined {
  return OPERATORS.find((operator) => text.startsWith(operator, at));
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text[at])) at++;
  return at;
}

function isSpace(character: string | undefined): boolean {
  return character !== undefined && /\s/.test(character);
}
