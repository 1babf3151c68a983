import { HiveWatchError } from "./errors.ts";

type Fields = Record<string, unknown>;

/** Deeper than any configuration; what is nested deeper contains itself, or is meant to exhaust the stack. */
const MAX_DEPTH = 64;

/** What a copy holds in the place of a value that is neither a plain object nor an array. */
export type Replace = (name: string, value: unknown) => unknown;

/**
 * A copy of what was handed over, all levels of it, so that the caller may go on using the original. Objects that are
 * more than their fields (a date, a typed array) are not copied.
 *
 * @param path - how an error names the object
 * @throws HiveWatchError `invalid_event` if it is nested too deeply
 */
export function copyFields(fields: Fields, path: string, replace: Replace = keep): Fields {
  return copyObject(fields, { path, replace }, 1);
}

/** {@link copyFields} of any value, which has a name where it is a field. */
export function copyValue(value: unknown, path: string, replace: Replace = keep, name = ""): unknown {
  return copyAny(name, value, { path, replace }, 0);
}

/** Freezes a copy, all levels of it. */
export function freezeCopy(value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value) freezeCopy(item);
  } else if (isPlain(value)) {
    for (const name in value) freezeCopy(value[name]);
  } else return;
  Object.freeze(value);
}

interface Copying {
  readonly path: string;
  readonly replace: Replace;
}

function copyObject(fields: Fields, copying: Copying, depth: number): Fields {
  const copy: Fields = {};
  for (const name of Object.keys(fields)) {
    if (name === "__proto__") continue; // assigning it would change the object's prototype
    copy[name] = copyAny(name, fields[name], copying, depth);
  }
  return copy;
}

function copyAny(name: string, value: unknown, copying: Copying, depth: number): unknown {
  if (typeof value !== "object" || value === null) return copying.replace(name, value);
  if (depth > MAX_DEPTH) {
    const message = `${copying.path} must not be nested more than ${MAX_DEPTH} levels deep, nor contain itself`;
    throw new HiveWatchError("invalid_event", message);
  }
  if (Array.isArray(value)) return value.map((item) => copyAny(name, item, copying, depth + 1));
  return isPlain(value) ? copyObject(value, copying, depth + 1) : value;
}

function isPlain(value: unknown): value is Fields {
  // By its tag, since the prototypes of another realm are not ours, and the fields of an instance are data too.
  return Object.prototype.toString.call(value) === "[object Object]" && !hasOwnJson(value);
}

function hasOwnJson(value: unknown): boolean {
  return typeof value === "object" && value !== null && "toJSON" in value;
}

function keep(_name: string, value: unknown): unknown {
  return value;
}
