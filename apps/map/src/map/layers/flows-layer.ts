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
    canvas.lineCap = "round";
    canvas.lineJoin = "round";
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

export function traceRoute(canvas: Canvas2D, { points }: Route): void {
  let broken = true;
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i] ?? Number.NaN, points[i + 1] ?? Number.NaN];
    if (Number.isNaN(x)) broken = true;
    else if (broken) {
      canvas.moveTo(x, y);
      broken = false;
    } else canvas.lineTo(x, y);
  }
}
