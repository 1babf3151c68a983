import { formatCount, withoutZeros } from "../format.ts";
import type { Stage } from "./canvas-view.tsx";
import type { NumberFormat } from "./chart-spec.ts";
import { FONT } from "./font.ts";
import type { HeatMap } from "./heat-map.ts";
import { ticks, timeTicks } from "./ticks.ts";
import { timeMark } from "./time-marks.ts";

/** Room around the image, in pixels. */
export const HEAT_MARGIN = { left: 52, right: 10, top: 10, bottom: 20 } as const;

/** Draws an image of a heat map with its scales. */
export function drawHeat(
  { ctx, width, height, color }: Stage,
  map: HeatMap,
  image: HTMLCanvasElement,
  format: NumberFormat,
  isTime: boolean,
): void {
  const { left, top } = HEAT_MARGIN;
  const [w, h] = [width - left - HEAT_MARGIN.right, height - top - HEAT_MARGIN.bottom];
  if (w <= 0) return;
  ctx.fillStyle = color("--raised");
  ctx.fillRect(left, top, w, h);
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(image, left, top, w, h);
  ctx.fillStyle = color("--status-non-finite");
  map.nonFinite.forEach((has, column) => {
    const step = w / map.columns;
    if (has === 1) ctx.fillRect(left + column * step, 3, Math.max(1, Math.min(step, 4)), 5);
  });
  ctx.font = FONT;
  ctx.fillStyle = color("--text-faint");
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  for (const value of ticks(map.low, map.high, Math.floor(h / 24))) {
    const y = top + h - ((value - map.low) / (map.high - map.low)) * h;
    ctx.fillText(withoutZeros(format(value)), left - 6, y, left - 8);
  }
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  const marks = isTime
    ? timeTicks(map.start, map.end, Math.floor(w / 60))
    : ticks(map.start, map.end, Math.floor(w / 45));
  for (const x of marks) {
    if (!isTime && !Number.isInteger(x)) continue;
    const at = left + ((x - map.start) / (map.end - map.start)) * w;
    ctx.fillText(isTime ? timeMark(x) : formatCount(x), at, top + h + 5);
  }
}

/** An image to scale up, pixel by pixel. */
export function imageOf({ columns, bins }: HeatMap, pixels: Uint32Array): HTMLCanvasElement {
  const image = document.createElement("canvas");
  image.width = columns;
  image.height = bins;
  const data = new ImageData(columns, bins);
  new Uint32Array(data.data.buffer).set(pixels);
  image.getContext("2d")?.putImageData(data, 0, 0);
  return image;
}
