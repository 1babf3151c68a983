import { quantile } from "../data/quantile.ts";
import { STATUS_CODES } from "../data/statuses.ts";
import { NUMBER, type RoundColumns, VALUE } from "./round-columns.ts";

/** A client is a straggler when its training took longer than this many times the round's median. */
const STRAGGLER_FACTOR = 2;

/** Below this many times there is no median worth comparing with. */
const MIN_TIMES = 3;

/** These come with any message, so they don't make a result. */
const NOT_A_RESULT: ReadonlySet<string> = new Set(["round", "lat", "lng"]);

/** The median training time of a round, in seconds; undefined if too few are known. */
export function medianTime(table: RoundColumns): number | undefined {
  const cells = table.columns.get("train_time_sec");
  if (cells?.numbers === undefined) return undefined;
  const { kinds, numbers } = cells;
  const times = new Float64Array(table.rows);
  let known = 0;
  for (let row = 0; row < table.rows; row++) {
    const time = numbers[row] ?? Number.NaN;
    if (kinds[row] === NUMBER && Number.isFinite(time)) times[known++] = time;
  }
  return known < MIN_TIMES ? undefined : quantile(times.subarray(0, known).sort(), 0.5);
}

/**
 * How each row's client stands in the round: an index in `CLIENT_STATUSES`.
 *
 * @param open - whether results may still come in
 * @param median - the round's {@link medianTime}, if somebody has it already
 */
export function judgeRound(table: RoundColumns, open: boolean, median = medianTime(table)): Uint8Array {
  const { rows } = table;
  const status = new Uint8Array(rows).fill(open ? STATUS_CODES.waiting : STATUS_CODES.missing);
  for (let row = 0; row < rows; row++) if ((table.results[row] ?? 0) > 0) status[row] = STATUS_CODES.active;
  for (const [name, { kinds, numbers }] of table.columns) {
    if (numbers === undefined) continue;
    const isResult = !NOT_A_RESULT.has(name);
    for (let row = 0; row < rows; row++) {
      if (kinds[row] !== NUMBER) continue;
      if (!Number.isFinite(numbers[row])) status[row] = STATUS_CODES.non_finite;
      else if (isResult && status[row] !== STATUS_CODES.non_finite) status[row] = STATUS_CODES.active;
    }
  }
  markStragglers(table, status, median);
  markReported(table, status);
  return status;
}

function markStragglers(table: RoundColumns, status: Uint8Array, median: number | undefined): void {
  const cells = table.columns.get("train_time_sec");
  if (median === undefined || cells === undefined) return;
  for (let row = 0; row < table.rows; row++) {
    if (status[row] !== STATUS_CODES.active || cells.kinds[row] !== NUMBER) continue;
    if ((cells.numbers?.[row] ?? 0) > median * STRAGGLER_FACTOR) status[row] = STATUS_CODES.straggler;
  }
}

/** What was said of a client outright. */
function markReported(table: RoundColumns, status: Uint8Array): void {
  const cells = table.columns.get("status");
  if (cells?.codes === undefined) return;
  const said = cells.values.map((value) =>
    value === "failed" || value === "dropped" || value === "idle" ? STATUS_CODES[value] : undefined,
  );
  for (let row = 0; row < table.rows; row++) {
    if (cells.kinds[row] !== VALUE) continue;
    status[row] = said[cells.codes[row] ?? -1] ?? status[row] ?? 0;
  }
}
