import type { RoundTable } from "../data/run-data.ts";
import { numbersOf } from "../data/table-fields.ts";
import { isLowWorse } from "./chart-list.ts";

/** A client and its value. */
export interface ClientValue {
  readonly client: number;
  readonly value: number;
}

/**
 * The clients with the worst finite values of a round, the worst first.
 *
 * @param matches - which clients count: 1, by index; undefined: all
 */
export function worstClients(
  table: RoundTable,
  field: string,
  matches: Uint8Array | undefined,
  count: number,
): ClientValue[] {
  const column = numbersOf(table, field);
  if (column === undefined) return [];
  const sign = isLowWorse(field) ? 1 : -1;
  const worst: ClientValue[] = [];
  for (let row = 0; row < table.rows; row++) {
    const value = column.numbers[row];
    const client = table.clients[row];
    if (value === undefined || client === undefined || column.present?.[row] === 0 || !Number.isFinite(value)) continue;
    const last = worst[worst.length - 1];
    if (worst.length === count && last !== undefined && sign * value >= sign * last.value) continue;
    if (matches !== undefined && matches[client] !== 1) continue;
    const at = worst.findIndex((other) => sign * value < sign * other.value);
    worst.splice(at < 0 ? worst.length : at, 0, { client, value });
    if (worst.length > count) worst.pop();
  }
  return worst;
}
