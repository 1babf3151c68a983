import type { Look } from "../page-state.ts";
import {
  type Camera,
  type CameraLimits,
  centred,
  fitCamera,
  type Insets,
  keepInside,
  type Size,
  zoomAt,
} from "./camera.ts";
import type { LngLat, Places } from "./places.ts";
import { type Bounds, boundsOf, type Point, type Positions } from "./plane.ts";
import { EARTH_RADIUS, type Projection } from "./projections.ts";
import type { Scene } from "./scene.ts";
import { greatCircle } from "./traffic.ts";

/** Room around what is shown, in CSS pixels: for names and for what stands upon the map. */
const PADDING = 45;
const GRID_PADDING = 50;
const EARTH_PADDING = 6;
/** How close one may look, in CSS pixels: a unit of the plane is about 7 km, a cell of a grid 100 units. */
const MAX_EARTH_K = 60;
const MAX_GRID_K = 1.2;
/** How much closer than the whole Earth the map goes by itself. */
const MAX_FIT_ZOOM = 5;
/** Where this many ways are, the others will be too. */
const MAX_WAYS = 60;

export function limitsOf({ grid }: Scene, projection: Projection, size: Size, insets: Insets): CameraLimits {
  const bounds = grid?.bounds ?? projection.bounds;
  const padding = grid === undefined ? EARTH_PADDING : GRID_PADDING;
  const minK = fitCamera(bounds, size, Math.min(padding, size.height / 8), insets).k;
  return { bounds, minK, maxK: Math.max(minK, grid === undefined ? MAX_EARTH_K : MAX_GRID_K) };
}

/** Shows the clients, the server and the ways between them as large as they fit, but not too large. */
export function fitScene(
  scene: Scene,
  projection: Projection,
  positions: Positions,
  size: Size,
  limits: CameraLimits,
  insets: Insets,
): Camera {
  const isWhole = scene.grid !== undefined || projection.center !== undefined;
  const focus = isWhole ? limits.bounds : (focusOf(scene, projection, positions) ?? limits.bounds);
  const close = fitCamera(focus, size, isWhole ? 0 : Math.min(PADDING, size.height / 8), insets);
  const k = Math.min(Math.max(close.k, limits.minK), isWhole ? limits.minK : limits.minK * MAX_FIT_ZOOM);
  const camera = zoomAt(close, middleOf(size, insets), k / close.k, { ...limits, minK: 0 });
  return keepInside(camera, size, limits.bounds, insets);
}

function focusOf({ places, server }: Scene, projection: Projection, positions: Positions): Bounds | undefined {
  const [xs, ys]: [number[], number[]] = [[], []];
  const add = (lng: number, lat: number): void => {
    const { x, y } = projection.project(lng, lat);
    xs.push(x);
    ys.push(y);
  };
  const around = boundsOf(positions.x, positions.y);
  if (around !== undefined) {
    xs.push(around.left, around.right);
    ys.push(around.top, around.bottom);
  }
  if (server !== undefined) {
    add(...server);
    const step = Math.ceil(places.lat.length / MAX_WAYS);
    for (let client = 0; client < places.lat.length; client += step) {
      const [lng, lat] = [places.lng[client] ?? Number.NaN, places.lat[client] ?? Number.NaN];
      if (Number.isNaN(lng)) continue;
      const way = greatCircle([lng, lat], server);
      for (let i = 0; i < way.length; i += 2) add(way[i] ?? 0, way[i + 1] ?? 0);
    }
  }
  return boundsOf(xs, ys);
}

function middleOf({ width, height }: Size, { left, top, right, bottom }: Insets): Point {
  return { x: (width + left - right) / 2, y: (height + top - bottom) / 2 };
}

/** What a camera looks at. */
export function lookOf(projection: Projection, camera: Camera, size: Size, { minK }: CameraLimits): Look {
  const { x, y } = middleOfSize(size);
  const [lng, lat] = projection.center ?? projection.invert((x - camera.x) / camera.k, (y - camera.y) / camera.k);
  return { lng, lat, zoom: camera.k / minK };
}

/** Looks at a place; a globe has to be turned to it. */
export function cameraAt({ lng, lat, zoom }: Look, projection: Projection, size: Size, { minK }: CameraLimits): Camera {
  return centred(zoom * minK, projection.center === undefined ? projection.project(lng, lat) : { x: 0, y: 0 }, size);
}

export function middleOfSize({ width, height }: Size): Point {
  return { x: width / 2, y: height / 2 };
}

/** From further above nobody would know the continents. */
const MAX_TILT = 35;

/** The place around which the clients are, for the middle of a globe. */
export function centerOf({ lat, lng }: Places, server: LngLat | undefined): LngLat {
  const sum = [0, 0, 0];
  const add = (east: number, north: number): void => {
    const [a, b] = [(east * Math.PI) / 180, (north * Math.PI) / 180];
    const parts = [Math.cos(b) * Math.cos(a), Math.cos(b) * Math.sin(a), Math.sin(b)];
    parts.forEach((part, i) => {
      sum[i] = (sum[i] ?? 0) + part;
    });
  };
  for (let i = 0; i < lat.length; i++) {
    const [east, north] = [lng[i] ?? Number.NaN, lat[i] ?? Number.NaN];
    if (!Number.isNaN(north)) add(east, north);
  }
  if (server !== undefined) add(...server);
  const [x = 0, y = 0, z = 0] = sum;
  if (Math.hypot(x, y, z) < 1e-9) return [0, 0];
  const north = (Math.atan2(z, Math.hypot(x, y)) * 180) / Math.PI;
  return [(Math.atan2(y, x) * 180) / Math.PI, Math.max(-MAX_TILT, Math.min(MAX_TILT, north))];
}

/** Turns a globe as a finger drags it, by CSS pixels. */
export function turn([lng, lat]: LngLat, dx: number, dy: number, k: number): LngLat {
  const degrees = 180 / Math.PI / (EARTH_RADIUS * k);
  // Near a pole a circle of latitude is short, but it must not spin.
  const east = lng - (dx * degrees) / Math.max(0.25, Math.cos((lat * Math.PI) / 180));
  return [((((east + 180) % 360) + 360) % 360) - 180, Math.max(-90, Math.min(90, lat + dy * degrees))];
}

/** Shows some clients of the plane as large as they fit, at least twice as large as now. */
export function closeUp(
  members: readonly number[],
  { x, y }: Positions,
  camera: Camera,
  size: Size,
  limits: CameraLimits,
): Camera {
  const bounds = boundsOf(
    members.map((client) => x[client] ?? Number.NaN),
    members.map((client) => y[client] ?? Number.NaN),
  );
  if (bounds === undefined) return camera;
  const fitted = fitCamera(bounds, size, Math.min(size.width, size.height) / 4);
  const k = Math.min(limits.maxK, Math.max(fitted.k, camera.k * 2));
  return keepInside(zoomAt(fitted, middleOfSize(size), k / fitted.k, { ...limits, minK: 0 }), size, limits.bounds);
}
