import type { Digest, History, Rounds } from "../data/run-data.ts";
import { bandPath, linePath, type Scale } from "./line-path.ts";
import type { RoundAxis } from "./round-axis.ts";
import { digestSeries, type Series, valueAt } from "./series.ts";

export const CARD_WIDTH = 160;
export const CARD_HEIGHT = 52;

/** Small charts of some clients on one scale, before the cohort. */
export interface Multiples {
  readonly across: Scale;
  readonly up: Scale;
  /** Between the cohort's 10th and 90th percentile. */
  readonly band: string;
  readonly median: string;
  readonly cards: readonly Card[];
}

export interface Card {
  /** Index of the client. */
  readonly client: number;
  /** From one value to the next, however many rounds the client wasn't in. */
  readonly path: string;
  /** By place along the axis; NaN: none. */
  readonly values: Float64Array;
}

/** Lays out the clients of a history. */
export function multiplesOf(
  history: History,
  field: string,
  rounds: Rounds,
  axis: RoundAxis,
  digest: Digest,
): Multiples {
  const cohort = (q: number): Float64Array => along(axis, digestSeries(rounds, digest, q));
  const [low, median, high] = [cohort(0.1), cohort(0.5), cohort(0.9)];
  const rows = history.clients.map((client, c) => ({ client, values: historyAlong(history, c, field, rounds, axis) }));
  const across = { low: axis.x[0] ?? 0, high: axis.x[axis.x.length - 1] ?? 0, size: CARD_WIDTH };
  const up = { ...extent([low, high, ...rows.map(({ values }) => values)]), size: CARD_HEIGHT };
  return {
    across,
    up,
    band: bandPath(axis.x, low, high, across, up),
    median: linePath(axis.x, median, across, up),
    cards: rows.map((row) => ({ ...row, path: linePath(axis.x, row.values, across, up, true) })),
  };
}

function along(axis: RoundAxis, series: Series): Float64Array {
  return Float64Array.from(axis.index, (round) => valueAt(series, round) ?? Number.NaN);
}

/** The history may be of fewer rounds than there are by now. */
function historyAlong(history: History, c: number, field: string, rounds: Rounds, axis: RoundAxis): Float64Array {
  const width = history.rounds.length;
  const known = new Map<number, number>();
  history.rounds.forEach((number, r) => {
    known.set(number, r);
  });
  const column = history.fields.get(field);
  const base = field === "staleness" ? history.fields.get("base_round") : undefined;
  return Float64Array.from(axis.index, (round) => {
    const number = rounds.numbers[round] ?? Number.NaN;
    const at = known.get(number);
    if (at === undefined) return Number.NaN;
    return column?.[c * width + at] ?? number - (base?.[c * width + at] ?? Number.NaN);
  });
}

function extent(all: readonly Float64Array[]): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const values of all) {
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? { low, high } : { low: 0, high: 0 };
}
