import type { MapNumbers } from "@hivewatch/core";
import type { RoundTable } from "./run-data.ts";
import { CLIENT_STATUSES, type ClientStatus } from "./statuses.ts";

/** How a client of the run stands in the round; one without a row is idle. */
export function statusOf(table: RoundTable | undefined, client: number): ClientStatus {
  const row = table?.rowOf[client] ?? -1;
  return CLIENT_STATUSES[table?.status[row] ?? -1] ?? "idle";
}

/** A client's number in a round; undefined if it reported none. `staleness` is derived from `base_round`. */
export function numberOf(table: RoundTable | undefined, client: number, field: string): number | undefined {
  const row = table?.rowOf[client] ?? -1;
  if (table === undefined || row < 0) return undefined;
  const column = numbersOf(table, field);
  return column === undefined || column.present?.[row] === 0 ? undefined : column.numbers[row];
}

/** Any value of a client in a round; undefined if it reported none. */
export function fieldOf(table: RoundTable | undefined, client: number, field: string): unknown {
  const number = numberOf(table, client, field);
  if (number !== undefined) return number;
  const values = table?.columns.get(field)?.values;
  return values?.values[values.codes[table?.rowOf[client] ?? -1] ?? -1];
}

/** The numbers of a field by row; `staleness` (round − base_round) is derived. Undefined: nobody reported one. */
export function numbersOf(table: RoundTable, field: string): MapNumbers | undefined {
  if (field !== "staleness") return table.columns.get(field)?.numbers;
  let derived = stalenessOf.get(table);
  if (derived === undefined) {
    const base = table.columns.get("base_round")?.numbers;
    derived = base === undefined ? null : { ...base, name: field, numbers: base.numbers.map((b) => table.round - b) };
    stalenessOf.set(table, derived);
  }
  return derived ?? undefined;
}

const stalenessOf = new WeakMap<RoundTable, MapNumbers | null>();
