import { microsFromIso } from "@hivewatch/core";
import { type Fields, fields, list, type OtlpContent, type OtlpSpan } from "@hivewatch/test-support";
import { expect } from "vitest";
import type { RoundTrace } from "./otel-expected.ts";

/** A stretch of time, in microseconds since 1970. */
type Stretch = readonly [start: number, end: number];

/** What was heard of a client in a round, and when it did what, by docs/emitters/otel.md. */
export interface KnownReport {
  readonly clientId: string;
  readonly isFailed: boolean;
  readonly own: Stretch;
  readonly parts: Readonly<Record<string, Stretch>>;
}

/** What was heard of the clients in a round whose start and end are told of, in order. */
export function reportsOf(lines: readonly Fields[], round: unknown): KnownReport[] {
  const runStart = microsFromIso(String(lines[0]?.started_at));
  const started = lines.find(({ event_type: type, round: number }) => type === "round_start" && number === round);
  const bounds = { runStart, roundStart: microsFromIso(String(started?.timestamp)) };
  return lines.flatMap((line) => {
    if (line.round !== round) return [];
    const at = microsFromIso(String(line.timestamp));
    if (line.event_type === "comm_failure") return [reportOf(line, at, bounds, true)];
    if (line.event_type === "client_dropout") {
      return list(line.clients).map((client) => reportOf({ client_id: client.client_id }, at, bounds, true));
    }
    if (line.event_type !== "client_update") return [];
    return list(line.clients).map((client) => reportOf(client, at, bounds, false));
  });
}

function reportOf(
  client: Fields,
  at: number,
  { runStart, roundStart }: { runStart: number; roundStart: number },
  isFailed: boolean,
): KnownReport {
  const asked = at - 1e6 * Number(client.round_trip_sec ?? Number.NaN);
  const isAskedKnown = asked >= runStart;
  const floor = isAskedKnown ? asked : runStart;
  const begun = isAskedKnown ? asked : roundStart;
  const uploaded = at - 1e3 * Number(client.network_latency_ms ?? Number.NaN);
  const upload: Stretch | undefined = uploaded >= floor ? [uploaded, at] : undefined;
  const trainEnd = upload === undefined ? at : uploaded;
  const trained = trainEnd - 1e6 * Number(client.train_time_sec ?? Number.NaN);
  const train: Stretch | undefined = trained >= floor ? [trained, trainEnd] : undefined;
  const assign: Stretch | undefined = upload && train && begun <= trained ? [begun, trained] : undefined;
  return {
    clientId: String(client.client_id),
    isFailed,
    own: [Math.min(begun, train?.[0] ?? at, upload?.[0] ?? at), at],
    parts: { ...(assign && { assign }), ...(train && { train }), ...(upload && { upload }) },
  };
}

/**
 * Checks that the spans of clients, of their parts and of the aggregation lie where the lines say that they were, for a run in
 * which every client reports once in each round.
 */
export function expectTimes({ spans }: OtlpContent, lines: readonly Fields[], traces: readonly RoundTrace[]): void {
  const childrenOf = new Map<string, OtlpSpan[]>();
  for (const span of spans) {
    const key = `${span.traceId} ${span.parentSpanId}`;
    childrenOf.set(key, [...(childrenOf.get(key) ?? []), span]);
  }
  for (const { round, clients } of traces) {
    const number = round.attributes["hivewatch.round"];
    const reports = reportsOf(lines, number);
    const byId = new Map(reports.map((report) => [report.clientId, report]));
    for (const span of clients) {
      const id = String(span.attributes["hivewatch.client.id"]);
      const report = byId.get(id);
      const what = `round ${number}, ${id}`;
      expectStretch(span, report?.own, what);
      expect(span.status === 2, what).toBe(report?.isFailed);
      const parts = childrenOf.get(`${span.traceId} ${span.spanId}`) ?? [];
      expect(parts.map(({ name }) => name).sort(), what).toEqual(Object.keys(report?.parts ?? {}).sort());
      for (const part of parts) expectStretch(part, report?.parts[part.name], `${what}: ${part.name}`);
    }
    const end = lines.find(({ event_type: type, round: ended }) => type === "round_end" && ended === number);
    const length = 1e6 * Number(fields(end?.round_metrics).aggregation_time_sec ?? Number.NaN);
    const [aggregation] = (childrenOf.get(`${round.traceId} ${round.spanId}`) ?? []).filter(
      ({ name }) => name === "aggregate",
    );
    expect(aggregation !== undefined, `round ${number}: aggregate`).toBe(Number.isFinite(length));
    if (aggregation === undefined) continue;
    const lastAt = Math.max(...reports.map(({ own }) => own[1]));
    const start = Math.min(lastAt, microsFromIso(String(end?.timestamp)) - length);
    expectStretch(aggregation, [start, start + length], `round ${number}: aggregate`);
  }
}

/** To the microsecond, since they are sums of numbers with fractions. */
function expectStretch({ startTime, endTime }: OtlpSpan, stretch: Stretch | undefined, what: string): void {
  expect(stretch, what).toBeDefined();
  const [start, end] = stretch ?? [0, 0];
  expect(Math.abs(Number(startTime / 1000n) - start), what).toBeLessThanOrEqual(1);
  expect(Math.abs(Number(endTime / 1000n) - end), what).toBeLessThanOrEqual(1);
}
