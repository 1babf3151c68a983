import type { ReaderHealth } from "@hivewatch/runs";
import { type Point, point } from "./points.ts";

/** How far a reader of the logs is behind. */
export function lagPoints({ stats, lag }: ReaderHealth): Point[] {
  const attributes = { "hivewatch.reader.name": stats.name };
  const { events, runs, waitedMs } = lag();
  return [
    point("hivewatch.bridge.reader.lag.events", events, attributes),
    point("hivewatch.bridge.reader.lag.duration", waitedMs / 1000, attributes),
    point("hivewatch.bridge.reader.lag.runs", runs, attributes),
  ];
}

/** The same of an emitter, and what it has delivered. */
export function emitterPoints(health: ReaderHealth): Point[] {
  const { name, delivered, refused, retries } = health.stats;
  const reader = { "hivewatch.reader.name": name };
  return [
    ...lagPoints(health),
    point("hivewatch.bridge.emitter.events", delivered, { ...reader, "hivewatch.delivery.outcome": "delivered" }),
    point("hivewatch.bridge.emitter.events", refused, { ...reader, "hivewatch.delivery.outcome": "refused" }),
    point("hivewatch.bridge.emitter.retries", retries, reader),
  ];
}
