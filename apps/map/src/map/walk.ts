import { targetOfClient } from "./layers/highlight-layer.ts";
import type { LayerContext, Target } from "./layers/layer.ts";
import { targetOf } from "./layers/marks-layer.ts";
import type { Point } from "./plane.ts";
import { sightOf } from "./view.ts";

/** The way to go on the screen: right is [1, 0], up [0, -1]. */
export type Direction = readonly [number, number];

/** Dots nearer than this, in CSS pixels, are passed over: else one would never get anywhere. */
const DOT_STEP = 12;

/** The next site from the one that is pointed at, or from the middle of the map the nearest. */
export function nextSite(context: LayerContext, [dx, dy]: Direction): Target | undefined {
  const { pointed, placed, scene, view } = context;
  const sight = sightOf(view);
  const from: Point = pointed ?? { x: (sight.left + sight.right) / 2, y: (sight.top + sight.bottom) / 2 };
  let [best, found] = [Number.POSITIVE_INFINITY, -1];
  const consider = (x: number, y: number, index: number, step: number): void => {
    const along = (x - from.x) * dx + (y - from.y) * dy;
    const across = Math.abs((x - from.x) * dy - (y - from.y) * dx);
    const cost = pointed === undefined ? Math.hypot(along, across) : along + 2 * across;
    if ((pointed === undefined || along > step) && cost < best) [best, found] = [cost, index];
  };
  if (!placed.dense) {
    const { x, y } = placed.spots;
    for (let i = 0; i < x.length; i++) {
      if (i !== pointed?.spot) consider(x[i] ?? Number.NaN, y[i] ?? Number.NaN, i, 0);
    }
    return found < 0 ? undefined : targetOf(placed.spots, found);
  }
  const { x, y } = view.positions;
  const { k } = view.camera;
  for (const client of scene.order) {
    consider((x[client] ?? Number.NaN) * k, (y[client] ?? Number.NaN) * k, client, DOT_STEP);
  }
  return found < 0 ? undefined : targetOfClient(context, found);
}
