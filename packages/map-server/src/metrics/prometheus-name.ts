import type { MetricFamily } from "./metric-family.ts";

/** What OpenTelemetry's rules for Prometheus make of the units that HiveWatch has. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ["s", "seconds"],
  ["ms", "milliseconds"],
  ["By", "bytes"],
]);

/** The name of a metric family and its unit as OpenTelemetry's rules for Prometheus derive them; no unit: empty. */
export function prometheusName({ name, kind, unit }: Pick<MetricFamily, "name" | "kind" | "unit">): {
  readonly name: string;
  readonly unit: string;
} {
  const words = legal(name);
  const word = unitWord(unit, kind);
  const isNamed = word === "" || words.endsWith(`_${word}`);
  return { name: isNamed ? words : `${words}_${word}`, unit: word };
}

/** A label's name for an attribute's. */
export function prometheusLabel(attribute: string): string {
  return legal(attribute);
}

function unitWord(unit: string, kind: MetricFamily["kind"]): string {
  if (unit === "1") return kind === "gauge" ? "ratio" : "";
  return UNITS.get(unit) ?? "";
}

function legal(name: string): string {
  return name.replace(/[^A-Za-z0-9_]+/g, "_").replace(/^(?=\d)/, "_");
}
