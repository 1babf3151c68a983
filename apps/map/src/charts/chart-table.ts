import type { ChartView } from "./chart.tsx";
import type { DataColumn, DataTable } from "./data-table.ts";
import { plotData } from "./plot-data.ts";
import { nearestPlace } from "./round-axis.ts";
import { type Series, valueAt } from "./series.ts";

/** What a chart shows, in numbers: a row for each round. Of several runs, a row for each place along the axis. */
export function chartTable(view: ChartView, seek: (round: number) => void): DataTable {
  const { spec, lines, axis } = view;
  const { x, columns } = plotData(lines, undefined);
  const isOwn = lines.every((line) => line.axis === axis);
  const roundAt = (row: number): number => axis.index[isOwn ? row : nearestPlace(axis.x, x[row] ?? 0)] ?? -1;
  const own = (name: string, series: Series): DataColumn => ({
    name,
    value: (row) => valueAt(series, roundAt(row)),
    text: (row) => spec.format(valueAt(series, roundAt(row))),
  });
  return {
    name: spec.title,
    rows: x.length,
    columns: [
      ...placeColumns(view, isOwn, x, roundAt),
      ...(isOwn
        ? [
            ...lines.map((line) => own(line.label, line.series)),
            ...(spec.band === undefined ? [] : [own("p10", spec.band.low), own("p90", spec.band.high)]),
            ...lines
              .filter((line) => line.sourceAt !== undefined)
              .map(
                (line): DataColumn => ({
                  name: `source of ${line.label}`,
                  value: (row) => line.sourceAt?.(roundAt(row)),
                }),
              ),
          ]
        : lines.map(
            (line, index): DataColumn => ({
              name: line.label,
              value: (row) => columns[index]?.[row] ?? undefined,
              text: (row) => spec.format(columns[index]?.[row]),
            }),
          )),
    ],
    onPick: (row) => seek(roundAt(row)),
  };
}

/** What says where a row is. */
function placeColumns(
  { axis, rounds }: ChartView,
  isOwn: boolean,
  x: ArrayLike<number>,
  roundAt: (row: number) => number,
): DataColumn[] {
  const seconds: DataColumn = { name: "seconds", value: (row) => x[row] };
  if (!isOwn) return [axis.kind === "time" ? seconds : { name: "round", value: (row) => x[row] }];
  const round: DataColumn = { name: "round", value: (row) => rounds.numbers[roundAt(row)] };
  return axis.kind === "time" ? [round, seconds] : [round];
}
