import type { ClientMetrics, RoundState } from "@hivewatch/core";
import { quantile } from "../data/quantile.ts";

/** How a client stands in a round, the gravest first. */
export const CLIENT_STATUSES = [
  "failed",
  "dropped",
  "non_finite",
  "straggler",
  "missing",
  "waiting",
  "active",
  "idle",
] as const;

/** One of {@link CLIENT_STATUSES}. */
export type ClientStatus = (typeof CLIENT_STATUSES)[number];

/** The statuses in words. */
export const STATUS_LABELS: Record<ClientStatus, string> = {
  failed: "Failed",
  dropped: "Dropped out",
  non_finite: "NaN or infinite",
  straggler: "Straggler",
  missing: "No result",
  waiting: "In progress",
  active: "Active",
  idle: "Not in this round",
};

/** A client is a straggler when its training took longer than this many times the round's median. */
const STRAGGLER_FACTOR = 2;

/** Below this many times there is no median worth comparing with. */
const MIN_TIMES = 3;

/** The training time, in seconds, above which a client of the round is a straggler; undefined if too few are known. */
export function stragglerLimit(round: RoundState): number | undefined {
  const times: number[] = [];
  for (const { train_time_sec: time } of round.clients.values()) {
    if (typeof time === "number" && Number.isFinite(time)) times.push(time);
  }
  if (times.length < MIN_TIMES) return undefined;
  const median = quantile(Float64Array.from(times).sort(), 0.5);
  return median === undefined ? undefined : median * STRAGGLER_FACTOR;
}

/** What a client's standing in a round depends on. */
export interface Standing {
  /** What it reported in the round, if anything. */
  readonly metrics: ClientMetrics | undefined;
  /** Whether it sent a result (`client_update`). */
  readonly updated: boolean;
  /** Whether it was asked. */
  readonly selected: boolean;
  /** Whether the round still goes on. */
  readonly open: boolean;
  /** Of {@link stragglerLimit}. */
  readonly limit: number | undefined;
}

/** How a client stands in a round. */
export function clientStatus({ metrics, updated, selected, open, limit }: Standing): ClientStatus {
  const unheard = open ? "waiting" : "missing";
  if (metrics === undefined) return selected ? unheard : "idle";
  if (metrics.status === "failed" || metrics.status === "dropped" || metrics.status === "idle") return metrics.status;
  const numbers = judgeNumbers(metrics);
  if (numbers === "non_finite") return "non_finite";
  if (numbers === "none" && !updated) return unheard;
  if (limit !== undefined && (metrics.train_time_sec ?? 0) > limit) return "straggler";
  return "active";
}

/** These come with any message, so they don't make a result. */
const NOT_A_RESULT: ReadonlySet<string> = new Set(["round", "lat", "lng"]);

function judgeNumbers(metrics: ClientMetrics): "finite" | "non_finite" | "none" {
  let result: "finite" | "none" = "none";
  for (const name in metrics) {
    const value = metrics[name];
    if (typeof value !== "number") continue;
    if (!Number.isFinite(value)) return "non_finite";
    if (!NOT_A_RESULT.has(name)) result = "finite";
  }
  return result;
}
