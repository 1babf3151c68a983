import { createExponentialHistogram, type ExponentialHistogram, type HistogramValue } from "./exponential-histogram.ts";
import type { Instrument } from "./instruments.ts";
import type { Labels, MetricSink } from "./sink.ts";

/** A value of one series, as it is sent. Times are microseconds since 1970. */
export interface Point {
  readonly instrument: Instrument;
  readonly labels: Labels;
  readonly startMicros: number;
  readonly micros: number;
  readonly value: number | HistogramValue;
}

export interface SeriesOptions {
  /** Whether what is sent of such metrics is what came since the last time, and not since the run's beginning. */
  isDelta(kind: Instrument["kind"]): boolean;
  /** Whether a gauge may be NaN or infinite. */
  readonly takesNonFinite: boolean;
  onPoint(point: Point): void;
}

interface Series<T> {
  readonly instrument: Instrument;
  readonly labels: Labels;
  isFresh: boolean;
  state: T;
}

/** Less is one time to some stores. */
const LEAST_STEP_MICROS = 1000;

/**
 * The series of a run, held here and not by an SDK: so each point has the time at which it was true, none is dropped where
 * there are many, and the same run always gives the same points.
 */
export function createSeries({ isDelta, takesNonFinite, onPoint }: SeriesOptions): MetricSink {
  const counters = createTable<number>(() => 0);
  const histograms = createTable<ExponentialHistogram>(createExponentialHistogram);
  const gauges = createTable<number>(() => Number.NaN);
  let start = 0;
  let last = 0;

  function collectAll<T>(table: Table<T>, micros: number, read: (state: T) => Point["value"], empty: () => T): void {
    for (const series of table.all()) {
      const { instrument, labels, isFresh } = series;
      const delta = isDelta(instrument.kind);
      if (delta && !isFresh) continue;
      const value = read(series.state);
      series.isFresh = false;
      // Nothing that was reported could be counted.
      if (typeof value !== "number" && value.count === 0) continue;
      onPoint({ instrument, labels, startMicros: delta ? last : start, micros, value });
      if (delta) series.state = empty();
    }
  }

  return {
    begin(micros) {
      start = micros;
      last = micros;
    },
    count(instrument, amount, labels) {
      const series = counters.of(instrument, labels);
      series.state += amount;
      series.isFresh = true;
    },
    set(instrument, value, labels) {
      if (!takesNonFinite && !Number.isFinite(value)) return;
      const series = gauges.of(instrument, labels);
      series.state = value;
    },
    record(instrument, values, labels) {
      const series = histograms.of(instrument, labels);
      series.state.add(values);
      series.isFresh = true;
    },
    collect(micros) {
      // No store takes two values of one time, or any of an earlier one.
      const time = Math.max(micros, last + LEAST_STEP_MICROS);
      collectAll(
        counters,
        time,
        (total) => total,
        () => 0,
      );
      collectAll(histograms, time, (histogram) => histogram.value(), createExponentialHistogram);
      for (const { instrument, labels, state } of gauges.all()) {
        onPoint({ instrument, labels, startMicros: start, micros: time, value: state });
      }
      // What nobody has reported again is missing the next time, and not what it was.
      gauges.clear();
      last = time;
    },
  };
}

interface Table<T> {
  of(instrument: Instrument, labels?: Labels): Series<T>;
  all(): Iterable<Series<T>>;
  clear(): void;
}

const NO_LABELS: Labels = {};

function createTable<T>(empty: () => T): Table<T> {
  const known = new Map<Instrument, Map<string, Series<T>>>();

  function* all(): Generator<Series<T>> {
    for (const byLabels of known.values()) yield* byLabels.values();
  }

  return {
    of(instrument, labels = NO_LABELS) {
      const byLabels = known.get(instrument) ?? new Map<string, Series<T>>();
      known.set(instrument, byLabels);
      const key = labels === NO_LABELS ? "" : JSON.stringify(labels);
      const found = byLabels.get(key);
      if (found !== undefined) return found;
      const made = { instrument, labels, isFresh: false, state: empty() };
      byLabels.set(key, made);
      return made;
    },
    all,
    clear: () => known.clear(),
  };
}
