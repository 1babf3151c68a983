import { type ClientMetrics, type KnownEvent, stringifyEvent } from "@hivewatch/core";

/** A file that is made here. */
export interface TextFile {
  /** Below the run's artifacts. */
  readonly path: string;
  readonly text: string;
  /** Whether MLflow's page shall show it as a table. */
  readonly isTable?: boolean | undefined;
}

/** What is told of a run as tables at its end, and not as a tag for each thing. */
export interface Tables {
  note(event: KnownEvent): void;
  /** Where a client is; only if that was asked for. */
  place(client: ClientMetrics): void;
  files(): TextFile[];
}

/** What would fill the memory is counted and not kept. */
const MAX_ROWS = 10_000;

export function createTables(withPlaces: boolean): Tables {
  const troubles: unknown[][] = [];
  const places = new Map<string, unknown[]>();
  let leftOut = 0;

  function addTrouble(...row: readonly unknown[]): void {
    if (troubles.length < MAX_ROWS) troubles.push([...row]);
    else leftOut++;
  }

  return {
    note(event) {
      if (event.event_type === "client_dropout") {
        for (const { client_id: id } of event.clients)
          addTrouble(event.round, event.timestamp, "dropout", id, event.reason);
      } else if (event.event_type === "comm_failure") {
        addTrouble(event.round, event.timestamp, "comm_failure", event.client_id, event.reason);
      }
    },
    place({ client_id: id, lat, lng, city, country }) {
      if (!withPlaces || (places.size >= MAX_ROWS && !places.has(id))) return;
      const before = places.get(id) ?? [];
      const now = [id, lat, lng, city, country].map((value, column) => value ?? before[column] ?? null);
      if (now.some((value, column) => column > 0 && value !== null)) places.set(id, now);
    },
    files() {
      const rows = leftOut === 0 ? troubles : [...troubles, [null, null, `and ${leftOut} more`, null, null]];
      return [
        ...table("dropouts.json", ["round", "time", "kind", "client", "reason"], rows),
        ...table("locations.json", ["client", "lat", "lng", "city", "country"], [...places.values()]),
      ];
    },
  };
}

/** As `mlflow.log_table` writes one. */
function table(path: string, columns: readonly string[], data: readonly unknown[][]): TextFile[] {
  return data.length === 0 ? [] : [{ path, text: stringifyEvent({ columns, data }), isTable: true }];
}
