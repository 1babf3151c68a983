import { withoutZeros } from "../format.ts";
import type { Stage } from "./canvas-view.tsx";
import type { NumberFormat } from "./chart-spec.ts";
import { FONT } from "./font.ts";
import type { Histogram } from "./histogram.ts";

/** A bar, and what it stands for. */
export interface Bar {
  readonly x: number;
  readonly width: number;
  readonly label: string;
  readonly count: number;
  readonly matching: number;
  /** Whether it is a bin of the scale, not one apart. */
  readonly onScale: boolean;
}

const TOP = 14;
const BOTTOM = 20;
const APART_WIDTH = 44;
const APART_GAP = 14;
const WIDEST_BIN = 72;
/** Half of the first mark of the scale, and of the last, stands beside the bars. */
const EDGE = 16;

/** Where the bars stand in a picture of some width. */
export function layBars({ edges, counts, matching, apart }: Histogram, width: number, format: NumberFormat): Bar[] {
  const apartWidth = apart.length === 0 ? 0 : apart.length * APART_WIDTH + APART_GAP;
  const room = Math.max(0, width - apartWidth - 2 * EDGE);
  const step = counts.length === 0 ? 0 : Math.min(WIDEST_BIN, room / counts.length);
  const scaleWidth = step * counts.length;
  const bins = [...counts].map(
    (count, i): Bar => ({
      x: EDGE + i * step,
      width: step,
      label: binLabel(edges, i, format),
      count,
      matching: matching[i] ?? 0,
      onScale: true,
    }),
  );
  const rest = apart.map(
    (bar, i): Bar => ({
      ...bar,
      x: EDGE + scaleWidth + APART_GAP + i * APART_WIDTH,
      width: APART_WIDTH,
      onScale: false,
    }),
  );
  return [...bins, ...rest];
}

/** `10% to 20%`; one value or whole number alone. */
export function binLabel(edges: readonly number[], bin: number, format: NumberFormat): string {
  const [low = 0, high = 0] = [edges[bin], edges[bin + 1]];
  const middle = (low + high) / 2;
  if (high === low) return format(low);
  if (high - low === 1 && Number.isInteger(middle)) return format(middle);
  return `${withoutZeros(format(low))} to ${withoutZeros(format(high))}`;
}

/** Draws the bars; the part that the filter lets through is strong. */
export function drawHistogram(
  { ctx, height, color }: Stage,
  { edges }: Histogram,
  bars: readonly Bar[],
  hovered: number,
  format: NumberFormat,
): void {
  const most = bars.reduce((max, { count }) => Math.max(max, count), 1);
  const floor = height - BOTTOM;
  const tall = floor - TOP;
  ctx.font = FONT;
  ctx.textAlign = "center";
  bars.forEach((bar, i) => {
    const gap = Math.min(2, bar.onScale ? bar.width / 5 : 8);
    const [x, w] = [bar.x + gap / 2, Math.max(0.5, bar.width - gap)];
    const fill = bar.onScale ? "--chart-2" : bar.label === "missing" ? "--status-missing" : "--status-non-finite";
    const draw = (count: number, alpha: number): void => {
      if (count === 0) return;
      const h = Math.max(1, (count / most) * tall);
      ctx.globalAlpha = alpha;
      ctx.fillRect(x, floor - h, w, h);
    };
    ctx.fillStyle = color(fill);
    draw(bar.count, 0.3);
    draw(bar.matching, 1);
    ctx.globalAlpha = 1;
    if (i === hovered) {
      ctx.strokeStyle = color("--text");
      ctx.strokeRect(x, TOP - 2, w, tall + 2);
    }
    if (bar.width >= 26 && bar.count > 0) {
      ctx.fillStyle = color("--text-muted");
      ctx.textBaseline = "bottom";
      ctx.fillText(String(bar.count), x + w / 2, floor - (bar.count / most) * tall - 1);
    }
    if (!bar.onScale) {
      ctx.fillStyle = color("--text-muted");
      ctx.textBaseline = "top";
      ctx.fillText(bar.label, x + w / 2, floor + 5);
    }
  });
  drawScale({ ctx, color }, edges, bars, floor, format);
}

function drawScale(
  { ctx, color }: Pick<Stage, "ctx" | "color">,
  edges: readonly number[],
  bars: readonly Bar[],
  floor: number,
  format: NumberFormat,
): void {
  const bins = bars.filter(({ onScale }) => onScale);
  const last = bins[bins.length - 1];
  if (last === undefined) return;
  ctx.strokeStyle = color("--line");
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(EDGE, floor + 0.5);
  ctx.lineTo(last.x + last.width, floor + 0.5);
  ctx.stroke();
  ctx.fillStyle = color("--text-faint");
  ctx.textBaseline = "top";
  const isWhole = bins.length > 0 && !(bins[0]?.label ?? "").includes(" to ");
  let free = Number.NEGATIVE_INFINITY;
  const end = last.x + last.width;
  const mark = (text: string, at: number): void => {
    const half = ctx.measureText(text).width / 2;
    if (at - half < free) return;
    ctx.fillText(text, at, floor + 5);
    free = at + half + 8;
  };
  for (const [i, bin] of bins.entries()) {
    if (isWhole) mark(bin.label, bin.x + bin.width / 2);
    else mark(withoutZeros(format(edges[i])), bin.x);
  }
  if (!isWhole) mark(withoutZeros(format(edges[bins.length])), end);
}
