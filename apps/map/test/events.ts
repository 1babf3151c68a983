import { type HiveEvent, parseEvent } from "@hivewatch/core";

/** An event of the test run. */
export function event(event_type: string, fields: Record<string, unknown> = {}): HiveEvent {
  return parseEvent({ event_type, run_id: "r", timestamp: "2026-11-23T07:43:20.000000+00:00", ...fields });
}

/** A client's result of a round. */
export function update(round: number, client_id: string, fields: Record<string, unknown> = {}): HiveEvent {
  return event("client_update", { round, clients: [{ client_id, ...fields }] });
}
