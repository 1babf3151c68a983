import { createTraceState, type SpanContext } from "@opentelemetry/api";

const TRACEPARENT =
  /^(?<version>[\da-f]{2})-(?<traceId>[\da-f]{32})-(?<spanId>[\da-f]{16})-(?<flags>[\da-f]{2})(?<rest>-.*)?$/;
const MAX_TRACEPARENT_LENGTH = 256;
const MAX_TRACESTATE_LENGTH = 512;

/**
 * The span that a `traceparent` of W3C Trace Context names.
 *
 * @param traceparent - whatever an event has in that field
 * @param tracestate - likewise; it is left out if it is longer than 512 characters
 * @returns undefined if it names none: a bad one is as good as none
 */
export function remoteContext(traceparent: unknown, tracestate?: unknown): SpanContext | undefined {
  if (typeof traceparent !== "string" || traceparent.length > MAX_TRACEPARENT_LENGTH) return undefined;
  const { version, traceId, spanId, flags, rest } = TRACEPARENT.exec(traceparent)?.groups ?? {};
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  // Later versions may have more behind the flags; the first one has not.
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  const context: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  if (typeof tracestate !== "string" || tracestate === "" || tracestate.length > MAX_TRACESTATE_LENGTH) return context;
  return { ...context, traceState: createTraceState(tracestate) };
}
