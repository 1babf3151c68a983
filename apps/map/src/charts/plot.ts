import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { withoutZeros } from "../format.ts";
import type { ChartProps } from "./chart-props.ts";

/** What people do with a plot. */
export interface PlotListener {
  onHover(round: number | undefined): void;
  onSeek(round: number): void;
}

/** A drawn chart. */
export interface Plot {
  update(props: ChartProps): void;
  close(): void;
}

const HEIGHT = 92;
const FONT = '10px ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
const SYNC_KEY = "rounds";

/** Draws a chart into an element, whose width it takes. The lines' number stays as it is at first. */
export function createPlot(element: HTMLElement, first: ChartProps, listener: PlotListener): Plot {
  let props = first;
  const plot = new UPlot(optionsOf(first, element.clientWidth), dataOf(first), element);
  plot.over.addEventListener("click", () => {
    const round = roundAtCursor(plot);
    if (round !== undefined) listener.onSeek(round);
  });
  const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
  observer.observe(element);

  function optionsOf({ lines, band, format, fromZero = false }: ChartProps, width: number): UPlot.Options {
    const color = (name: string) => () => getComputedStyle(element).getPropertyValue(name).trim();
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
        y: fromZero
          ? { range: { min: { pad: 0, hard: 0, soft: 0, mode: 1 }, max: { pad: 0.12, soft: 1e-9, mode: 2 } } }
          : { range: { min: { pad: 0.12 }, max: { pad: 0.12 } } },
      },
      axes: [
        { ...axis, size: 20, gap: 4, space: 40, incrs: WHOLE_STEPS, grid: { show: false } },
        {
          ...axis,
          size: 48,
          gap: 6,
          space: 26,
          values: (_, splits) => splits.map((value) => withoutZeros(format(value))),
          grid: { stroke: color("--line"), width: 1 },
        },
      ],
      series: [
        {},
        ...(band === undefined ? [] : [edge, edge]),
        ...lines.toReversed().map((line) => ({
          label: line.label,
          stroke: color(line.color),
          width: 1.75,
          points: { show: showPoints, size: 5, fill: color(line.color), width: 0 },
        })),
      ],
      ...(band === undefined ? {} : { bands: [{ series: [2, 1], fill: color(band.color) }] }),
      hooks: {
        draw: [
          (self) => {
            drawNonFinite(self, props.nonFinite ?? [], color("--status-non-finite")());
            drawShown(self, props.shown, color("--text-muted")());
          },
        ],
        setCursor: [(self) => listener.onHover(roundAtCursor(self))],
      },
    };
  }

  return {
    update(next) {
      props = next;
      plot.setData(dataOf(next));
    },
    close() {
      observer.disconnect();
      plot.destroy();
    },
  };
}

/** Between two rounds there is none. */
const WHOLE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000, 1_000_000];

/** The first line is the most important one, and is drawn last. */
function dataOf({ rounds, band, lines }: ChartProps): UPlot.AlignedData {
  const edges = band === undefined ? [] : [band.low, band.high];
  return [[...rounds], ...edges, ...lines.toReversed().map(({ values }) => values)];
}

/** Lines speak for themselves, unless there are too few values for one. */
function showPoints(plot: UPlot): boolean {
  return plot.data[0].length <= 2;
}

/** From the first round to the last; one alone stands in the middle. */
function xRange({ data: [rounds] }: UPlot): UPlot.Range.MinMax {
  const first = rounds[0] ?? 0;
  const last = rounds[rounds.length - 1] ?? 1;
  return first === last ? [first - 0.5, last + 0.5] : [first, last];
}

function roundAtCursor(plot: UPlot): number | undefined {
  const { idx } = plot.cursor;
  return idx === null || idx === undefined ? undefined : plot.data[0][idx];
}

function drawShown({ ctx, bbox, valToPos }: UPlot, round: number | undefined, color: string): void {
  if (round === undefined) return;
  const x = Math.round(valToPos(round, "x", true)) + 0.5;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

/** A value without a place on the scale still gets a mark, at the upper edge. */
function drawNonFinite({ ctx, bbox, valToPos }: UPlot, rounds: readonly number[], color: string): void {
  if (rounds.length === 0) return;
  ctx.save();
  ctx.fillStyle = color;
  ctx.font = `bold ${10 * devicePixelRatio}px sans-serif`;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  for (const round of rounds) {
    const x = valToPos(round, "x", true);
    ctx.fillRect(x - devicePixelRatio, bbox.top, 2 * devicePixelRatio, 5 * devicePixelRatio);
    ctx.fillText("NaN", x, bbox.top + 6 * devicePixelRatio);
  }
  ctx.restore();
}
