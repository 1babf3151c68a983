import { geoEqualEarth } from "d3-geo";

/** A point of the plane onto which the Earth is projected. Its origin is 0° N 0° E, its y axis points south. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A rectangle of the plane. */
export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Equal Earth: areas keep their proportions, so that no continent's sites look more important than another's. */
export const projection = geoEqualEarth().scale(1000).translate([0, 0]).precision(0.4);

/** Where a place lies on the plane. */
export function toPlane(lng: number, lat: number): Point {
  const [x, y] = projection([lng, lat]) ?? [Number.NaN, Number.NaN];
  return { x, y };
}

/** The whole Earth. */
export const WORLD: Bounds = {
  left: toPlane(-180, 0).x,
  right: toPlane(180, 0).x,
  top: toPlane(0, 90).y,
  bottom: toPlane(0, -90).y,
};

/** The least bounds around points; NaN coordinates are left out. */
export function boundsOf(xs: ArrayLike<number>, ys: ArrayLike<number>): Bounds | undefined {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < xs.length; i++) {
    const x = xs[i] ?? Number.NaN;
    const y = ys[i] ?? Number.NaN;
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return left <= right ? { left, top, right, bottom } : undefined;
}
