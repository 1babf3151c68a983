import { pointAlong, type Route } from "../routes.ts";
import type { Layer, LayerContext } from "./layer.ts";

const PACKET_MS = 2600;
const MANY = 60;

/** What is under way: the clients' updates to the server, and the model back to them. */
export const packetsLayer: Layer = {
  name: "packets",
  surface: "motion",
  draw(context) {
    const { palette, time } = context;
    if (time === undefined) return;
    drawOneWay(
      context,
      palette.up,
      ({ flow }) => flow.bytesUp,
      (phase) => phase,
      time,
    );
    drawOneWay(
      context,
      palette.down,
      ({ flow }) => flow.bytesDown,
      (phase) => 1 - phase,
      time,
    );
  },
};

function drawOneWay(
  { canvas, routes }: LayerContext,
  color: string,
  bytes: (route: Route) => number,
  direction: (phase: number) => number,
  time: number,
): void {
  const size = routes.length > MANY ? 1.4 : 2.2;
  canvas.fillStyle = color;
  canvas.beginPath();
  for (const route of routes) {
    if (bytes(route) === 0) continue;
    // Each client starts at another time, the same in every frame.
    const phase = (time / PACKET_MS + route.flow.client * 0.618) % 1;
    const { x, y } = pointAlong(route.points, direction(phase));
    if (Number.isNaN(x)) continue;
    const radius = size + route.weight;
    canvas.moveTo(x + radius, y);
    canvas.arc(x, y, radius, 0, 2 * Math.PI);
  }
  canvas.fill();
}
