import type { Camera } from "./camera.ts";
import { pointAlong } from "./great-circle.ts";
import type { Palette } from "./palette.ts";
import type { Point } from "./plane.ts";
import type { Flow, Scene } from "./scene.ts";
import type { ScreenMarks } from "./screen-marks.ts";

/** A flow's way on the screen, from the client to the server. */
export interface ScreenFlow {
  readonly flow: Flow;
  /** The point at a share of the way. */
  at(share: number): Point;
  /** How many straight pieces are enough to draw it. */
  readonly pieces: number;
  /** Share of the largest flow's bytes, 0 to 1. */
  readonly weight: number;
}

/**
 * Lays the flows on the screen.
 *
 * @param dock - where the server stands when nobody knows its place
 */
export function placeFlows(scene: Scene, marks: ScreenMarks, camera: Camera, dock: Point): ScreenFlow[] {
  const most = scene.flows.reduce((max, flow) => Math.max(max, flow.bytesUp + flow.bytesDown), 0);
  return scene.flows.map((flow) => {
    const from = { x: marks.x[flow.index] ?? Number.NaN, y: marks.y[flow.index] ?? Number.NaN };
    return {
      flow,
      pieces: flow.points === undefined ? 24 : flow.points.length / 2 - 1,
      weight: most > 0 ? (flow.bytesUp + flow.bytesDown) / most : 0,
      at: flow.points === undefined ? bend(from, dock) : overEarth(flow.points, from, camera),
    };
  });
}

/** Over the Earth, shifted at its beginning to where the mark had to make room. */
function overEarth(points: Float64Array, from: Point, camera: Camera): (share: number) => Point {
  const shiftX = from.x - ((points[0] ?? Number.NaN) * camera.k + camera.x);
  const shiftY = from.y - ((points[1] ?? Number.NaN) * camera.k + camera.y);
  return (share) => {
    const { x, y } = pointAlong(points, share);
    return { x: x * camera.k + camera.x + shiftX * (1 - share), y: y * camera.k + camera.y + shiftY * (1 - share) };
  };
}

/** A bow to a place that is on no map. */
function bend(from: Point, to: Point): (share: number) => Point {
  const middle = { x: (from.x + to.x) / 2, y: Math.min(from.y, to.y) - Math.abs(from.x - to.x) * 0.15 };
  return (share) => {
    const rest = 1 - share;
    return {
      x: rest * rest * from.x + 2 * rest * share * middle.x + share * share * to.x,
      y: rest * rest * from.y + 2 * rest * share * middle.y + share * share * to.y,
    };
  };
}

/** Draws the ways, the wider the more bytes went over them. */
export function drawFlows(context: CanvasRenderingContext2D, flows: readonly ScreenFlow[], palette: Palette): void {
  context.lineCap = "round";
  context.strokeStyle = palette.up;
  context.globalAlpha = flows.length > 60 ? 0.16 : 0.38;
  for (const { at, pieces, weight } of flows) {
    context.lineWidth = 0.8 + 2 * weight;
    context.beginPath();
    let broken = true;
    for (let piece = 0; piece <= pieces; piece++) {
      const { x, y } = at(piece / pieces);
      if (Number.isNaN(x)) broken = true;
      else if (broken) {
        context.moveTo(x, y);
        broken = false;
      } else context.lineTo(x, y);
    }
    context.stroke();
  }
  context.globalAlpha = 1;
}

const PACKET_MS = 2_600;

/** Draws what is under way: the clients' updates to the server, and the model back to them. */
export function drawPackets(
  context: CanvasRenderingContext2D,
  flows: readonly ScreenFlow[],
  palette: Palette,
  timeMs: number,
): void {
  const size = flows.length > 60 ? 1.4 : 2.2;
  drawPacketsOneWay(
    context,
    flows,
    palette.up,
    size,
    (phase) => phase,
    timeMs,
    ({ flow }) => flow.bytesUp,
  );
  drawPacketsOneWay(
    context,
    flows,
    palette.down,
    size,
    (phase) => 1 - phase,
    timeMs,
    ({ flow }) => flow.bytesDown,
  );
}

function drawPacketsOneWay(
  context: CanvasRenderingContext2D,
  flows: readonly ScreenFlow[],
  color: string,
  size: number,
  direction: (phase: number) => number,
  timeMs: number,
  bytes: (flow: ScreenFlow) => number,
): void {
  context.fillStyle = color;
  context.beginPath();
  for (const flow of flows) {
    if (bytes(flow) === 0) continue;
    // Each client starts at another time, the same in every frame.
    const phase = (timeMs / PACKET_MS + flow.flow.index * 0.618) % 1;
    const { x, y } = flow.at(direction(phase));
    const radius = size + flow.weight;
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  context.fill();
}
