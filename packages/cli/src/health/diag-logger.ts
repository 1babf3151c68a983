import { parseLenientJson } from "@hivewatch/core";
import type { DiagLogger } from "@opentelemetry/api";

/** Says what OpenTelemetry complains about, and not again what was said last: a collector that is away fails each time. */
export function createDiagLogger(say: (message: string) => void): DiagLogger {
  let said = "";
  function tell(...parts: readonly unknown[]): void {
    const text = parts.map(textOf).join(" ");
    if (text !== said) say(`The export of the bridge's health: ${text}`);
    said = text;
  }
  const nothing = (): void => {};
  return { error: tell, warn: tell, info: nothing, debug: nothing, verbose: nothing };
}

/** Errors come as JSON, with where in the SDK they happened. */
function textOf(part: unknown): string {
  const text = String(part);
  if (!text.startsWith("{")) return text;
  try {
    const error = parseLenientJson(text);
    return typeof error === "object" && error !== null && "message" in error ? String(error.message) : text;
  } catch {
    return text;
  }
}
