import type { RoundMetrics } from "@hivewatch/core";
import type { Attributes } from "@opentelemetry/api";
import { ATTRIBUTES } from "../attributes.ts";
import { type RoundKey, roundIds, roundPartIds } from "../ids.ts";
import { measured } from "../values.ts";
import { clientPlan } from "./client-plan.ts";
import { roundFigures } from "./figures.ts";
import type { ChosenReport, Failure, Reports } from "./reports.ts";
import type { SpanPlan } from "./span-plan.ts";

/** What is known of a round when it ends. Times are microseconds since 1970. */
export interface RoundFacts {
  readonly key: RoundKey;
  readonly runStart: number;
  /** Undefined: nobody said when it began. */
  readonly startedAt: number | undefined;
  /** The time of the first event of it. */
  readonly firstAt: number;
  /** When the last client's training was reported, or given up. */
  readonly trainedAt: number | undefined;
  readonly endedAt: number;
  /** How many clients were asked, if known. */
  readonly selected: number | undefined;
  readonly reports: Reports;
  /** Undefined: it has not ended by itself. */
  readonly metrics?: RoundMetrics | undefined;
  readonly failure?: Failure | undefined;
}

/** The spans of a round: its own, each client's, and the aggregation. */
export function roundPlan(facts: RoundFacts): SpanPlan {
  const { key, endedAt, failure } = facts;
  const chosen = facts.reports.choose();
  const aggregation = aggregationPlan(facts);
  return {
    name: "round",
    ids: roundIds(key.runId, key.number, key.attempt),
    start: Math.min(startOf(facts, chosen), endedAt),
    end: endedAt,
    attributes: roundAttributes(facts),
    failure,
    children: [...clientPlans(key, chosen), ...(aggregation === undefined ? [] : [aggregation])],
  };
}

function roundAttributes({ key, reports, metrics, selected }: RoundFacts): Attributes {
  return {
    [ATTRIBUTES.runId]: key.runId,
    [ATTRIBUTES.round]: key.number,
    ...(key.attempt > 1 ? { [ATTRIBUTES.roundAttempt]: key.attempt } : {}),
    ...(metrics === undefined ? { [ATTRIBUTES.roundIsUnfinished]: true } : {}),
    ...roundFigures({ ...metrics, num_selected: metrics?.num_selected ?? selected }),
    [ATTRIBUTES.reports]: reports.count,
    [ATTRIBUTES.failedReports]: reports.failed,
  };
}

function startOf(facts: RoundFacts, chosen: readonly ChosenReport[]): number {
  const { startedAt, firstAt, endedAt, runStart, metrics } = facts;
  if (startedAt !== undefined) return startedAt;
  const measuredStart = endedAt - (measured(metrics?.round_duration_sec) ?? Number.NaN) * 1e6;
  if (measuredStart >= runStart) return measuredStart;
  return chosen.reduce((start, { times }) => Math.min(start, times.start), firstAt);
}

function clientPlans(key: RoundKey, chosen: readonly ChosenReport[]): SpanPlan[] {
  const counts = new Map<string, number>();
  return chosen.map((report) => {
    const id = report.client.client_id;
    const count = (counts.get(id) ?? 0) + 1;
    counts.set(id, count);
    return clientPlan(key, report, String(count));
  });
}

/** The aggregation follows the last client's report. Only its length was measured. */
function aggregationPlan(facts: RoundFacts): SpanPlan | undefined {
  const { key, metrics, trainedAt, endedAt, runStart } = facts;
  const length = (measured(metrics?.aggregation_time_sec) ?? Number.NaN) * 1e6;
  const start = Math.min(trainedAt ?? endedAt, endedAt - length);
  if (!(start >= runStart)) return undefined;
  return {
    name: "aggregate",
    ids: roundPartIds(key.runId, key.number, key.attempt, "aggregate"),
    start,
    end: start + length,
    attributes: { [ATTRIBUTES.runId]: key.runId, [ATTRIBUTES.round]: key.number, [ATTRIBUTES.isTimeDerived]: true },
  };
}
