import { geoDistance, geoInterpolate } from "d3-geo";
import { toPlane, WORLD } from "./plane.ts";

/** Longitude and latitude in degrees. */
export type LngLat = readonly [number, number];

/** How many points a way half around the Earth gets. */
const POINTS = 64;
/** Two neighbours further apart than this share of the Earth's width lie on its two sides, or on two sides of a pole. */
const GAP = 1 / 8;

/**
 * The shortest way over the Earth, as x and y of points on the plane, evenly spaced. Where it leaves the plane at one
 * side and comes in at another, a NaN pair parts it.
 */
export function greatCircle(from: LngLat, to: LngLat): Float64Array {
  const along = geoInterpolate([...from], [...to]);
  const steps = Math.max(2, Math.ceil((geoDistance([...from], [...to]) / Math.PI) * POINTS));
  const points: number[] = [];
  let before = Number.NaN;
  for (let step = 0; step <= steps; step++) {
    const [lng, lat] = along(step / steps);
    const { x, y } = toPlane(lng, lat);
    if (Math.abs(x - before) > (WORLD.right - WORLD.left) * GAP) points.push(Number.NaN, Number.NaN);
    points.push(x, y);
    before = x;
  }
  return Float64Array.from(points);
}

/** The point at a share of the way; its coordinates are NaN in a gap. */
export function pointAlong(points: Float64Array, share: number): { x: number; y: number } {
  const segments = points.length / 2 - 1;
  const position = Math.min(Math.max(share, 0), 1) * segments;
  const index = Math.min(Math.floor(position), segments - 1);
  const rest = position - index;
  const at = (i: number): number => points[i] ?? Number.NaN;
  return {
    x: at(2 * index) + (at(2 * index + 2) - at(2 * index)) * rest,
    y: at(2 * index + 1) + (at(2 * index + 3) - at(2 * index + 1)) * rest,
  };
}
