import type { MetricPoint } from "@hivewatch/map-server";
import type { InstrumentName } from "./instruments.ts";

/** One figure of the bridge's health. Plain data, which can be sent to another thread. */
export interface Point extends MetricPoint {
  readonly instrument: InstrumentName;
}

export function point(
  instrument: InstrumentName,
  value: MetricPoint["value"],
  attributes: MetricPoint["attributes"] = {},
): Point {
  return { instrument, value, attributes };
}
