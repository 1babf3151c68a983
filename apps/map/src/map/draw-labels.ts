import type { Camera, Size } from "./camera.ts";
import type { Palette } from "./palette.ts";
import { type Box, type LabelRequest, placeLabels } from "./place-labels.ts";
import type { Scene } from "./scene.ts";
import { type ScreenMarks, SERVER_RADIUS } from "./screen-marks.ts";
import { GRID_CELL } from "./site-layout.ts";

const FONT = '11px ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
const MAX_LENGTH = 22;

/** Writes the names of clients where there is room. */
export function drawLabels(
  context: CanvasRenderingContext2D,
  scene: Scene,
  marks: ScreenMarks,
  camera: Camera,
  size: Size,
  palette: Palette,
): void {
  if (scene.labels.length === 0) return;
  context.font = FONT;
  context.textBaseline = "middle";
  const grid = scene.layout.kind === "grid";
  const room = grid ? GRID_CELL * camera.k - 6 : Number.POSITIVE_INFINITY;
  const requests: LabelRequest[] = [];
  const written = new Set<string>();
  scene.labels.forEach((label, i) => {
    const [x, y, radius] = [marks.x[i] ?? Number.NaN, marks.y[i] ?? Number.NaN, marks.radius[i] ?? 0];
    // Clients of one place need its name once.
    if (Number.isNaN(x) || (!grid && written.has(label))) return;
    written.add(label);
    const text = shorten(context, label, room);
    if (text !== "") requests.push({ text, x, y, radius, width: context.measureText(text).width });
  });
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = grid ? palette.surface : palette.ocean;
  context.fillStyle = palette.muted;
  for (const { text, left, middle } of placeLabels(requests, obstacles(marks, size), {
    beside: !grid,
    width: size.width,
  })) {
    context.strokeText(text, left, middle);
    context.fillText(text, left, middle);
  }
}

/** The size of the corner where the map's buttons are. */
const BUTTONS = { width: 46, height: 106 };

function obstacles(marks: ScreenMarks, size: Size): Box[] {
  const boxes: Box[] = [{ left: size.width - BUTTONS.width, top: size.height - BUTTONS.height, ...BUTTONS }];
  const add = (x: number, y: number, radius: number): void => {
    boxes.push({ left: x - radius, top: y - radius, width: 2 * radius, height: 2 * radius });
  };
  for (let i = 0; i < marks.x.length; i++)
    add(marks.x[i] ?? Number.NaN, marks.y[i] ?? Number.NaN, marks.radius[i] ?? 0);
  if (marks.server !== undefined) add(marks.server.x, marks.server.y, SERVER_RADIUS);
  return boxes;
}

function shorten(context: CanvasRenderingContext2D, label: string, room: number): string {
  const text = label.length > MAX_LENGTH ? `${label.slice(0, MAX_LENGTH - 1)}…` : label;
  if (context.measureText(text).width <= room) return text;
  for (let length = text.length - 2; length >= 3; length--) {
    const shorter = `${text.slice(0, length)}…`;
    if (context.measureText(shorter).width <= room) return shorter;
  }
  return "";
}
