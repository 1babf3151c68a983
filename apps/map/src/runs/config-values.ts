/** A run's configuration, nested parts with dots: `optimizer.lr`. Values are text that can be compared. */
export function configValues(config: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  addValues(values, "", config, 0);
  return values;
}

/** Deeper than this a value is shown as JSON: what a program sent may be of any depth. */
const DEEPEST = 6;

function addValues(
  values: Map<string, string>,
  prefix: string,
  config: Readonly<Record<string, unknown>>,
  depth: number,
): void {
  for (const [name, value] of Object.entries(config)) {
    const path = prefix + name;
    if (isRecord(value) && depth < DEEPEST && Object.keys(value).length > 0)
      addValues(values, `${path}.`, value, depth + 1);
    else if (value !== undefined) values.set(path, textOf(value));
  }
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value);
  return JSON.stringify(value) ?? "";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
