import type { Placed } from "./placed.ts";
import type { Point } from "./plane.ts";
import { EARTH_RADIUS, type Projection } from "./projections.ts";
import type { Scene } from "./scene.ts";
import type { Flow, Way } from "./traffic.ts";
import type { View } from "./view.ts";

/** A flow's way on the screen, from the site to the server. */
export interface Route {
  readonly flow: Flow;
  /** x and y of points, evenly spaced, in CSS pixels from the plane's origin; a NaN pair where nothing is to be seen. */
  readonly points: Float32Array;
  /** Share of the largest flow's bytes, 0 to 1. */
  readonly weight: number;
}

/** Two neighbours further apart than this, in radii of the Earth, lie on two sides of a map. */
const GAP = 0.7;
const DOCK_POINTS = 24;

/**
 * Lays the flows on the screen.
 *
 * @param dock - where the server stands when nobody knows its place
 */
export function routesOf({ flows }: Scene, placed: Placed, view: View, dock: Point): Route[] {
  const { projection } = view;
  if (projection === undefined) return [];
  const most = flows.reduce((max, flow) => Math.max(max, flow.bytesUp + flow.bytesDown), 0);
  return flows.map((flow) => {
    const spot = placed.spotOf(flow.client);
    const from = spot < 0 ? undefined : { x: placed.spots.x[spot] ?? 0, y: placed.spots.y[spot] ?? 0 };
    return {
      flow,
      weight: most > 0 ? (flow.bytesUp + flow.bytesDown) / most : 0,
      points: flow.way === undefined ? bow(flow.client, from, view, dock) : overEarth(flow.way, from, projection, view),
    };
  });
}

const known = new WeakMap<Way, { projection: Projection; points: Float32Array }>();

function onPlane(way: Way, projection: Projection): Float32Array {
  const last = known.get(way);
  if (last?.projection === projection) return last.points;
  const found: number[] = [];
  let before = Number.NaN;
  for (let i = 0; i < way.length; i += 2) {
    const { x, y } = projection.project(way[i] ?? 0, way[i + 1] ?? 0);
    if (Math.abs(x - before) > GAP * EARTH_RADIUS) found.push(Number.NaN, Number.NaN);
    found.push(x, y);
    before = x;
  }
  const points = Float32Array.from(found);
  known.set(way, { projection, points });
  return points;
}

/** Over the Earth, shifted at its beginning to where the mark had to make room. */
function overEarth(way: Way, from: Point | undefined, projection: Projection, { camera }: View): Float32Array {
  const last = drawn.get(way);
  if (last?.projection === projection && last.k === camera.k && last.x === from?.x && last.y === from?.y) {
    return last.points;
  }
  const points = shifted(onPlane(way, projection), from, camera);
  drawn.set(way, { projection, k: camera.k, x: from?.x, y: from?.y, points });
  return points;
}

interface Drawn {
  readonly projection: Projection;
  readonly k: number;
  readonly x: number | undefined;
  readonly y: number | undefined;
  readonly points: Float32Array;
}

/** A way lies where it lay in the round before. */
const drawn = new WeakMap<Way, Drawn>();

function shifted(plane: Float32Array, from: Point | undefined, camera: View["camera"]): Float32Array {
  const shiftX = from === undefined ? 0 : from.x - (plane[0] ?? 0) * camera.k || 0;
  const shiftY = from === undefined ? 0 : from.y - (plane[1] ?? 0) * camera.k || 0;
  const last = Math.max(1, plane.length - 2);
  return plane.map((value, i) => value * camera.k + (i % 2 === 0 ? shiftX : shiftY) * (1 - (i - (i % 2)) / last));
}

/** A bow to a place that is on no map. */
function bow(client: number, spot: Point | undefined, { positions, camera }: View, to: Point): Float32Array {
  const from = spot ?? {
    x: (positions.x[client] ?? Number.NaN) * camera.k,
    y: (positions.y[client] ?? Number.NaN) * camera.k,
  };
  const middle = { x: (from.x + to.x) / 2, y: Math.min(from.y, to.y) - Math.abs(from.x - to.x) * 0.15 };
  const points = new Float32Array(2 * DOCK_POINTS + 2);
  for (let i = 0; i <= DOCK_POINTS; i++) {
    const share = i / DOCK_POINTS;
    const rest = 1 - share;
    points[2 * i] = rest * rest * from.x + 2 * rest * share * middle.x + share * share * to.x;
    points[2 * i + 1] = rest * rest * from.y + 2 * rest * share * middle.y + share * share * to.y;
  }
  return points;
}

/** The point at a share of the way; its coordinates are NaN in a gap. */
export function pointAlong(points: Float32Array, share: number): Point {
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
