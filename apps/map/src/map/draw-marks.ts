import type { ClientStatus } from "../model/client-status.ts";
import { DRAWING_ORDER, type Palette, pixelOf } from "./palette.ts";
import type { Scene } from "./scene.ts";
import { type ScreenMarks, SERVER_RADIUS } from "./screen-marks.ts";
import { SERVER_CORNERS, SHAPES, traceShape } from "./shapes.ts";

/** Draws the clients, the gravest on top. */
export function drawMarks(
  context: CanvasRenderingContext2D,
  scene: Scene,
  marks: ScreenMarks,
  palette: Palette,
  ratio: number,
): void {
  if (marks.dense && scene.layout.kind === "world") splat(context, scene, marks, palette, ratio);
  else if (marks.dense) drawDots(context, scene, marks, palette);
  else drawShapes(context, scene, marks, palette);
}

/** Draws the server where it said to be. */
export function drawServer(context: CanvasRenderingContext2D, { server }: ScreenMarks, palette: Palette): void {
  if (server === undefined) return;
  const path = new Path2D();
  traceShape(path, SERVER_CORNERS, server.x, server.y, SERVER_RADIUS);
  context.lineWidth = 4;
  context.strokeStyle = palette.surface;
  context.stroke(path);
  context.fillStyle = palette.server;
  context.fill(path);
  const core = new Path2D();
  traceShape(core, SERVER_CORNERS, server.x, server.y, SERVER_RADIUS * 0.4);
  context.fillStyle = palette.surface;
  context.fill(core);
}

function drawShapes(context: CanvasRenderingContext2D, scene: Scene, marks: ScreenMarks, palette: Palette): void {
  drawLeaders(context, marks, palette);
  for (const status of DRAWING_ORDER) {
    const path = new Path2D();
    for (const i of scene.view.members[status]) {
      const radius = (marks.radius[i] ?? 0) * (status === "idle" ? 0.7 : 1);
      traceShape(path, SHAPES[status].corners, marks.x[i] ?? Number.NaN, marks.y[i] ?? Number.NaN, radius);
    }
    context.lineJoin = "round";
    context.strokeStyle = palette.surface;
    context.lineWidth = 2.5;
    context.stroke(path);
    if (SHAPES[status].filled) {
      context.fillStyle = palette.status[status];
      context.fill(path);
    } else {
      context.fillStyle = palette.surface;
      context.fill(path);
      context.strokeStyle = palette.status[status];
      context.lineWidth = 2;
      context.stroke(path);
    }
  }
}

/** A mark that had to make room keeps a line to its place. */
function drawLeaders(context: CanvasRenderingContext2D, marks: ScreenMarks, palette: Palette): void {
  context.beginPath();
  for (let i = 0; i < marks.x.length; i++) {
    const [x, y] = [marks.x[i] ?? Number.NaN, marks.y[i] ?? Number.NaN];
    const [homeX, homeY] = [marks.homeX[i] ?? Number.NaN, marks.homeY[i] ?? Number.NaN];
    if (!(Math.hypot(x - homeX, y - homeY) > 5)) continue;
    context.moveTo(homeX, homeY);
    context.lineTo(x, y);
  }
  context.strokeStyle = palette.muted;
  context.lineWidth = 1;
  context.stroke();
}

/** For a great many cells of a grid: squares, whose colours are all that still can be told apart. */
function drawDots(context: CanvasRenderingContext2D, scene: Scene, marks: ScreenMarks, palette: Palette): void {
  for (const status of DRAWING_ORDER) {
    context.fillStyle = palette.status[status];
    for (const i of scene.view.members[status]) {
      const side = Math.max(1, 2 * (marks.radius[i] ?? 0));
      context.fillRect((marks.x[i] ?? 0) - side / 2, (marks.y[i] ?? 0) - side / 2, side, side);
    }
  }
}

/** Writes pixels directly: a hundred thousand dots in a few milliseconds, without a GPU. */
function splat(
  context: CanvasRenderingContext2D,
  scene: Scene,
  marks: ScreenMarks,
  palette: Palette,
  ratio: number,
): void {
  const { width, height } = context.canvas;
  const layer = new OffscreenCanvas(width, height);
  const layerContext = layer.getContext("2d");
  if (layerContext === null) return;
  const image = layerContext.createImageData(width, height);
  const dot = scene.roster.length > MANY_DOTS ? 1 : 2;
  const pixels = new Uint32Array(image.data.buffer);
  for (const status of DRAWING_ORDER) {
    const pixel = pixelOf(palette.status[status]);
    const side = Math.round((GRAVE.has(status) ? 2 : 1) * dot * ratio);
    for (const i of scene.view.members[status]) {
      const left = Math.round((marks.x[i] ?? Number.NaN) * ratio - side / 2);
      const top = Math.round((marks.y[i] ?? Number.NaN) * ratio - side / 2);
      if (!(left >= 0 && top >= 0 && left + side <= width && top + side <= height)) continue;
      for (let row = top; row < top + side; row++) pixels.fill(pixel, row * width + left, row * width + left + side);
    }
  }
  layerContext.putImageData(image, 0, 0);
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.drawImage(layer, 0, 0);
  context.restore();
}

/** With more dots than this, larger ones would cover all others. */
const MANY_DOTS = 20_000;

const GRAVE: ReadonlySet<ClientStatus> = new Set(["failed", "dropped", "non_finite", "straggler"]);
