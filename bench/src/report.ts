import type { Goal, Measured } from "./bench.ts";
import { median } from "./lib/statistics.ts";

/** A figure as it is told: medians, and how far the turns lay apart. */
export interface Result {
  readonly bench: string;
  readonly figure: number;
  readonly unit: string;
  /** Null if there is nothing to compare with. */
  readonly floor: number | null;
  /** Figure / floor. */
  readonly ratio: number | null;
  /** Null if the figure is only told. */
  readonly goal: string | null;
  readonly holds: boolean | null;
  /** The lowest and the highest ratio of a turn; null without a floor. */
  readonly spread: readonly [lowest: number, highest: number] | null;
}

/** Sums up what was measured. */
export function resultOf({ name, unit, goal, figures, floors }: Measured): Result {
  const figure = median(figures);
  const floor = orNull(median(floors));
  const ratio = floor === null ? null : orNull(figure / floor);
  const ratios = figures.flatMap((value, i) => orNull(value / (floors[i] ?? Number.NaN)) ?? []);
  return {
    bench: name,
    figure: rounded(figure),
    unit,
    floor: floor === null ? null : rounded(floor),
    ratio: ratio === null ? null : rounded(ratio),
    goal: goal === undefined ? null : goalText(goal, unit),
    holds: goal === undefined ? null : holds(goal, goal.of === "figure" ? figure : (ratio ?? Number.NaN)),
    spread: ratios.length === 0 ? null : [rounded(Math.min(...ratios)), rounded(Math.max(...ratios))],
  };
}

function holds({ is, value }: Goal, reached: number): boolean {
  return is === "at least" ? reached >= value : reached <= value;
}

function goalText({ of, is, value }: Goal, unit: string): string {
  return `${of} ${is} ${value}${of === "figure" && unit !== "" ? ` ${unit}` : ""}`;
}

const HEAD = ["bench", "figure", "floor", "ratio", "spread of the ratio", "goal", "holds"];

/** A result as the cells of a table. */
export function cellsOf({ bench, figure, unit, floor, ratio, goal, holds, spread }: Result): string[] {
  return [
    bench,
    `${readable(figure)} ${unit}`.trim(),
    floor === null ? "–" : readable(floor),
    ratio === null ? "–" : readable(ratio),
    spread === null ? "–" : spread.map(readable).join(" … "),
    goal ?? "–",
    holds === null ? "–" : holds ? "yes" : "NO",
  ];
}

/** A table of results for people, in columns. */
export function tableOf(results: readonly Result[]): string {
  const lines = [HEAD, ...results.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  return lines
    .map((cells) =>
      cells
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** With four digits, which is more than a busy machine can promise. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function readable(value: number): string {
  return value.toLocaleString("en", value >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 });
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
