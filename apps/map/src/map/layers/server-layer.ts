import { SERVER_RADIUS } from "../placed.ts";
import { SERVER_CORNERS, traceShape } from "../shapes.ts";
import type { Layer } from "./layer.ts";

/** The server, where it said to be. */
export const serverLayer: Layer = {
  name: "server",
  surface: "marks",
  draw({ canvas, placed: { server }, palette }) {
    if (server === undefined) return;
    const path = new Path2D();
    traceShape(path, SERVER_CORNERS, server.x, server.y, SERVER_RADIUS);
    canvas.lineWidth = 4;
    canvas.lineJoin = "round";
    canvas.strokeStyle = palette.surface;
    canvas.stroke(path);
    canvas.fillStyle = palette.server;
    canvas.fill(path);
    const core = new Path2D();
    traceShape(core, SERVER_CORNERS, server.x, server.y, SERVER_RADIUS * 0.4);
    canvas.fillStyle = palette.surface;
    canvas.fill(core);
  },
};
