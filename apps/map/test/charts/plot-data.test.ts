import { expect, test } from "vitest";
import { type PlotLine, plotData } from "../../src/charts/plot-data.ts";
import { type RoundAxis, roundAxis } from "../../src/charts/round-axis.ts";
import { figureSeries } from "../../src/charts/series.ts";
import { reported, roundsOf } from "./tables.ts";

function lineOf(numbers: readonly number[], values: readonly (number | undefined)[], axis?: RoundAxis): PlotLine {
  const rounds = roundsOf(numbers);
  return {
    label: "line",
    color: "--chart-1",
    series: figureSeries(rounds, reported(...values)),
    axis: axis ?? roundAxis(rounds, "round"),
  };
}

test("what is missing is a gap, what is not finite a gap with a mark", () => {
  const { columns, marks } = plotData(
    [lineOf([0, 1, 2, 3], [1, undefined, Number.NaN, Number.NEGATIVE_INFINITY])],
    undefined,
  );
  expect(columns).toEqual([[1, null, null, null]]);
  expect(marks).toEqual([
    { x: 2, text: "NaN" },
    { x: 3, text: "−∞" },
  ]);
});

test("values without a neighbour are known, since no line shows them", () => {
  const { isolated } = plotData([lineOf([0, 1, 2, 3, 4], [1, undefined, 2, 3, undefined])], undefined);
  expect(isolated).toEqual([[0]]);
  expect(plotData([lineOf([7], [1])], undefined).isolated).toEqual([[0]]);
});

test("runs with other rounds are laid side by side, and no line breaks at another's rounds", () => {
  const { x, columns, isolated } = plotData([lineOf([1, 2, 4], [1, 2, 4]), lineOf([2, 3], [20, 30])], undefined);
  expect([...x]).toEqual([1, 2, 3, 4]);
  expect(columns).toEqual([
    [1, 2, undefined, 4],
    [undefined, 20, 30, undefined],
  ]);
  expect(isolated).toEqual([[], []]);
});

test("rounds that ended in the same moment all keep their values", () => {
  const endedAt = Float64Array.of(5_000, 5_000);
  const axis = roundAxis(roundsOf([1, 2], { endedAt }), "time");
  expect(plotData([lineOf([1, 2], [1, 2], axis)], undefined).columns).toEqual([[1, 2]]);
});

test("numbers beyond what a scale can hold are marked", () => {
  const { columns, marks } = plotData([lineOf([1, 2], [1, -1.5e308])], undefined);
  expect(columns).toEqual([[1, null]]);
  expect(marks).toEqual([{ x: 2, text: "−∞" }]);
});

test("ten thousand rounds of several runs are laid out", () => {
  const numbers = Array.from({ length: 10_000 }, (_, i) => i);
  const lines = Array.from({ length: 8 }, (_, run) =>
    lineOf(
      numbers.map((n) => n * (run + 1)),
      numbers,
    ),
  );
  const { x, columns } = plotData(lines, undefined);
  expect(columns.map((column) => column.filter((value) => typeof value === "number").length)).toEqual(
    lines.map(() => 10_000),
  );
  expect(new Set(x).size).toBe(x.length);
});
