import type { RoundTable, Tally } from "../data/run-data.ts";
import { numbersOf } from "../data/table-fields.ts";
import { roundShare } from "../data/tally-fields.ts";

/** One number of every client. */
export interface ClientValues {
  readonly values: Float64Array;
  /** 1 for each client that has one. */
  readonly present: Uint8Array;
}

/** What clients can be coloured by that none reports under one name. */
export const BYTES = "bytes";
export const ROUND_SHARE = "round_share";

interface ValueSource {
  /** How many clients the run has. */
  readonly count: number;
  readonly table: RoundTable | undefined;
  readonly tally: Tally | undefined;
}

/**
 * A field of every client in the shown round. {@link BYTES} are those sent and received, {@link ROUND_SHARE} is the share
 * of the run's rounds with a result.
 */
export function clientValues(field: string, { count, table, tally }: ValueSource): ClientValues {
  const found = { values: new Float64Array(count), present: new Uint8Array(count) };
  if (field === ROUND_SHARE) addRoundShare(found, tally);
  else if (table !== undefined) {
    for (const name of field === BYTES ? ["bytes_sent", "bytes_received"] : [field]) addColumn(found, table, name);
  }
  return found;
}

function addColumn({ values, present }: ClientValues, table: RoundTable, name: string): void {
  const column = numbersOf(table, name);
  if (column === undefined) return;
  for (let row = 0; row < table.rows; row++) {
    const client = table.clients[row] ?? values.length;
    if (client >= values.length || column.present?.[row] === 0) continue;
    values[client] = (values[client] ?? 0) + (column.numbers[row] ?? 0);
    present[client] = 1;
  }
}

function addRoundShare({ values, present }: ClientValues, tally: Tally | undefined): void {
  if (tally === undefined) return;
  for (let client = 0; client < values.length; client++) {
    const share = roundShare(tally, client);
    if (share === undefined) continue;
    values[client] = share;
    present[client] = 1;
  }
}
