import { type Digest, FIGURE_SOURCE, type Figure, QUANTILES, type Rounds } from "../data/run-data.ts";

/** A value for each round, by index. */
export interface Series {
  readonly values: Float64Array;
  /** 0 where there is none. */
  readonly has: Uint8Array;
}

/** A round's value, which may be NaN or infinite; undefined if there is none. */
export function valueAt({ values, has }: Series, round: number): number | undefined {
  return has[round] ? values[round] : undefined;
}

/** Whether any round has a value, finite or not. */
export function isEmpty(series: Series): boolean {
  return !series.has.includes(1);
}

/**
 * A figure of the rounds. A round that goes on has only what the server reported: half of its results would look like a
 * collapse.
 */
export function figureSeries(rounds: Rounds, figure: Figure | undefined): Series {
  const has = new Uint8Array(rounds.numbers.length);
  if (figure === undefined) return { values: new Float64Array(has.length), has };
  for (let i = 0; i < has.length; i++) {
    const source = figure.source[i];
    has[i] = source === FIGURE_SOURCE.reported || (source === FIGURE_SOURCE.derived && rounds.open[i] !== 1) ? 1 : 0;
  }
  return { values: figure.values, has };
}

/** One quantile of a digest, or its mean. Rounds that go on have none. */
export function digestSeries(rounds: Rounds, digest: Digest | undefined, what: number | "mean"): Series {
  const count = rounds.numbers.length;
  const series = { values: new Float64Array(count), has: new Uint8Array(count) };
  if (digest === undefined) return series;
  const at = what === "mean" ? 0 : Math.round(what * (QUANTILES - 1));
  for (let i = 0; i < count; i++) {
    if (rounds.open[i] === 1 || !((digest.count[i] ?? 0) > 0)) continue;
    series.values[i] = (what === "mean" ? digest.mean[i] : digest.quantiles[i * QUANTILES + at]) ?? Number.NaN;
    series.has[i] = 1;
  }
  return series;
}
