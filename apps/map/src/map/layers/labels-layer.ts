import { GRID_CELL } from "../host-grid.ts";
import { type Box, type LabelRequest, placeLabels } from "../place-labels.ts";
import { SERVER_RADIUS } from "../placed.ts";
import { shortCount } from "../short-count.ts";
import { sightOf } from "../view.ts";
import { FONT_FAMILY } from "./font.ts";
import type { Canvas2D, Layer, LayerContext } from "./layer.ts";

const FONT = `11px ${FONT_FAMILY}`;
const MAX_LENGTH = 22;
/** Further labels would not find room. */
const MAX_LABELLED = 90;
/** In cells smaller than this, in CSS pixels, names don't find room. */
const MIN_CELL = 46;

/** The names of places or clients where there is room, and of a grid's groups. */
export const labelsLayer: Layer = {
  name: "labels",
  surface: "marks",
  draw(context) {
    context.canvas.font = FONT;
    context.canvas.textBaseline = "middle";
    drawGroupNames(context);
    drawNames(context);
  },
};

function drawNames(context: LayerContext): void {
  const { canvas, scene, view, placed, palette } = context;
  const { spots } = placed;
  const isGrid = scene.grid !== undefined;
  const cell = GRID_CELL * view.camera.k;
  const singles = spots.clusters.reduce((sum, cluster) => sum + (cluster === undefined ? 1 : 0), 0);
  if (isGrid ? cell < MIN_CELL : singles > MAX_LABELLED) return;
  const sight = sightOf(view);
  const requests: LabelRequest[] = [];
  const written = new Set<string>();
  for (let i = 0; i < spots.x.length; i++) {
    const [x, y, radius] = [spots.x[i] ?? Number.NaN, spots.y[i] ?? Number.NaN, spots.radius[i] ?? 0];
    if (!(x >= sight.left && x <= sight.right && y >= sight.top && y <= sight.bottom)) continue;
    const cluster = spots.clusters[i];
    const name = cluster === undefined ? nameOf(context, spots.clients[i] ?? 0) : cityOf(context, cluster.members);
    // Clients of one place need its name once.
    if (!isGrid && written.has(name)) continue;
    written.add(name);
    const text = shorten(canvas, name, isGrid ? cell - 6 : Number.POSITIVE_INFINITY);
    if (text === "") continue;
    requests.push({ text, x: x - sight.left, y: y - sight.top, radius, width: canvas.measureText(text).width });
  }
  canvas.lineJoin = "round";
  canvas.lineWidth = 3;
  canvas.strokeStyle = isGrid ? palette.surface : palette.ocean;
  canvas.fillStyle = palette.muted;
  const room = { beside: !isGrid, width: view.size.width };
  for (const { text, left, middle } of placeLabels(requests, obstacles(context), room)) {
    canvas.strokeText(text, left + sight.left, middle + sight.top);
    canvas.fillText(text, left + sight.left, middle + sight.top);
  }
}

/** The city that all of them are in; empty if there is none. */
function cityOf({ scene: { clients } }: LayerContext, members: readonly number[]): string {
  const city = clients.city[members[0] ?? -1];
  return city !== undefined && members.every((client) => clients.city[client] === city) ? city : "";
}

function nameOf({ scene }: LayerContext, client: number): string {
  const city = scene.grid === undefined ? scene.clients.city[client] : undefined;
  return city === undefined || city === "" ? (scene.clients.ids[client] ?? "") : city;
}

function drawGroupNames({ canvas, scene, view, palette }: LayerContext): void {
  const { k } = view.camera;
  canvas.fillStyle = palette.muted;
  for (const { name, count, left, top, width } of scene.grid?.groups ?? []) {
    const tail = ` ${shortCount(count)}`;
    const room = width * k - 2;
    const text = shorten(canvas, name, room - canvas.measureText(tail).width);
    if (text !== "") canvas.fillText(text + tail, left * k + 1, top * k);
  }
}

function obstacles({ view: { camera }, placed: { spots, server }, overlays }: LayerContext): Box[] {
  const boxes = [...overlays];
  const add = (x: number, y: number, radius: number): void => {
    boxes.push({ left: x + camera.x - radius, top: y + camera.y - radius, width: 2 * radius, height: 2 * radius });
  };
  for (let i = 0; i < spots.x.length; i++) {
    add(spots.x[i] ?? Number.NaN, spots.y[i] ?? Number.NaN, spots.radius[i] ?? 0);
  }
  if (server !== undefined) add(server.x, server.y, SERVER_RADIUS);
  return boxes;
}

function shorten(canvas: Canvas2D, label: string, room: number): string {
  // What the text may be cut from is bounded, as clients can send any length.
  const letters = Array.from(label.slice(0, 4 * MAX_LENGTH));
  const whole = letters.length > MAX_LENGTH || label.length > 4 * MAX_LENGTH;
  const text = whole ? `${letters.slice(0, MAX_LENGTH - 1).join("")}…` : letters.join("");
  if (canvas.measureText(text).width <= room) return text;
  for (let length = Math.min(letters.length, MAX_LENGTH) - 2; length >= 3; length--) {
    const shorter = `${letters.slice(0, length).join("")}…`;
    if (canvas.measureText(shorter).width <= room) return shorter;
  }
  return "";
}
