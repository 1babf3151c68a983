import type { RoundTable } from "../data/run-data.ts";
import { CLIENT_STATUSES, STATUS_CODES } from "../data/statuses.ts";

/** How every client of the run stands in a round. */
export interface Standings {
  /** Index in `CLIENT_STATUSES`, by client. */
  readonly status: Uint8Array;
  /** How many clients there are of each status, by its index. */
  readonly counts: Uint32Array;
}

/** @param count - how many clients the run has */
export function standingsOf(count: number, table: RoundTable | undefined): Standings {
  const { idle } = STATUS_CODES;
  const status = new Uint8Array(count).fill(idle);
  const counts = new Uint32Array(CLIENT_STATUSES.length);
  counts[idle] = count;
  if (table === undefined) return { status, counts };
  const { rows, clients, status: codes } = table;
  for (let row = 0; row < rows; row++) {
    const client = clients[row] ?? count;
    if (client >= count) continue;
    const code = codes[row] ?? idle;
    status[client] = code;
    counts[code] = (counts[code] ?? 0) + 1;
    counts[idle] = (counts[idle] ?? 0) - 1;
  }
  return { status, counts };
}
