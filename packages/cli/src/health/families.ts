import type { MetricFamily } from "@hivewatch/map-server";
import { INSTRUMENTS, type InstrumentName } from "./instruments.ts";
import type { Point } from "./points.ts";

/** Figures as metrics, each instrument with its values. */
export function familiesOf(points: readonly Point[]): MetricFamily[] {
  const byInstrument = new Map<InstrumentName, Point[]>();
  for (const each of points) {
    const group = byInstrument.get(each.instrument);
    if (group === undefined) byInstrument.set(each.instrument, [each]);
    else group.push(each);
  }
  return [...byInstrument].map(([name, group]) => {
    const { kind, unit, description } = INSTRUMENTS[name];
    return { name, kind, unit, description, points: group };
  });
}
