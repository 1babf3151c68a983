import type { ChartBand, ChartLine } from "./chart-spec.ts";
import type { RoundAxis } from "./round-axis.ts";
import { type Series, valueAt } from "./series.ts";

/** A line of some run, along that run's rounds. */
export interface PlotLine extends ChartLine {
  readonly axis: RoundAxis;
}

/** A value for each x; null is a gap in a line, undefined a place at which its run has no round. */
export type Column = (number | null | undefined)[];

/** What is drawn. */
export interface PlotData {
  /** Ascending. */
  readonly x: ArrayLike<number> & Iterable<number>;
  /** Of each line. */
  readonly columns: readonly Column[];
  readonly band: readonly [low: Column, high: Column] | undefined;
  /** Of each line: the places of values without a neighbour, which no line can show. */
  readonly isolated: readonly number[][];
  /** Values that have no place on the scale. */
  readonly marks: readonly OffScaleMark[];
}

export interface OffScaleMark {
  readonly x: number;
  readonly text: string;
}

/** Beyond this the arithmetic of a scale is no longer finite. */
const LARGEST = 1e300;

/** Lays lines of one or several runs along one axis. The band goes along the first one's. */
export function plotData(lines: readonly PlotLine[], band: ChartBand | undefined): PlotData {
  const axes = [...new Set(lines.map(({ axis }) => axis))];
  const x = axes.length === 1 && axes[0] !== undefined ? axes[0].x : union(axes.map((axis) => axis.x));
  const columns = lines.map(({ series, axis }) => columnOf(series, axis, x));
  const first = lines[0]?.axis;
  return {
    x,
    columns,
    band:
      band === undefined || first === undefined
        ? undefined
        : [columnOf(band.low, first, x), columnOf(band.high, first, x)],
    isolated: columns.map(isolatedIn),
    marks: lines.flatMap(marksOf).sort((a, b) => a.x - b.x),
  };
}

function columnOf(series: Series, axis: RoundAxis, x: ArrayLike<number>): Column {
  const column: Column = new Array(x.length).fill(undefined);
  let at = 0;
  for (let place = 0; place < axis.x.length; place++) {
    while (at < x.length && (x[at] ?? 0) < (axis.x[place] ?? 0)) at++;
    const value = valueAt(series, axis.index[place] ?? -1);
    column[at] = value !== undefined && Math.abs(value) < LARGEST ? value : null;
    // Rounds that ended at the same time stand side by side where theirs is the axis.
    if (x === axis.x) at++;
  }
  return column;
}

function union(all: readonly Float64Array[]): Float64Array {
  const sorted = new Float64Array(all.reduce((sum, x) => sum + x.length, 0));
  let length = 0;
  for (const x of all) {
    sorted.set(x, length);
    length += x.length;
  }
  sorted.sort();
  let kept = 0;
  for (const x of sorted) if (kept === 0 || x !== sorted[kept - 1]) sorted[kept++] = x;
  return sorted.slice(0, kept);
}

function isolatedIn(column: Column): number[] {
  const found: number[] = [];
  let before: number | null | undefined = null;
  let candidate = -1;
  column.forEach((value, at) => {
    if (value === undefined) return;
    if (value === null) {
      if (candidate >= 0) found.push(candidate);
      candidate = -1;
    } else candidate = before === null ? at : -1;
    before = value;
  });
  if (candidate >= 0) found.push(candidate);
  return found;
}

function marksOf({ series, axis }: PlotLine): OffScaleMark[] {
  const marks: OffScaleMark[] = [];
  for (let place = 0; place < axis.x.length; place++) {
    const value = valueAt(series, axis.index[place] ?? -1);
    if (value === undefined || Math.abs(value) < LARGEST) continue;
    marks.push({ x: axis.x[place] ?? 0, text: Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞" });
  }
  return marks;
}
