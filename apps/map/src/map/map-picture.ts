import { STATUS_CODES, STATUS_LABELS } from "../data/statuses.ts";
import { formatCount, plural } from "../format.ts";
import { colorLabel, colorText } from "./color-field.ts";
import { FIRST_STEP } from "./color-scale.ts";
import { STATUS_ORDER } from "./describe-scene.ts";
import { FONT_FAMILY } from "./layers/font.ts";
import { SURFACES } from "./layers/layer.ts";
import type { MapCanvases } from "./map-view.ts";
import type { Paint, Palette } from "./palette.ts";
import type { Scene } from "./scene.ts";
import { SERVER_CORNERS, SHAPES, traceShape } from "./shapes.ts";
import { SCALE_STEPS } from "./viridis.ts";

/** What a picture of the map is made of. */
export interface PictureSource {
  readonly canvases: MapCanvases;
  readonly scene: Scene;
  readonly palette: Palette;
  readonly paint: Paint;
  /** What it is a picture of. */
  readonly title: string;
}

const HEAD = 34;
const LINE = 24;
const PADDING = 14;
const MARK = 5;

/** The map as it is on the screen, with what it shows and a legend, as PNG. */
export async function mapPicture({ canvases, scene, palette, paint, title }: PictureSource): Promise<Blob> {
  const { width, height, clientWidth } = canvases.earth;
  const ratio = width / Math.max(1, clientWidth);
  const probe = new OffscreenCanvas(width, 1).getContext("2d");
  if (probe === null) throw new Error("this browser has no canvas");
  probe.font = `12px ${FONT_FAMILY}`;
  const entries = placeEntries(entriesOf(scene, palette, paint), (text) => probe.measureText(text).width, clientWidth);
  const footHeight = PADDING + LINE * (1 + Math.max(...entries.map(({ line }) => line)));
  const image = new OffscreenCanvas(width, Math.ceil(height + (HEAD + footHeight) * ratio));
  const canvas = image.getContext("2d");
  if (canvas === null) throw new Error("this browser has no canvas");
  canvas.fillStyle = palette.surface;
  canvas.fillRect(0, 0, image.width, image.height);
  for (const surface of SURFACES) canvas.drawImage(canvases[surface], 0, HEAD * ratio);
  canvas.scale(ratio, ratio);
  canvas.textBaseline = "middle";
  canvas.font = `600 13px ${FONT_FAMILY}`;
  canvas.fillStyle = palette.text;
  canvas.fillText(title, PADDING, HEAD / 2, clientWidth - 2 * PADDING);
  canvas.font = probe.font;
  for (const { entry, left, line } of entries) {
    const middle = HEAD + height / ratio + PADDING / 2 + (line + 0.5) * LINE;
    entry.draw(canvas, left, middle);
    canvas.fillStyle = palette.muted;
    canvas.fillText(entry.text, left + entry.width + 6, middle);
  }
  return image.convertToBlob({ type: "image/png" });
}

interface Entry {
  readonly text: string;
  /** Of what stands before the text. */
  readonly width: number;
  draw(canvas: OffscreenCanvasRenderingContext2D, left: number, middle: number): void;
}

function entriesOf(
  { counts, scale, count, places, grid, server }: Scene,
  palette: Palette,
  { colors }: Paint,
): Entry[] {
  const entries: Entry[] = STATUS_ORDER.map((status) => ({
    text: `${STATUS_LABELS[status]} ${formatCount(counts[STATUS_CODES[status]])}`,
    width: 2 * MARK,
    draw(canvas, left, middle) {
      const { corners, filled } = SHAPES[status];
      canvas.beginPath();
      traceShape(canvas, corners, left + MARK, middle, MARK);
      // Where a value colours the marks, their forms alone tell the status.
      canvas.fillStyle = canvas.strokeStyle = scale === undefined ? palette.status[status] : palette.muted;
      canvas.lineWidth = 2;
      if (filled) canvas.fill();
      else canvas.stroke();
    },
  }));
  const unlocated = count - places.located;
  if (grid === undefined && unlocated > 0) entries.push(textEntry(`${plural(unlocated, "client")} without a place`));
  if (server === undefined && count > 0) entries.push(serverEntry("server (place unknown)", palette));
  if (scale === undefined) return entries;
  const scaleWidth = 2 * SCALE_STEPS;
  const numbers = `${colorText(scale.field, scale.low)} to ${colorText(scale.field, scale.high)}`;
  entries.unshift({
    text: `${colorLabel(scale.field)} ${numbers}, 2nd to 98th percentile`,
    width: scaleWidth,
    draw(canvas, left, middle) {
      for (let step = 0; step < SCALE_STEPS; step++) {
        canvas.fillStyle = colors[FIRST_STEP + step] ?? palette.muted;
        canvas.fillRect(left + 2 * step, middle - MARK, 2, 2 * MARK);
      }
    },
  });
  return entries;
}

function textEntry(text: string): Entry {
  return { text, width: -6, draw() {} };
}

function serverEntry(text: string, palette: Palette): Entry {
  return {
    text,
    width: 2 * MARK,
    draw(canvas, left, middle) {
      canvas.beginPath();
      traceShape(canvas, SERVER_CORNERS, left + MARK, middle, MARK);
      canvas.fillStyle = palette.server;
      canvas.fill();
    },
  };
}

function placeEntries(entries: readonly Entry[], measure: (text: string) => number, width: number) {
  let [left, line] = [PADDING, 0];
  return entries.map((entry) => {
    const needed = entry.width + 6 + measure(entry.text);
    if (left > PADDING && left + needed > width - PADDING) [left, line] = [PADDING, line + 1];
    const place = { entry, left, line };
    left += needed + 16;
    return place;
  });
}
