import { type HiveEvent, microsFromIso, stringifyEvent } from "@hivewatch/core";

/** A row of the table of what happened. */
export interface NotableRow {
  readonly timestamp: number;
  readonly event_type: string;
  readonly round?: number;
  readonly client?: string;
  readonly detail?: unknown;
}

/** The rows that events make whose details need not be cut. */
export function notableRows(events: readonly HiveEvent[]): NotableRow[] {
  const first = events.findIndex((event) => event.event_type === "init");
  return events.flatMap((event, i) => (i === first ? [] : rowsOf(event)));
}

function rowsOf(event: HiveEvent): NotableRow[] {
  const { run_id: _, timestamp, event_type, round, clients, client_id, ...fields } = event;
  const row = {
    timestamp: microsFromIso(timestamp),
    event_type,
    ...(typeof round === "number" ? { round } : {}),
  };
  const detail = Object.keys(fields).length === 0 ? {} : { detail: JSON.parse(stringifyEvent(fields)) };
  switch (event_type) {
    case "client_update":
    case "client_metric":
    case "round_start":
    case "round_end":
      return [];
    case "comm_failure":
    case "client_recovered":
      return [{ ...row, client: String(client_id), ...detail }];
    default: {
      const ids: unknown[] = Array.isArray(clients) ? clients.map((client) => client.client_id) : [];
      if (ids.length === 0) return [{ ...row, ...detail }];
      return [...new Set(ids)].map((id) => ({ ...row, client: String(id), ...detail }));
    }
  }
}
