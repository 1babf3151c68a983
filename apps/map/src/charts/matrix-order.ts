import type { Participation } from "../data/run-data.ts";
import { CLIENT_STATUSES, type ClientStatus } from "../data/statuses.ts";

/** The status of a cell that was not read yet. */
export const UNREAD = 255;

/** How much each status counts when the clients with most trouble are to come first. */
const WEIGHTS: Readonly<Record<ClientStatus, number>> = {
  failed: 5,
  dropped: 4,
  non_finite: 4,
  straggler: 1,
  missing: 3,
  waiting: 0,
  active: 0,
  idle: 0,
};

/**
 * The rows of the matrix, those with most trouble first; among equals as they are.
 *
 * @param matches - which clients have a row: 1, by index; undefined: all
 */
export function troubleOrder({ clients, rounds, status }: Participation, matches: Uint8Array | undefined): Uint32Array {
  const weights = CLIENT_STATUSES.map((name) => WEIGHTS[name]);
  const trouble = new Float64Array(clients.length);
  for (let c = 0; c < clients.length; c++) {
    let sum = 0;
    for (let at = c * rounds; at < (c + 1) * rounds; at++) sum += weights[status[at] ?? UNREAD] ?? 0;
    trouble[c] = sum;
  }
  const rows = Uint32Array.from({ length: clients.length }, (_, c) => c);
  const kept = matches === undefined ? rows : rows.filter((c) => matches[clients[c] ?? -1] === 1);
  return kept.sort((a, b) => (trouble[b] ?? 0) - (trouble[a] ?? 0) || a - b);
}

/** The rows of the matrix in an order of clients; those that it leaves out have none. */
export function rowOrder({ clients }: Participation, order: Uint32Array): Uint32Array {
  const rows = new Map(Array.from(clients, (client, row) => [client, row]));
  return Uint32Array.from([...order].flatMap((client) => rows.get(client) ?? []));
}

/** How often a client stood how, by index in `CLIENT_STATUSES`. */
export function countStatuses({ rounds, status }: Participation, row: number): Uint32Array {
  const counts = new Uint32Array(CLIENT_STATUSES.length);
  for (let at = row * rounds; at < (row + 1) * rounds; at++) {
    const code = status[at] ?? UNREAD;
    if (code < counts.length) counts[code] = (counts[code] ?? 0) + 1;
  }
  return counts;
}

/** A client's statuses in words: `1–4 active, 5 dropped out`. */
export function statusesInWords(
  { rounds, status }: Participation,
  row: number,
  numbers: ArrayLike<number>,
  labels: Readonly<Record<ClientStatus, string>>,
): string {
  const parts: string[] = [];
  for (let from = 0; from < rounds; ) {
    const code = status[row * rounds + from] ?? UNREAD;
    let to = from;
    while (to + 1 < rounds && status[row * rounds + to + 1] === code) to++;
    const name = CLIENT_STATUSES[code];
    const span = from === to ? `${numbers[from]}` : `${numbers[from]}–${numbers[to]}`;
    parts.push(`${span} ${name === undefined ? "not read yet" : labels[name].toLowerCase()}`);
    from = to + 1;
  }
  return parts.join(", ");
}
