import type { Route } from "../routes.ts";
import type { Canvas2D, Layer } from "./layer.ts";

/** Arcs are of so many widths, as each width takes a stroke of its own. */
const WIDTHS = 5;
const MANY = 60;

/** The ways between sites and server, the wider the more bytes went over them. */
export const flowsLayer: Layer = {
  name: "flows",
  surface: "marks",
  draw({ canvas, routes, palette }) {
    canvas.strokeStyle = palette.up;
    canvas.globalAlpha = routes.length > MANY ? 0.3 : 0.42;
    for (let width = 0; width < WIDTHS; width++) {
      canvas.beginPath();
      for (const route of routes) if (widthOf(route) === width) traceRoute(canvas, route);
      canvas.lineWidth = 0.8 + (2.6 * width) / (WIDTHS - 1);
      canvas.stroke();
    }
    canvas.globalAlpha = 1;
  },
};

function widthOf({ weight }: Route): number {
  return Math.round(weight * (WIDTHS - 1));
}

/** Closer points than this tell nothing that a curve through the others doesn't, in CSS pixels. */
const SPACING = 24;

/** Draws a way as a curve, which takes a browser half as long as all its points. */
export function traceRoute(canvas: Canvas2D, { points }: Route): void {
  let [fromX, fromY] = [Number.NaN, Number.NaN];
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i] ?? Number.NaN, points[i + 1] ?? Number.NaN];
    const isLast = Number.isNaN(points[i + 2] ?? Number.NaN);
    if (Number.isNaN(fromX)) canvas.moveTo(x, y);
    else if (isLast) canvas.quadraticCurveTo(fromX, fromY, x, y);
    else if (Math.abs(x - fromX) + Math.abs(y - fromY) < SPACING) continue;
    else canvas.quadraticCurveTo(fromX, fromY, (fromX + x) / 2, (fromY + y) / 2);
    [fromX, fromY] = isLast ? [Number.NaN, Number.NaN] : [x, y];
  }
}
