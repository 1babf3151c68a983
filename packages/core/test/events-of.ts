import { type HiveEvent, parseEvent } from "../src/index.ts";

/** Events of a run named `run`, one second apart, as the log would hold them. */
export function eventsOf(...fields: readonly Record<string, unknown>[]): HiveEvent[] {
  return fields.map((given, i) => {
    const time = new Date(Date.UTC(2026, 0, 1, 0, 0, i)).toISOString().replace(".000", "");
    return parseEvent({ run_id: "run", timestamp: time, ...given });
  });
}

/** A client's result. */
export function update(clientId: string, round: number | null, metrics: Record<string, unknown> = {}) {
  return { event_type: "client_update", round, clients: [{ client_id: clientId, ...metrics }] };
}
