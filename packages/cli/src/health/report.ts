import type { Point } from "./points.ts";
import type { Vitals } from "./vitals.ts";

/** What a thread says of itself, once a second. */
export interface HealthReport {
  readonly vitals: Vitals;
  /** What it measures beside that. Counters begin anew when it does. */
  readonly points: readonly Point[];
  /** How many events it has heard of, as {@link createNewsCount} counts. */
  readonly heard: number;
}

/** How often threads report, and what they report is passed on. */
export const REPORT_MS = 1000;
