import { getOrAdd } from "../data/get-or-add.ts";
import type { Finding, History } from "../data/run-data.ts";
import { STATUS_CODES } from "../data/statuses.ts";
import { troubleAt, type Usual } from "./find-trouble.ts";
import { judgeRound } from "./judge-round.ts";
import { NUMBER, type RoundColumns } from "./round-columns.ts";
import type { RoundEntry } from "./run-store.ts";

/** Says who and where, not how it went. */
const NOT_HISTORY: ReadonlySet<string> = new Set(["round", "lat", "lng"]);

interface LoadedRound {
  readonly columns: RoundColumns | undefined;
  readonly open: boolean;
  readonly usual: Usual | undefined;
}

/**
 * Some clients over all rounds.
 *
 * @param load - fetches a round's columns; what is usual in it is known once it was read
 */
export async function historyOf(
  clients: readonly number[],
  entries: readonly RoundEntry[],
  load: (entry: RoundEntry) => Promise<LoadedRound>,
): Promise<History> {
  const width = entries.length;
  const status = new Uint8Array(clients.length * width).fill(STATUS_CODES.idle);
  const fields = new Map<string, Float64Array>();
  const findings: Finding[] = [];
  for (const [r, entry] of entries.entries()) {
    const { columns, open, usual } = await load(entry);
    if (columns === undefined) continue;
    const rows = clients.map((client) => columns.rowOf[client] ?? -1);
    if (rows.every((row) => row < 0)) continue;
    const judged = judgeRound(columns, open);
    for (const [c, row] of rows.entries()) if (row >= 0) status[c * width + r] = judged[row] ?? STATUS_CODES.idle;
    for (const row of rows)
      if (usual !== undefined && row >= 0) findings.push(...troubleAt(columns, judged, row, usual));
    for (const [name, { kinds, numbers }] of columns.columns) {
      if (numbers === undefined || NOT_HISTORY.has(name)) continue;
      const values = getOrAdd(fields, name, () => new Float64Array(clients.length * width).fill(Number.NaN));
      for (const [c, row] of rows.entries()) {
        const value = numbers[row];
        if (row >= 0 && kinds[row] === NUMBER && Number.isFinite(value)) values[c * width + r] = value ?? Number.NaN;
      }
    }
  }
  const rounds = Float64Array.from(entries, ({ round }) => round);
  return { clients, rounds, status, fields, findings: findings.reverse() };
}
