import type { MetricPoint } from "@hivewatch/map-server";

/** Two values of the same counter or histogram, added. */
export function addValues(a: MetricPoint["value"], b: MetricPoint["value"]): MetricPoint["value"] {
  if (typeof a === "number" || typeof b === "number") return Number(a) + Number(b);
  return { bounds: a.bounds, counts: a.counts.map((count, i) => count + (b.counts[i] ?? 0)), sum: a.sum + b.sum };
}
