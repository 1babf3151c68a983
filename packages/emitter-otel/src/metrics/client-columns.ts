import { type ClientMetrics, type RoundClients, staleness } from "@hivewatch/core";
import { type ClientRows, createClientRows } from "./client-rows.ts";

/** The clients of a round by columns: the newest value of each field, and nothing else of them. */
export interface ClientColumns extends RoundClients, ClientRows {
  /** The fields of which there is a value, in order of first sight. */
  readonly fields: Iterable<string>;
  /** Lays what a client reports, about a round, over what it reported before. */
  put(row: number, client: ClientMetrics, round: number | null): void;
  setStatus(row: number, status: string): void;
  /** Notes that it has sent a result. */
  setResult(row: number): void;
}

export interface ClientColumnsOptions {
  /** Whether a field gets a column. */
  admits(field: string): boolean;
  /** Told of a value that is NaN or infinite. */
  onNonFinite(field: string): void;
}

const FIRST_ROWS = 16;

export function createClientColumns({ admits, onNonFinite }: ClientColumnsOptions): ClientColumns {
  const { ids, rowOf } = createClientRows();
  const columns = new Map<string, Float64Array>();
  const refused = new Set<string>();
  const statuses: (string | undefined)[] = [];
  const results: boolean[] = [];
  let capacity = FIRST_ROWS;
  // The fields of the client before and their columns, by place: most clients have the same fields in the same order.
  const lastFields: string[] = [];
  const lastColumns: (Float64Array | undefined)[] = [];

  function columnOf(field: string): Float64Array | undefined {
    const column = columns.get(field);
    if (column !== undefined) return column;
    if (refused.has(field)) return undefined;
    if (!admits(field)) {
      refused.add(field);
      return undefined;
    }
    const made = new Float64Array(capacity).fill(Number.NaN);
    columns.set(field, made);
    return made;
  }

  function columnAt(place: number, field: string): Float64Array | undefined {
    if (lastFields[place] === field) return lastColumns[place];
    const column = columnOf(field);
    lastFields[place] = field;
    lastColumns[place] = column;
    return column;
  }

  function setNumber(column: Float64Array | undefined, row: number, field: string, value: number): void {
    if (column === undefined) return;
    // False for NaN too.
    const isUsable = value - value === 0;
    if (!isUsable) onNonFinite(field);
    column[row] = isUsable ? value : Number.NaN;
  }

  function grow(): void {
    lastFields.length = 0;
    capacity *= 2;
    for (const [field, column] of columns) {
      const wider = new Float64Array(capacity).fill(Number.NaN, column.length);
      wider.set(column);
      columns.set(field, wider);
    }
  }

  return {
    ids,
    get fields() {
      return columns.keys();
    },
    get length() {
      return ids.length;
    },
    numbers: (field) => columns.get(field)?.subarray(0, ids.length) ?? new Float64Array(ids.length).fill(Number.NaN),
    statusOf: (row) => statuses[row],
    hasResult: (row) => results[row] ?? false,
    rowOf(clientId) {
      const row = rowOf(clientId);
      if (row >= capacity) grow();
      return row;
    },
    put(row, client, round) {
      let place = 0;
      for (const field in client) {
        const value = client[field];
        if (typeof value === "number") setNumber(columnAt(place++, field), row, field, value);
        else if (field === "status" && typeof value === "string") statuses[row] = value;
      }
      const stale = typeof client.base_round === "number" ? staleness({ round, ...client }) : undefined;
      if (stale !== undefined) setNumber(columnOf("staleness"), row, "staleness", stale);
    },
    setStatus(row, status) {
      statuses[row] = status;
    },
    setResult(row) {
      results[row] = true;
    },
  };
}
