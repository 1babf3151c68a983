import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatCount, withoutZeros } from "../format.ts";
import { themeColor } from "../theme.ts";
import type { NumberFormat } from "./chart-spec.ts";
import { FONT } from "./font.ts";
import type { OffScaleMark, PlotData } from "./plot-data.ts";
import { TIME_STEPS } from "./time-marks.ts";

/** What people do with a plot. */
export interface PlotListener {
  onHover(x: number | undefined): void;
  onSeek(x: number): void;
}

/** How a plot looks, which stays as it is. */
export interface PlotLook {
  readonly lines: readonly { readonly color: string; readonly dash?: readonly number[] }[];
  /** The colour of the area between two lines, if there is one. */
  readonly band: string | undefined;
  readonly format: NumberFormat;
  readonly fromZero: boolean;
  /** Whether there is nothing between whole numbers. */
  readonly whole: boolean;
  /** What stands below the x axis; numbers of rounds without it. */
  formatX: ((x: number) => string) | undefined;
}

/** A drawn chart. */
export interface Plot {
  readonly canvas: HTMLCanvasElement;
  setData(data: PlotData): void;
  /** Marks the shown round. */
  setShown(x: number | undefined): void;
  /** @param width - in CSS pixels */
  setWidth(width: number): void;
  /** Draws again, in the theme's colours. */
  redraw(): void;
  close(): void;
}

const HEIGHT = 92;
const SYNC_KEY = "rounds";

/** Between two rounds there is none, nor between two clients. */
const WHOLE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000, 1_000_000];

/** Draws a chart into an element. @param width - in CSS pixels */
export function createPlot(
  element: HTMLElement,
  width: number,
  look: PlotLook,
  first: PlotData,
  listener: PlotListener,
): Plot {
  let data = first;
  let shown: number | undefined;
  const color = (name: string) => () => themeColor(name);
  const plot = new UPlot(optionsOf(), alignedData(first), element);
  const marker = document.createElement("div");
  marker.className = "shown-round";
  plot.over.append(marker);
  plot.over.addEventListener("click", () => {
    const x = xAtCursor(plot);
    if (x !== undefined) listener.onSeek(x);
  });

  function optionsOf(): UPlot.Options {
    const { lines, band, format, fromZero, whole, formatX } = look;
    const noPoints = { show: false };
    const edge = { width: 0, points: noPoints };
    const axis = { font: FONT, stroke: color("--text-faint"), ticks: { show: false } };
    return {
      width,
      height: HEIGHT,
      padding: [8, 10, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false, setScale: false },
        points: { size: 6, width: 1.5 },
        sync: { key: SYNC_KEY },
      },
      scales: {
        x: { time: false, range: xRange },
        y: { range: (_, low, high) => yRange(low, high, fromZero) },
      },
      axes: [
        {
          ...axis,
          size: 20,
          gap: 4,
          space: formatX === undefined ? 40 : 60,
          incrs: formatX === undefined ? WHOLE_STEPS : TIME_STEPS,
          grid: { show: false },
          values: (_, splits) => splits.map(formatX ?? formatCount),
        },
        {
          ...axis,
          size: 48,
          gap: 6,
          space: 19,
          ...(whole && { incrs: WHOLE_STEPS }),
          values: (_, splits) => splits.map((value) => (hasValues(data) ? withoutZeros(format(value)) : "")),
          grid: { stroke: color("--line"), width: 1 },
        },
      ],
      series: [
        {},
        ...(band === undefined ? [] : [edge, edge]),
        ...lines
          .map((line, index) => ({
            stroke: color(line.color),
            width: index === 0 ? 1.75 : 1.4,
            ...(line.dash && { dash: [...line.dash] }),
            points: {
              show: false,
              size: 5,
              fill: color(line.color),
              width: 0,
              filter: () => data.isolated[index] ?? null,
            },
          }))
          .toReversed(),
      ],
      ...(band === undefined ? {} : { bands: [{ series: [2, 1], fill: color(band) }] }),
      hooks: {
        draw: [
          (self) => {
            drawMarks(self, data.marks, themeColor("--status-non-finite"));
            placeMarker(self);
          },
        ],
        setCursor: [(self) => listener.onHover(xAtCursor(self))],
      },
    };
  }

  /** It is moved at every step of a replay: that must not draw the chart again. */
  function placeMarker(self: UPlot): void {
    const x = shown === undefined ? Number.NaN : self.valToPos(shown, "x");
    marker.hidden = !Number.isFinite(x);
    if (Number.isFinite(x)) marker.style.transform = `translateX(${Math.round(x)}px)`;
  }

  return {
    canvas: plot.ctx.canvas,
    setData(next) {
      data = next;
      plot.setData(alignedData(next));
    },
    setShown(x) {
      shown = x;
      placeMarker(plot);
    },
    setWidth: (next) => plot.setSize({ width: next, height: HEIGHT }),
    redraw: () => plot.redraw(),
    close: () => plot.destroy(),
  };
}

/** The first line is the most important one, and is drawn last. */
function alignedData({ x, band, columns }: PlotData): UPlot.AlignedData {
  return [[...x], ...(band ?? []), ...columns.toReversed()];
}

/** From the first round to the last; one alone stands in the middle. */
function xRange({ data: [all] }: UPlot): UPlot.Range.MinMax {
  const first = all[0] ?? 0;
  const last = all[all.length - 1] ?? 1;
  return first === last ? [first - 0.5, last + 0.5] : [first, last];
}

/** Without a value the axis keeps its place, since what can't be on it is marked above it. */
function yRange(low: number | null, high: number | null, fromZero: boolean): UPlot.Range.MinMax {
  if (low === null || high === null) return [0, 1];
  return UPlot.rangeNum(low, high, fromZero ? FROM_ZERO : AROUND);
}

const FROM_ZERO: UPlot.Range.Config = {
  min: { pad: 0, hard: 0, soft: 0, mode: 1 },
  max: { pad: 0.12, soft: 1e-9, mode: 2 },
};

const AROUND: UPlot.Range.Config = { min: { pad: 0.12 }, max: { pad: 0.12 } };

function hasValues({ columns }: PlotData): boolean {
  return columns.some((column) => column.some((value) => typeof value === "number"));
}

function xAtCursor(plot: UPlot): number | undefined {
  const { idx } = plot.cursor;
  return idx === null || idx === undefined ? undefined : plot.data[0][idx];
}

/** Marks at the upper edge; where they are dense, one for each pixel and as many words as there is room for. */
function drawMarks({ ctx, bbox, valToPos }: UPlot, marks: readonly OffScaleMark[], color: string): void {
  if (marks.length === 0) return;
  ctx.save();
  ctx.fillStyle = color;
  ctx.font = `bold ${10 * devicePixelRatio}px sans-serif`;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  let lastMark = Number.NEGATIVE_INFINITY;
  let lastText = Number.NEGATIVE_INFINITY;
  for (const { x, text } of marks) {
    const at = valToPos(x, "x", true);
    if (at - lastMark < 1) continue;
    lastMark = at;
    ctx.fillRect(at - devicePixelRatio, bbox.top, 2 * devicePixelRatio, 5 * devicePixelRatio);
    if (at - lastText < 30 * devicePixelRatio) continue;
    lastText = at;
    ctx.fillText(text, at, bbox.top + 6 * devicePixelRatio);
  }
  ctx.restore();
}
