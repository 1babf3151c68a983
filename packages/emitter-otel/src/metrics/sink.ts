import type { Instrument } from "./instruments.ts";

/** What tells series of a metric apart, beside the run. */
export type Labels = Readonly<Record<string, string>>;

/** Takes the values of a run's metrics. */
export interface MetricSink {
  /** Says when the run began, microseconds since 1970, before anything else. */
  begin(micros: number): void;
  /** Adds to a counter. */
  count(instrument: Instrument, amount: number, labels?: Labels): void;
  /** Sets a gauge. Any number. */
  set(instrument: Instrument, value: number, labels?: Labels): void;
  /** Adds the finite ones of some values to a histogram. */
  record(instrument: Instrument, values: Float64Array, labels?: Labels): void;
  /** Whatever came until now is to be told of, as of a time, microseconds since 1970. */
  collect(micros: number): void;
}
