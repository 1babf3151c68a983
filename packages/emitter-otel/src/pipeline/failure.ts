import { errorMessage } from "@hivewatch/core";
import type { SignalRoute } from "../options.ts";

/** What became of an export that failed. */
export type Failure =
  | { readonly kind: "retry"; readonly reason: string; readonly afterMs?: number }
  /** It may have been an accident: it is tried again, but not for ever. */
  | { readonly kind: "doubtful"; readonly reason: string }
  /** It would be answered the same, however often it is sent; `isTooLarge`: but not in smaller pieces. */
  | { readonly kind: "refused"; readonly reason: string; readonly isTooLarge: boolean };

/** What only a person can mend is asked for seldom. */
const MENDED_BY_A_PERSON_MS = 30_000;
const LONGEST_MESSAGE = 300;

/** What an exporter's error means, with the next step for whoever reads it. */
export function failureOf(error: unknown, route: SignalRoute): Failure {
  const code = codeOf(error);
  if (code === undefined) return retry(error, route);
  return route.protocol === "grpc" ? grpcFailure(code, error, route) : httpFailure(code, error, route);
}

function codeOf(error: unknown): number | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "number" ? error.code : undefined;
}

function httpFailure(status: number, error: unknown, route: SignalRoute): Failure {
  const at = `${route.place} answered HTTP ${status} to ${route.signal}`;
  if (status === 401 || status === 403 || status === 407) return forbidden(at);
  if (status === 404 || status === 405) return notThere(at, route);
  if (status === 408 || status === 429) return retry(error, route);
  if (status >= 500) return { kind: "doubtful", reason: `${at}${told(error)}` };
  if (status === 413) return { kind: "refused", reason: `${at}: it takes no requests of that size`, isTooLarge: true };
  return { kind: "refused", reason: `${at}${told(error)}`, isTooLarge: false };
}

/** By gRPC's codes. */
function grpcFailure(code: number, error: unknown, route: SignalRoute): Failure {
  const at = `${route.place} answered gRPC ${code} to ${route.signal}`;
  if (code === 7 || code === 16) return forbidden(at);
  if (code === 12) return notThere(at, route);
  if (code === 8 && /larger than max/i.test(errorMessage(error))) {
    return { kind: "refused", reason: `${at}${told(error)}`, isTooLarge: true };
  }
  if (GRPC_RETRIES.has(code)) return retry(error, route);
  if (code === 2 || code === 13) return { kind: "doubtful", reason: `${at}${told(error)}` };
  return { kind: "refused", reason: `${at}${told(error)}`, isTooLarge: false };
}

/** Cancelled, deadline exceeded, resource exhausted, aborted, out of range, unavailable, data loss: OTLP's own list. */
const GRPC_RETRIES: ReadonlySet<number> = new Set([1, 4, 8, 10, 11, 14, 15]);

function retry(error: unknown, { place, signal }: SignalRoute): Failure {
  return {
    kind: "retry",
    reason: `${place} has not taken ${signal}${told(error)}. Is a receiver of OTLP running there?`,
  };
}

function forbidden(at: string): Failure {
  const reason = `${at}: it wants other credentials. Set OTEL_EXPORTER_OTLP_HEADERS, and start again`;
  return { kind: "retry", reason, afterMs: MENDED_BY_A_PERSON_MS };
}

function notThere(at: string, { signal }: SignalRoute): Failure {
  const off = `OTEL_${signal.toUpperCase()}_EXPORTER=none`;
  const reason = `${at}: it takes no ${signal} there. Correct the endpoint, or set ${off}`;
  return { kind: "refused", reason, isTooLarge: false };
}

/** An answer's body may be protobuf, text, or a page. */
function told(error: unknown): string {
  const data = error instanceof Error && "data" in error && typeof error.data === "string" ? error.data : "";
  const body = /^\s*</.test(data) ? "" : readable(data);
  const message = readable(errorMessage(error));
  const text = body.includes(message) ? body : [message, body].filter((part) => part !== "").join(": ");
  return text === "" ? "" : `: ${text.length <= LONGEST_MESSAGE ? text : `${text.slice(0, LONGEST_MESSAGE)}…`}`;
}

function readable(text: string): string {
  return text
    .replace(/[\p{C}\ufffd]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
}
