import type { BridgeHealth } from "@hivewatch/bridge";
import { type Point, point } from "./points.ts";

/** The figures of a bridge. */
export function ingestPoints({ events, bytes, batches, ackDelay, unanswered, streams, logs }: BridgeHealth): Point[] {
  return [
    point("hivewatch.bridge.ingest.events", events),
    point("hivewatch.bridge.ingest.io", bytes),
    ...Object.entries(batches).map(([outcome, count]) =>
      point("hivewatch.bridge.ingest.batches", count, { "hivewatch.batch.outcome": outcome }),
    ),
    point("hivewatch.bridge.ingest.ack.duration", ackDelay),
    point("hivewatch.bridge.ingest.streams", streams),
    point("hivewatch.bridge.ingest.unanswered", unanswered),
    point("hivewatch.bridge.logs.open", logs.open),
    point("hivewatch.bridge.logs.failed", logs.failed),
  ];
}
