import type { Exporter } from "./sdk.ts";

/** What a receiver has said beside that it has taken a request. */
export interface Answer {
  /** How many items it has not taken. */
  rejected: number;
  /** Its words; empty: none. */
  message: string;
}

/** Told, before an exporter's callback is called, of what the exporter tells nobody, or would only log. */
export interface AnswerListener {
  onAnswer(answer: Answer): void;
  /** The receiver wants to be left alone for so long. */
  onWait(ms: number): void;
}

/**
 * Has an exporter tell what receivers answer.
 *
 * @returns whether it can: there is no public way to it, in neither line of the SDK
 */
export function watchAnswers(exporter: Exporter<never>, { onAnswer, onWait }: AnswerListener): boolean {
  const delegate = memberOf(exporter, "_delegate");
  const transport = memberOf(delegate, "_transport");
  if (!isObject(delegate) || memberOf(delegate, "_responseHandler") === undefined || !isObject(transport)) return false;
  Reflect.set(delegate, "_responseHandler", { handleResponse: (response: unknown) => report(response, onAnswer) });
  const send = memberOf(transport, "send");
  if (typeof send !== "function") return false;
  Reflect.set(transport, "send", async (...args: unknown[]) => {
    const response: unknown = await send.apply(transport, args);
    const wait = memberOf(response, "retryInMillis");
    if (typeof wait === "number") onWait(wait);
    return response;
  });
  return true;
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
  return isObject(value) ? Reflect.get(value, name) : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
