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
  const status = new Uint8Array(count).fill(STATUS_CODES.idle);
  for (let row = 0; row < (table?.rows ?? 0); row++) {
    const client = table?.clients[row] ?? count;
    if (client < count) status[client] = table?.status[row] ?? STATUS_CODES.idle;
  }
  const counts = new Uint32Array(CLIENT_STATUSES.length);
  for (let client = 0; client < count; client++) {
    const code = status[client] ?? STATUS_CODES.idle;
    counts[code] = (counts[code] ?? 0) + 1;
  }
  return { status, counts };
}
