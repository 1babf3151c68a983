/** An object that was read from JSON. */
export type Fields = Record<string, unknown>;

/** Takes a value that must be an object. */
export function fields(value: unknown): Fields {
  if (isFields(value)) return value;
  throw new Error(`expected an object, got ${JSON.stringify(value)}`);
}

/** Takes a value that must be a list of objects. */
export function list(value: unknown): Fields[] {
  if (Array.isArray(value)) return value.map(fields);
  throw new Error(`expected a list, got ${JSON.stringify(value)}`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
