import type { MapHead } from "@hivewatch/core";

/** The head of the map of a run of which nothing is known but what is given. */
export function mapHead(known: Pick<MapHead, "num_events" | "position" | "frames"> & Partial<MapHead>): MapHead {
  return {
    schema_version: 2,
    run_id: "r",
    algorithm: "FedAvg",
    config: {},
    started_at: null,
    finished_at: null,
    status: "running",
    status_reason: null,
    server: null,
    last_event_at: null,
    jsonl_bytes: null,
    part_rows: 16,
    fields: [],
    clients: { count: 0, parts: [] },
    notable: { count: 0, parts: [] },
    rounds: [],
    ...known,
  };
}
