import { createHash } from "node:crypto";

/** The longest name of a metric, a param or a tag that MLflow takes. */
export const MAX_KEY_LENGTH = 250;
/** Of the two parts that others choose (a client's id, a field's name) each gets so much of it. */
const MAX_PART_LENGTH = 100;

/**
 * What a client or an application has chosen, as one part of a name in MLflow, whose parts are divided by `/`. MLflow takes
 * letters, digits, blanks and `_ . -`; whatever else becomes `_x<code>_`, so that {@link originalPart} finds it again.
 * Longer ones are cut, and end with a hash of the whole.
 */
export function safePart(text: string): string {
  const safe = text === "" ? escapeAll("empty") : escapeDots(text.replace(UNSAFE, escapeAll));
  if (safe.length <= MAX_PART_LENGTH) return safe;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return `${headOf(safe, MAX_PART_LENGTH - hash.length - 1)}-${hash}`;
}

/** What {@link safePart} was given, unless that was empty, or had to be cut. */
export function originalPart(part: string): string {
  return part.replace(/_x([0-9a-f]+)_/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)));
}

/** Whether {@link originalPart} tells what this was. */
export function isCut(text: string): boolean {
  return originalPart(safePart(text)) !== text;
}

/** Parts that are safe, as a name. */
export function keyOf(...parts: readonly string[]): string {
  const key = parts.join("/");
  if (key.length <= MAX_KEY_LENGTH) return key;
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 8);
  return `${headOf(key, MAX_KEY_LENGTH - hash.length - 1).replace(/\/$/, "_")}-${hash}`;
}

/** The beginning of a text, without half a character at its end. */
export function headOf(text: string, length: number): string {
  return text.slice(0, length).replace(/\p{Surrogate}$/u, "");
}

// Blanks at the ends could not be seen. `:` is refused by servers on Windows. `_x<hex>` must not be followed by a `_` that
// was there before, and by none that begins another code.
const UNSAFE = /[^\p{L}\p{Nd}_.\- ]|^ | $|_(?=x[0-9a-f]+(?:[^\p{L}\p{Nd}.\- ]| $))/gu;

function escapeAll(text: string): string {
  return [...text].map((character) => `_x${character.codePointAt(0)?.toString(16)}_`).join("");
}

/** Parts of dots alone mean folders. */
function escapeDots(text: string): string {
  return /^\.+$/.test(text) ? escapeAll(text) : text;
}

/** Text that every database takes: without NUL and halves of characters. */
export function safeText(text: string): string {
  return text.replace(UNSTORABLE, "\ufffd");
}

/** What servers before 2.x take as a tag's value, too. */
const MAX_TAG_LENGTH = 5000;

/** The value of a tag; what is too long says so. */
export function tagText(text: string): string {
  const safe = safeText(text);
  return safe.length <= MAX_TAG_LENGTH ? safe : `${headOf(safe, MAX_TAG_LENGTH - 1)}…`;
}

const UNSTORABLE = /\0|\p{Surrogate}/gu;
