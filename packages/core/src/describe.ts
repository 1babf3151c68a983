/** A value as an error message shows it: short, on one line. */
export function describe(value: unknown): string {
  const text = textOf(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function textOf(value: unknown): string {
  if (typeof value !== "object" && typeof value !== "string") return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    // It contains itself, or is nested too deeply for JSON and for String().
    return "an object that JSON has no text for";
  }
}
