import type { Clients, RoundTable, Tally } from "../data/run-data.ts";
import { numbersOf } from "../data/table-fields.ts";
import type { ClientOrder } from "../page-state.ts";
import { isLowWorse } from "./chart-list.ts";

/** What clients are put in order by. */
export interface OrderSource {
  readonly clients: Clients;
  readonly table: RoundTable | undefined;
  readonly tally: Tally;
  readonly field: string;
  /** Which clients there are: 1, by index; undefined: all. */
  readonly matches: Uint8Array | undefined;
}

/** Clients' indices in the order in which their small charts come; those of which nothing is known last. */
export function clientOrder(order: ClientOrder, source: OrderSource): Uint32Array {
  const { clients, matches } = source;
  const all = Uint32Array.from({ length: clients.ids.length }, (_, index) => index);
  const kept = matches === undefined ? all : all.filter((index) => matches[index] === 1);
  if (order === "id") {
    const { ids } = clients;
    return kept.sort((a, b) => compareText(ids[a] ?? "", ids[b] ?? ""));
  }
  const keys = keysOf(order, source);
  return kept.sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
}

/** By client; the least comes first. */
function keysOf(order: Exclude<ClientOrder, "id">, { clients, table, tally, field }: OrderSource): Float64Array {
  const keys = new Float64Array(clients.ids.length).fill(Number.POSITIVE_INFINITY);
  if (order === "worst") {
    const column = table && numbersOf(table, field);
    const sign = isLowWorse(field) ? 1 : -1;
    for (let row = 0; table !== undefined && column !== undefined && row < table.rows; row++) {
      if (column.present?.[row] === 0) continue;
      const value = column.numbers[row] ?? Number.NaN;
      // Nothing is worse than what is no number.
      keys[table.clients[row] ?? -1] = Number.isFinite(value) ? sign * value : Number.NEGATIVE_INFINITY;
    }
    return keys;
  }
  for (let client = 0; client < keys.length; client++) {
    const completed = tally.completed[client] ?? 0;
    const last = tally.lastResult[client] ?? Number.NaN;
    if (order === "dropped") {
      const involved = tally.involved[client] ?? 0;
      keys[client] = involved === 0 ? 0 : -(tally.dropouts[client] ?? 0) / involved;
    } else if (order === "silent") keys[client] = Number.isNaN(last) ? -1 : last;
    else {
      const without = (tally.involved[client] ?? 0) - completed;
      keys[client] = -(
        without * 3 +
        (tally.failures[client] ?? 0) * 2 +
        (tally.dropouts[client] ?? 0) +
        (tally.stragglers[client] ?? 0)
      );
    }
  }
  return keys;
}

/** By the letters' codes: the same everywhere, and fast for very many. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
