import type { Signal } from "@preact/signals";
import type { Series } from "../model/round-series.ts";

/** A line of a chart, with one value a round. */
export interface ChartLine {
  readonly label: string;
  readonly title?: string;
  /** The style sheet's variable for its colour. */
  readonly color: string;
  readonly values: Series;
}

/** An area between two lines. */
export interface ChartBand {
  readonly label: string;
  readonly title: string;
  readonly color: string;
  readonly low: Series;
  readonly high: Series;
}

/** What a chart shows. */
export interface ChartProps {
  readonly title: string;
  readonly rounds: readonly number[];
  readonly lines: readonly ChartLine[];
  /** An area behind the lines. */
  readonly band?: ChartBand;
  /** Rounds with a value that has no place on the scale. */
  readonly nonFinite?: readonly number[];
  readonly format: (value: number | null | undefined) => string;
  /** Whether the scale begins at 0. */
  readonly fromZero?: boolean;
  readonly shown: number | undefined;
  /** The round whose values stand in the caption. */
  readonly read: number | undefined;
  /** The round that is pointed at, in any chart. */
  readonly hovered: Signal<number | undefined>;
  onSeek(round: number): void;
}
