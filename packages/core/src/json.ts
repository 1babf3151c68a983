/**
 * JSON of an event: as `JSON.stringify`, but NaN, Infinity and -Infinity become the strings of those names, since JSON
 * has no numbers for them and they are real results in training.
 */
export function stringifyEvent(value: unknown): string {
  return JSON.stringify(value, nonFiniteToText);
}

function nonFiniteToText(_key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return typeof value === "bigint" ? String(value) : value;
}

/** The number that a JSON value stands for, with the three names that {@link stringifyEvent} writes, else undefined. */
export function numberFromJson(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (value === "NaN") return Number.NaN;
  if (value === "Infinity") return Number.POSITIVE_INFINITY;
  if (value === "-Infinity") return Number.NEGATIVE_INFINITY;
  return undefined;
}

// Strings first, so that the words inside of them are left alone.
const STRING_OR_BARE_WORD = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

/**
 * Parses JSON, and also what Python's `json.dumps` writes for NaN and infinities: the bare words. They become strings
 * as {@link stringifyEvent} writes them.
 *
 * @throws SyntaxError
 */
export function parseLenientJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const quoted = text.replace(STRING_OR_BARE_WORD, (token) => (token.startsWith('"') ? token : `"${token}"`));
    if (quoted === text) throw error;
    return JSON.parse(quoted);
  }
}
