import { CLIENT_STATUSES } from "../../data/statuses.ts";
import type { Point } from "../plane.ts";
import type { Layer, LayerContext, Target } from "./layer.ts";
import { type Dots, splat } from "./splat.ts";

/** So far from a dot one may point, in CSS pixels. */
const REACH = 6;

/** Clients without number: pixels that are written directly, in a few milliseconds and without a GPU. */
export function createDotsLayer(): Layer {
  let image: ImageData | undefined;

  return {
    name: "dots",
    surface: "dots",
    draw(context) {
      const { canvas, scene, view, placed, paint } = context;
      if (!placed.dense) return;
      const { width, height } = canvas.canvas;
      if (image?.width !== width || image.height !== height) image = new ImageData(width, height);
      const pixels = new Uint32Array(image.data.buffer);
      pixels.fill(0);
      const { k, x, y } = view.camera;
      const { ratio } = view;
      const dots: Dots = { order: scene.order, ...view.positions, codes: scene.codes, colors: paint.pixels };
      splat({ pixels, width, height }, dots, { k: k * ratio, x: x * ratio, y: y * ratio }, sideOf(context));
      canvas.putImageData(image, 0, 0);
    },
    pick: pickDot,
  };
}

function sideOf({ placed, view }: LayerContext): number {
  return Math.max(1, Math.round(placed.dot * view.ratio));
}

/** The nearest dot, and of several in one place the gravest. */
function pickDot({ scene, view, placed }: LayerContext, at: Point): Target | undefined {
  if (!placed.dense) return undefined;
  const { order, status } = scene;
  const { x, y } = view.positions;
  const { k } = view.camera;
  const [atX, atY, reach] = [at.x / k, at.y / k, (REACH + placed.dot / 2) / k];
  let best = reach * reach;
  let [found, worst]: [number, number] = [-1, CLIENT_STATUSES.length];
  for (let i = 0; i < order.length; i++) {
    const client = order[i] ?? 0;
    const [dx, dy] = [(x[client] ?? Number.NaN) - atX, (y[client] ?? Number.NaN) - atY];
    const distance = dx * dx + dy * dy;
    const grave = status[client] ?? CLIENT_STATUSES.length;
    if (distance < best || (distance === best && grave < worst)) [best, found, worst] = [distance, client, grave];
  }
  if (found < 0) return undefined;
  return {
    client: found,
    spot: undefined,
    x: (x[found] ?? 0) * k,
    y: (y[found] ?? 0) * k,
    radius: placed.dot / 2,
  };
}
