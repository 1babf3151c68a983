import { CLIENT_STATUSES, STATUS_CODES } from "../../data/statuses.ts";
import type { Cluster } from "../clusters.ts";
import { DIMMED } from "../color-scale.ts";
import { SHAPES, traceShape } from "../shapes.ts";
import { shortCount } from "../short-count.ts";
import { FONT_FAMILY } from "./font.ts";
import type { Layer, LayerContext } from "./layer.ts";

/** From here on a status is trouble. */
const LAST_TROUBLE = STATUS_CODES.straggler;
const BADGE_RADIUS = 4.5;

/**
 * Clients that are too near to each other: how many, in a ring whose parts are their statuses, with the mark of the gravest
 * trouble beside it.
 */
export const clustersLayer: Layer = {
  name: "clusters",
  surface: "marks",
  draw(context) {
    const { spots } = context.placed;
    spots.clusters.forEach((cluster, i) => {
      const [x, y] = [spots.x[i] ?? Number.NaN, spots.y[i] ?? Number.NaN];
      if (cluster !== undefined && !Number.isNaN(x)) drawCluster(context, cluster, x, y, spots.radius[i] ?? 0);
    });
  },
};

function drawCluster(context: LayerContext, cluster: Cluster, x: number, y: number, radius: number): void {
  const { canvas, palette } = context;
  canvas.beginPath();
  canvas.arc(x, y, radius + 1.5, 0, 2 * Math.PI);
  canvas.fillStyle = palette.surface;
  canvas.fill();
  drawRing(context, cluster, x, y, radius - 1.5);
  canvas.font = `600 ${cluster.count < 1000 ? 11 : 10}px ${FONT_FAMILY}`;
  canvas.textAlign = "center";
  canvas.textBaseline = "middle";
  canvas.fillStyle = cluster.dimmed ? palette.muted : palette.text;
  canvas.fillText(shortCount(cluster.count), x, y + 0.5);
  canvas.textAlign = "start";
  if (cluster.worst <= LAST_TROUBLE && !cluster.dimmed) drawBadge(context, cluster, x, y, radius);
}

function drawRing({ canvas, paint }: LayerContext, cluster: Cluster, x: number, y: number, radius: number): void {
  const add = cluster.dimmed ? DIMMED : 0;
  canvas.lineWidth = 3;
  const part = (code: number, from: number, to: number): void => {
    canvas.beginPath();
    canvas.arc(x, y, radius, from, to);
    canvas.strokeStyle = paint.colors[code + add] ?? "";
    canvas.stroke();
  };
  if (cluster.code !== undefined) {
    part(cluster.code, 0, 2 * Math.PI);
    return;
  }
  let from = -Math.PI / 2;
  cluster.counts.forEach((count, status) => {
    const to = from + (count / cluster.count) * 2 * Math.PI;
    if (count > 0) part(status, from, to);
    from = to;
  });
}

function drawBadge(
  { canvas, palette, paint }: LayerContext,
  cluster: Cluster,
  x: number,
  y: number,
  radius: number,
): void {
  const shape = SHAPES[CLIENT_STATUSES[cluster.worst] ?? "idle"];
  const path = new Path2D();
  traceShape(path, shape.corners, x + radius * 0.75, y - radius * 0.75, BADGE_RADIUS);
  canvas.lineJoin = "round";
  canvas.lineWidth = 3;
  canvas.strokeStyle = palette.surface;
  canvas.stroke(path);
  canvas.fillStyle = (cluster.code === undefined ? paint.colors[cluster.worst] : undefined) ?? palette.text;
  canvas.fill(path);
}
