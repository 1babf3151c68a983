import type { Camera, Size } from "./camera.ts";
import { toPlane } from "./plane.ts";
import type { Scene } from "./scene.ts";
import { GRID_CELL } from "./site-layout.ts";
import { type Circles, pushApart } from "./spread.ts";

/** The marks as they lie on the screen, by index in the roster; NaN for a client that isn't drawn. */
export interface ScreenMarks extends Circles {
  /** Where each would be if there were no others. */
  readonly homeX: Float32Array;
  readonly homeY: Float32Array;
  /** The server, if its place is known. */
  readonly server: { readonly x: number; readonly y: number } | undefined;
  /** Whether there are so many that each is only a dot. */
  readonly dense: boolean;
}

/** Up to here every mark has its own form and room. */
const MAX_DETAILED = 400;
/** The radius of the server’s mark, in CSS pixels. */
export const SERVER_RADIUS = 10;
/** On a phone's map marks have to be smaller. */
const NARROW = 520;
const SPREAD_STEP = 7;
const CROWD_RADIUS = 24;
const MAX_SHIFT = 22;

/** Places the marks on the screen. */
export function placeMarks(scene: Scene, camera: Camera, zoom: number, { width }: Size): ScreenMarks {
  const { layout, weight } = scene;
  const count = layout.x.length;
  const dense = count > MAX_DETAILED;
  const marks = {
    x: new Float32Array(count),
    y: new Float32Array(count),
    radius: new Float32Array(count),
    homeX: new Float32Array(count),
    homeY: new Float32Array(count),
  };
  const cell = GRID_CELL * camera.k;
  const scale = layout.kind === "world" && width < NARROW ? 0.7 : 1;
  const crowdRadius = CROWD_RADIUS * Math.sqrt(zoom);
  for (let i = 0; i < count; i++) {
    const crowd = layout.spread.crowd[i] ?? 1;
    const step = Math.min(SPREAD_STEP, crowdRadius / Math.sqrt(crowd));
    marks.homeX[i] = (layout.x[i] ?? Number.NaN) * camera.k + camera.x;
    marks.homeY[i] = (layout.y[i] ?? Number.NaN) * camera.k + camera.y;
    marks.x[i] = (marks.homeX[i] ?? 0) + (layout.spread.dx[i] ?? 0) * step;
    marks.y[i] = (marks.homeY[i] ?? 0) + (layout.spread.dy[i] ?? 0) * step;
    marks.radius[i] = radiusOf(scene, dense, cell, weight[i] ?? 0) * scale;
  }
  const server = layout.kind === "world" ? serverOnScreen(scene, camera) : undefined;
  if (!dense && layout.kind === "world") {
    pushApart(marks, server && { ...server, radius: SERVER_RADIUS + 1 }, MAX_SHIFT);
  }
  return { ...marks, server, dense };
}

function radiusOf(scene: Scene, dense: boolean, cell: number, weight: number): number {
  if (scene.layout.kind === "grid") return Math.min(cell * 0.32, 10 + 6 * weight);
  if (dense) return 1.5;
  const crowded = scene.layout.x.length > 100;
  return crowded ? 2.5 + 2 * weight : 4 + 4 * weight;
}

function serverOnScreen({ layout }: Scene, camera: Camera): { x: number; y: number } | undefined {
  if (layout.server === undefined) return undefined;
  const { x, y } = toPlane(layout.server.lng, layout.server.lat);
  return { x: x * camera.k + camera.x, y: y * camera.k + camera.y };
}

/** The mark at a point of the screen, or undefined. */
export function markAt(marks: ScreenMarks, x: number, y: number): number | undefined {
  let [best, found] = [Number.POSITIVE_INFINITY, -1];
  for (let i = 0; i < marks.x.length; i++) {
    const distance = Math.hypot((marks.x[i] ?? Number.NaN) - x, (marks.y[i] ?? Number.NaN) - y);
    // A finger is broad: the edge may be missed by a little.
    if (distance < best && distance <= (marks.radius[i] ?? 0) + 6) [best, found] = [distance, i];
  }
  return found < 0 ? undefined : found;
}
