import { CLIENT_STATUSES, type ClientStatus } from "../../data/statuses.ts";
import { DIMMED } from "../color-scale.ts";
import type { Point } from "../plane.ts";
import { SHAPES, traceShape } from "../shapes.ts";
import { createAhead } from "./ahead.ts";
import type { Canvas2D, Layer, LayerContext, Target } from "./layer.ts";

/** A finger is broad: an edge may be missed by this much. */
const REACH = 6;
/** A mark further from home than this keeps a line to it. */
const FAR = 5;

/** From so many marks on copying them is quicker than drawing them again. */
const MANY = 300;

/** Clients, each in the form of its status, the gravest on top. */
export function createMarksLayer(): Layer {
  const drawAhead = createAhead();
  return {
    name: "marks",
    surface: "marks",
    draw(context) {
      const { placed, palette } = context;
      if (placed.spots.x.length < MANY) {
        drawMarks(context);
        return;
      }
      const paint = (canvas: Canvas2D): void => drawMarks({ ...context, canvas });
      drawAhead(context, { region: placed.region, key: [placed, palette], paint });
    },
    pick: pickSpot,
  };
}

function drawMarks(context: LayerContext): void {
  drawLeaders(context);
  // The same form in the same colour is one path.
  for (const { status, code, spots } of batchesOf(context)) drawBatch(context, status, code, spots);
}

/** The spot at a point, of a client or a cluster. */
function pickSpot({ placed: { spots } }: LayerContext, at: Point): Target | undefined {
  let [best, found] = [Number.POSITIVE_INFINITY, -1];
  for (let i = 0; i < spots.x.length; i++) {
    const distance = Math.hypot((spots.x[i] ?? Number.NaN) - at.x, (spots.y[i] ?? Number.NaN) - at.y);
    const edge = distance - (spots.radius[i] ?? 0);
    if (edge <= REACH && distance < best) [best, found] = [distance, i];
  }
  return found < 0 ? undefined : targetOf(spots, found);
}

export function targetOf({ clients, x, y, radius }: LayerContext["placed"]["spots"], spot: number): Target {
  return { client: clients[spot] ?? 0, spot, x: x[spot] ?? 0, y: y[spot] ?? 0, radius: radius[spot] ?? 0 };
}

interface Batch {
  readonly status: ClientStatus;
  readonly code: number;
  readonly spots: number[];
}

/** @returns in the order in which they are drawn: held back by the filter first, the gravest last */
function batchesOf({ scene, placed: { spots } }: LayerContext): Batch[] {
  const batches = new Map<number, Batch>();
  for (let i = 0; i < spots.x.length; i++) {
    if (spots.clusters[i] !== undefined) continue;
    const client = spots.clients[i] ?? 0;
    const standing = scene.status[client] ?? 0;
    const code = scene.codes[client] ?? 0;
    const bright = code < DIMMED ? 1 : 0;
    const key = (bright * CLIENT_STATUSES.length + CLIENT_STATUSES.length - 1 - standing) * 256 + code;
    const batch = batches.get(key);
    if (batch === undefined) batches.set(key, { status: CLIENT_STATUSES[standing] ?? "idle", code, spots: [i] });
    else batch.spots.push(i);
  }
  return [...batches].sort(([a], [b]) => a - b).map(([, batch]) => batch);
}

function drawBatch(
  { canvas, placed, palette, paint }: LayerContext,
  status: ClientStatus,
  code: number,
  spots: number[],
): void {
  const { corners, filled } = SHAPES[status];
  const { x, y, radius } = placed.spots;
  const color = paint.colors[code] ?? palette.muted;
  const path = new Path2D();
  for (const i of spots) traceShape(path, corners, x[i] ?? Number.NaN, y[i] ?? Number.NaN, radius[i] ?? 0);
  canvas.lineJoin = "round";
  canvas.strokeStyle = palette.surface;
  canvas.lineWidth = 2.5;
  canvas.stroke(path);
  canvas.fillStyle = filled ? color : palette.surface;
  canvas.fill(path);
  if (filled) return;
  canvas.strokeStyle = color;
  canvas.lineWidth = 2;
  canvas.stroke(path);
}

/** A mark that had to make room keeps a line to its place. */
function drawLeaders({ canvas, placed: { spots }, palette }: LayerContext): void {
  canvas.beginPath();
  for (let i = 0; i < spots.x.length; i++) {
    const [x, y] = [spots.x[i] ?? Number.NaN, spots.y[i] ?? Number.NaN];
    const [homeX, homeY] = [spots.homeX[i] ?? Number.NaN, spots.homeY[i] ?? Number.NaN];
    if (!(Math.hypot(x - homeX, y - homeY) > FAR)) continue;
    canvas.moveTo(homeX, homeY);
    canvas.lineTo(x, y);
  }
  canvas.strokeStyle = palette.muted;
  canvas.globalAlpha = 0.7;
  canvas.lineWidth = 1;
  canvas.stroke();
  canvas.globalAlpha = 1;
}
