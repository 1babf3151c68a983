import type { Digest, Overview } from "../data/run-data.ts";
import type { AxisKind } from "../page-state.ts";
import type { ComparedRun } from "../runs/compared-runs.ts";
import { OWN_LINE } from "../runs/run-lines.ts";
import type { ChartView } from "./chart.tsx";
import { chartOf } from "./chart-list.ts";
import type { PlotLine } from "./plot-data.ts";
import { type RoundAxis, roundAxis } from "./round-axis.ts";
import { isEmpty } from "./series.ts";

/** What a chart draws: the open run by itself, or the first line of it and of each other run that has one. */
export function chartView(
  id: string,
  overview: Overview,
  axis: RoundAxis,
  digest: Digest | undefined,
  compared: readonly ComparedRun[],
): ChartView {
  const spec = chartOf(id, overview, digest);
  const { rounds } = overview;
  const others = compared.flatMap((run) => otherLine(id, run, axis.kind));
  const [main] = spec.lines;
  if (others.length === 0 || main === undefined) {
    return { spec, rounds, axis, lines: spec.lines.map((line) => ({ ...line, axis })) };
  }
  const own: PlotLine = { ...main, ...OWN_LINE, label: overview.runId, axis };
  return { spec, rounds, axis, lines: [own, ...others] };
}

function otherLine(id: string, { runId, line, overview }: ComparedRun, kind: AxisKind): PlotLine[] {
  if (overview === undefined) return [];
  const [main] = chartOf(id, overview, undefined).lines;
  if (main === undefined || isEmpty(main.series)) return [];
  return [{ ...main, ...line, label: runId, axis: axisOf(overview, kind) }];
}

/** Each chart asks for the same one. */
const axes = new WeakMap<Overview, Map<AxisKind, RoundAxis>>();

/** The axis of a run. */
export function axisOf(overview: Overview, kind: AxisKind): RoundAxis {
  const known = axes.get(overview) ?? new Map<AxisKind, RoundAxis>();
  axes.set(overview, known);
  const axis = known.get(kind) ?? roundAxis(overview.rounds, kind);
  known.set(kind, axis);
  return axis;
}

/**
 * The newest round up to the shown one whose figures are complete; else the shown one. By index; -1: there is none.
 *
 * @param shown - -1: none is, so the newest of all
 */
export function roundToRead({ rounds }: Overview, shown: number): number {
  const last = rounds.numbers.length - 1;
  const from = shown < 0 ? last : Math.min(shown, last);
  for (let i = from; i >= 0; i--) if (rounds.open[i] !== 1) return i;
  return from;
}
