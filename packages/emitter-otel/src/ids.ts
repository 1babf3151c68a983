import { createHash } from "node:crypto";
import type { IdSource } from "./run-signals.ts";

/** Which trace a span is in, and which one it is. */
export interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** An {@link IdSource} that gives the ids it was told to give next. */
export interface ToldIdSource extends IdSource {
  /** @param ids - of the next span that is begun. Its trace id is asked for only if it is the first of its trace */
  tell(ids: SpanIds): void;
}

/** Makes the generator of ids for a provider of our own: to be handed to it, and to the trace writer. */
export function createIdSource(): ToldIdSource {
  // Invalid ones: no span is begun before its ids were told.
  let next: SpanIds = { traceId: "0".repeat(32), spanId: "0".repeat(16) };
  return {
    generateTraceId: () => next.traceId,
    generateSpanId: () => next.spanId,
    tell(ids) {
      next = ids;
    },
  };
}

/**
 * The ids of a run's own span.
 *
 * @param attempt - 1, or more if the run was begun again after its end
 */
export function runIds(runId: string, attempt: number): SpanIds {
  return firstIds(digest("run", runId, attempt));
}

/**
 * The ids of a round's span, the first of its trace.
 *
 * @param attempt - 1, or more if the round was repeated
 */
export function roundIds(runId: string, round: number, attempt: number): SpanIds {
  return firstIds(digest("round", runId, round, attempt));
}

/** The ids of spans in the trace of a round, each by its name. */
export function roundPartIds(runId: string, round: number, attempt: number, part: string): SpanIds {
  const { traceId } = roundIds(runId, round, attempt);
  return { traceId, spanId: digest("part", runId, round, attempt, part).slice(0, 16) };
}

/** The id of the span that sums up a round in the trace of the run. */
export function summarySpanId(runId: string, round: number, attempt: number): string {
  return digest("summary", runId, round, attempt).slice(0, 16);
}

/**
 * The ids of the spans of a client in a round: its own, and those of up to three phases.
 *
 * @param count - tells apart what a client did more than once in a round
 */
export function clientSpanIds(
  round: RoundKey,
  clientId: string,
  count: string,
): readonly [string, string, string, string] {
  const hex = digest("client", round.runId, round.number, round.attempt, clientId, count);
  return [hex.slice(0, 16), hex.slice(16, 32), hex.slice(32, 48), hex.slice(48)];
}

/** Which attempt at which round of which run. */
export interface RoundKey {
  readonly runId: string;
  readonly number: number;
  readonly attempt: number;
}

/** What tells a log record from all others of the run. */
export function recordUid(...parts: readonly (string | number | null | undefined)[]): string {
  return digest("record", ...parts).slice(0, 32);
}

function firstIds(hex: string): SpanIds {
  return { traceId: hex.slice(0, 32), spanId: hex.slice(32, 48) };
}

/** As JSON: so no two lists of parts are one text, whatever characters clients choose, halves of them too. */
function digest(...parts: readonly (string | number | null | undefined)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
