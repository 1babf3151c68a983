import type { Route } from "../routes.ts";
import { traceRoute } from "./flows-layer.ts";
import type { Layer, LayerContext, Target } from "./layer.ts";
import { targetOf } from "./marks-layer.ts";

/** Rings what is pointed at and what is open, and shows where its traffic goes. */
export const highlightLayer: Layer = {
  name: "highlight",
  surface: "motion",
  draw(context) {
    const { selected, pointed } = context;
    const open = selected === undefined ? undefined : targetOfClient(context, selected);
    if (open !== undefined) ring(context, open, 2.5);
    if (pointed === undefined) return;
    ring(context, pointed, 1.5);
    drawTraffic(context, pointed);
  },
};

/** Where a client is on the screen. */
export function targetOfClient({ placed, view }: LayerContext, client: number): Target | undefined {
  const spot = placed.spotOf(client);
  if (spot >= 0) return targetOf(placed.spots, spot);
  const [x, y] = [view.positions.x[client] ?? Number.NaN, view.positions.y[client] ?? Number.NaN];
  if (!placed.dense || Number.isNaN(x)) return undefined;
  return { client, spot: undefined, x: x * view.camera.k, y: y * view.camera.k, radius: placed.dot / 2 };
}

function ring({ canvas, palette }: LayerContext, { x, y, radius }: Target, width: number): void {
  canvas.strokeStyle = palette.text;
  canvas.lineWidth = width;
  canvas.beginPath();
  canvas.arc(x, y, radius + 5, 0, 2 * Math.PI);
  canvas.stroke();
}

function drawTraffic(context: LayerContext, { client, spot }: Target): void {
  const { canvas, palette, placed } = context;
  const members = placed.spots.clusters[spot ?? -1]?.members ?? [client];
  canvas.strokeStyle = palette.up;
  for (const route of routesOfClients(context, members)) {
    canvas.lineWidth = 2 + 2 * route.weight;
    canvas.beginPath();
    traceRoute(canvas, route);
    canvas.stroke();
  }
}

/** The ways of these clients' own traffic: a region's is not that of the client in its middle. */
export function routesOfClients({ routes }: Pick<LayerContext, "routes">, clients: readonly number[]): Route[] {
  return routes.filter(({ flow }) => !flow.isRegion && clients.includes(flow.client));
}
