import type { Exporter } from "./sdk.ts";

/** What a receiver has said beside that it has taken a request. */
export interface Answer {
  /** How many items it has not taken. */
  rejected: number;
  /** Its words; empty: none. */
  message: string;
}

/**
 * Has an exporter tell what receivers answer, of which it would only log that some items were not taken.
 *
 * @param onAnswer - told of such answers, before the exporter's callback is called
 */
export function watchAnswers(exporter: Exporter<never>, onAnswer: (answer: Answer) => void): void {
  // There is no public way to it, in neither line of the SDK; a test says if it is gone.
  const delegate = memberOf(exporter, "_delegate");
  if (typeof delegate !== "object" || delegate === null) return;
  Reflect.set(delegate, "_responseHandler", { handleResponse: (response: unknown) => report(response, onAnswer) });
}

function report(response: unknown, onAnswer: (answer: Answer) => void): void {
  const partial = memberOf(response, "partialSuccess");
  const counts = ["rejectedDataPoints", "rejectedSpans", "rejectedLogRecords"].map((name) => memberOf(partial, name));
  // As a number, a text or an object, by how it was encoded.
  const rejected = Number(counts.find((count) => count !== undefined && count !== null) ?? 0) || 0;
  const message = String(memberOf(partial, "errorMessage") ?? "");
  if (rejected > 0 || message !== "") onAnswer({ rejected: Math.max(rejected, 0), message });
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
