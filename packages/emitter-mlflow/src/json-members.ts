/** A member of what came from elsewhere; undefined if it isn't there. */
export function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

/** A text that should be there; else empty. */
export function textIn(value: unknown, name: string): string {
  const text = member(value, name);
  return typeof text === "string" ? text : "";
}

/** A list that should be there; else empty. */
export function listIn(value: unknown, name: string): readonly unknown[] {
  const list = member(value, name);
  return Array.isArray(list) ? list : [];
}
