import type { HistogramData } from "@hivewatch/core";
import type { MetricFamily, MetricPoint } from "./metric-family.ts";
import { prometheusLabel, prometheusName } from "./prometheus-name.ts";

/** The two forms that Prometheus reads: its own text, 0.0.4, and OpenMetrics 1.0. */
export type MetricsFormat = "prometheus" | "openmetrics";

/** The values of metrics as a text for Prometheus. Families without values are left out. */
export function metricsText(families: readonly MetricFamily[], format: MetricsFormat): string {
  const texts = families.filter(({ points }) => points.length > 0).map((family) => familyText(family, format));
  return texts.join("") + (format === "openmetrics" ? "# EOF\n" : "");
}

function familyText(family: MetricFamily, format: MetricsFormat): string {
  const { name, unit } = prometheusName(family);
  const { kind, points } = family;
  const type = kind === "upDownCounter" ? "gauge" : kind;
  const sample = kind === "counter" ? `${name}_total` : name;
  const isOpenMetrics = format === "openmetrics";
  // Prometheus's own form knows a counter by the name of its values.
  const head = isOpenMetrics ? name : sample;
  return [
    `# HELP ${head} ${escapeHelp(family.description, isOpenMetrics)}\n`,
    `# TYPE ${head} ${type}\n`,
    isOpenMetrics && unit !== "" ? `# UNIT ${head} ${unit}\n` : "",
    ...points.map((point) => pointText(sample, point)),
  ].join("");
}

function pointText(name: string, { attributes, value }: MetricPoint): string {
  const labels = Object.entries(attributes).map(([key, text]) => label(prometheusLabel(key), text));
  return typeof value === "number" ? line(name, labels, value) : histogramText(name, labels, value);
}

/** Each bucket holds those below it as well. */
function histogramText(name: string, labels: readonly string[], { bounds, counts, sum }: HistogramData): string {
  let total = 0;
  const buckets = counts.map((count, i) => {
    total += count;
    return line(`${name}_bucket`, [...labels, label("le", bucketBound(bounds[i]))], total);
  });
  return [...buckets, line(`${name}_sum`, labels, sum), line(`${name}_count`, labels, total)].join("");
}

/** With a point, as OpenMetrics has it: the same bucket must not have two names. */
function bucketBound(bound: number | undefined): string {
  if (bound === undefined) return "+Inf";
  const text = String(bound);
  return Number.isInteger(bound) && !text.includes("e") ? `${text}.0` : text;
}

function label(name: string, text: string): string {
  return `${name}="${text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"')}"`;
}

function line(name: string, labels: readonly string[], value: number): string {
  return `${name}${labels.length === 0 ? "" : `{${labels.join(",")}}`} ${numberText(value)}\n`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}

function escapeHelp(text: string, isOpenMetrics: boolean): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return isOpenMetrics ? escaped.replaceAll('"', '\\"') : escaped;
}
