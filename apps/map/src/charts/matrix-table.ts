import type { Participation } from "../data/run-data.ts";
import { CLIENT_STATUSES, STATUS_LABELS } from "../data/statuses.ts";
import type { DataTable } from "./data-table.ts";
import { countStatuses, statusesInWords } from "./matrix-order.ts";

/** The matrix in words and numbers: a row for each client. */
export function matrixTable(
  data: Participation,
  order: Uint32Array,
  ids: readonly string[],
  numbers: ArrayLike<number>,
  open: (row: number) => void,
): DataTable {
  const rowOf = (row: number): number => order[row] ?? -1;
  return {
    name: "Clients by round",
    rows: order.length,
    columns: [
      { name: "client", value: (row) => ids[data.clients[rowOf(row)] ?? -1] ?? "" },
      ...CLIENT_STATUSES.map((status, code) => ({
        name: STATUS_LABELS[status],
        value: (row: number) => countStatuses(data, rowOf(row))[code] ?? 0,
      })),
      { name: "rounds", value: (row) => statusesInWords(data, rowOf(row), numbers, STATUS_LABELS) },
    ],
    onPick: open,
  };
}
