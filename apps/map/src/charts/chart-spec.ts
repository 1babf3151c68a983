import type { Series } from "./series.ts";

export type NumberFormat = (value: number | null | undefined) => string;

/** A line of a chart. */
export interface ChartLine {
  readonly label: string;
  readonly title?: string;
  /** The style sheet's variable for its colour. */
  readonly color: string;
  /** Lengths of dashes and gaps, since colour alone tells nothing to some. */
  readonly dash?: readonly number[];
  readonly series: Series;
  /** Who measured the value of a round, where that is known. */
  sourceAt?(round: number): string | undefined;
}

/** An area between two lines. */
export interface ChartBand {
  readonly label: string;
  readonly title: string;
  readonly color: string;
  readonly low: Series;
  readonly high: Series;
}

/** What a chart shows of one run. */
export interface ChartSpec {
  readonly id: string;
  readonly title: string;
  /** The most important one first. */
  readonly lines: readonly ChartLine[];
  readonly band?: ChartBand;
  readonly format: NumberFormat;
  /** Whether the scale begins at 0. */
  readonly fromZero?: boolean;
  /** Whether there is nothing between whole numbers. */
  readonly whole?: boolean;
  /** The clients' field that it is about. */
  readonly field?: string;
}
