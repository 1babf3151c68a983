import { readFileSync } from "node:fs";
import { type HiveEvent, parseEvent } from "@hivewatch/core";

/**
 * The recorded runs:
 *
 * - `complete`: a small run in which everything goes well
 * - `troubled`: dropouts, failures, values that aren't numbers, sites without a place, rounds that come late, twice, or
 *   never end, a restart, and events of a type that nobody knows
 * - `asynchronous`: buffered asynchronous aggregation, in which rounds interleave and clients train on old models
 */
export const RECORDED_STREAMS = ["complete", "troubled", "asynchronous"] as const;

export type StreamName = (typeof RECORDED_STREAMS)[number];

/**
 * The events of a recorded run, in the order in which they came. They are kept in `streams/<name>.json`, for programs in
 * other languages too.
 */
export function recordedStream(name: StreamName): HiveEvent[] {
  const text = readFileSync(new URL(`../streams/${name}.json`, import.meta.url), "utf8");
  const values: unknown = JSON.parse(text);
  if (!Array.isArray(values)) throw new TypeError(`streams/${name}.json must hold a list of events`);
  return values.map(parseEvent);
}
