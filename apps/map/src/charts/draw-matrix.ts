import type { Participation } from "../data/run-data.ts";
import { CLIENT_STATUSES } from "../data/statuses.ts";
import { pixelOf } from "../map/palette.ts";
import { SHAPES, traceShape } from "../map/shapes.ts";
import type { Stage } from "./canvas-view.tsx";
import { FONT } from "./font.ts";
import { type MatrixCell, type MatrixLayout, READABLE } from "./matrix-layout.ts";
import { UNREAD } from "./matrix-order.ts";

/** What of the matrix to draw. */
export interface MatrixPicture {
  readonly layout: MatrixLayout;
  readonly scroll: { readonly x: number; readonly y: number };
  readonly data: Participation;
  /** The rows of the data from top to bottom. */
  readonly order: Uint32Array;
  readonly ids: readonly string[];
  /** The rounds' numbers. */
  readonly numbers: ArrayLike<number>;
  /** The column of the shown round; -1: none. */
  readonly shown: number;
  /** The cell that is pointed at. */
  readonly pointed: MatrixCell | undefined;
}

/** Draws the visible part of the matrix. */
export function drawMatrix(stage: Stage, picture: MatrixPicture): void {
  const { ctx, width, height, color } = stage;
  const { layout, scroll, data, order } = picture;
  const { left, top, cellWidth, cellHeight } = layout;
  const seen = {
    firstRow: Math.floor(scroll.y / cellHeight),
    endRow: Math.min(order.length, Math.ceil((scroll.y + height - top) / cellHeight)),
    firstColumn: Math.floor(scroll.x / cellWidth),
    endColumn: Math.min(data.rounds, Math.ceil((scroll.x + width - left) / cellWidth)),
  };
  ctx.font = FONT;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width - left, height - top);
  ctx.clip();
  ctx.translate(left - scroll.x, top - scroll.y);
  if (cellHeight < READABLE) drawPixels(stage, picture, seen);
  else drawMarks(stage, picture, seen);
  drawCursors(stage, picture);
  ctx.restore();
  if (cellHeight >= READABLE) drawNames(stage, picture, seen);
  drawRounds(stage, picture, seen);
  ctx.strokeStyle = color("--line");
  ctx.beginPath();
  ctx.moveTo(0, top - 0.5);
  ctx.lineTo(width, top - 0.5);
  ctx.stroke();
}

interface Seen {
  readonly firstRow: number;
  readonly endRow: number;
  readonly firstColumn: number;
  readonly endColumn: number;
}

function statusColor({ color }: Stage, code: number): string {
  return color(`--status-${CLIENT_STATUSES[code]?.replace("_", "-")}`);
}

/** Small cells: a pixel each, scaled up. */
function drawPixels(stage: Stage, { layout, data, order }: MatrixPicture, seen: Seen): void {
  const [w, h] = [seen.endColumn - seen.firstColumn, seen.endRow - seen.firstRow];
  if (w <= 0 || h <= 0) return;
  const palette = CLIENT_STATUSES.map((_, code) => pixelOf(statusColor(stage, code)));
  const image = new ImageData(w, h);
  const pixels = new Uint32Array(image.data.buffer);
  for (let y = 0; y < h; y++) {
    const from = (order[seen.firstRow + y] ?? 0) * data.rounds + seen.firstColumn;
    for (let x = 0; x < w; x++) pixels[y * w + x] = palette[data.status[from + x] ?? UNREAD] ?? 0;
  }
  const small = new OffscreenCanvas(w, h);
  small.getContext("2d")?.putImageData(image, 0, 0);
  const { cellWidth, cellHeight } = layout;
  stage.ctx.imageSmoothingEnabled = false;
  stage.ctx.drawImage(small, seen.firstColumn * cellWidth, seen.firstRow * cellHeight, w * cellWidth, h * cellHeight);
}

/** Larger cells: the marks that the map has too, which can be told apart without colour. */
function drawMarks(stage: Stage, { layout, data, order }: MatrixPicture, seen: Seen): void {
  const { ctx } = stage;
  const { cellWidth, cellHeight } = layout;
  const radius = cellHeight * 0.32;
  const paths = CLIENT_STATUSES.map(() => new Path2D());
  for (let row = seen.firstRow; row < seen.endRow; row++) {
    const from = (order[row] ?? 0) * data.rounds;
    for (let column = seen.firstColumn; column < seen.endColumn; column++) {
      const code = data.status[from + column] ?? UNREAD;
      const path = paths[code];
      const status = CLIENT_STATUSES[code];
      if (path === undefined || status === undefined) continue;
      const size = status === "idle" ? 1 : radius;
      traceShape(path, SHAPES[status].corners, (column + 0.5) * cellWidth, (row + 0.5) * cellHeight, size);
    }
  }
  CLIENT_STATUSES.forEach((status, code) => {
    const path = paths[code];
    if (path === undefined) return;
    if (SHAPES[status].filled) {
      ctx.fillStyle = statusColor(stage, code);
      ctx.fill(path);
    } else {
      ctx.strokeStyle = statusColor(stage, code);
      ctx.lineWidth = 1.5;
      ctx.stroke(path);
    }
  });
}

/** The shown round's column, and the pointed cell's row and column. */
function drawCursors({ ctx, color }: Stage, { layout, shown, pointed, order, data }: MatrixPicture): void {
  const { cellWidth, cellHeight } = layout;
  const [w, h] = [data.rounds * cellWidth, order.length * cellHeight];
  ctx.lineWidth = 1;
  if (shown >= 0) {
    ctx.strokeStyle = color("--text-muted");
    ctx.setLineDash([3, 3]);
    ctx.strokeRect(shown * cellWidth + 0.5, -1, Math.max(1, cellWidth - 1), h + 2);
    ctx.setLineDash([]);
  }
  if (pointed === undefined) return;
  ctx.fillStyle = color("--accent");
  ctx.globalAlpha = 0.12;
  if (pointed.row >= 0) ctx.fillRect(0, pointed.row * cellHeight, w, cellHeight);
  if (pointed.column >= 0) ctx.fillRect(pointed.column * cellWidth, 0, cellWidth, h);
  ctx.globalAlpha = 1;
  if (pointed.row < 0 || pointed.column < 0) return;
  ctx.strokeStyle = color("--text");
  ctx.strokeRect(pointed.column * cellWidth, pointed.row * cellHeight, cellWidth, cellHeight);
}

function drawNames(
  { ctx, color, height }: Stage,
  { layout, scroll, data, order, ids, pointed }: MatrixPicture,
  seen: Seen,
): void {
  const { left, top, cellHeight } = layout;
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, top, left - 6, height - top);
  ctx.clip();
  ctx.font = FONT.replace("10px", `${Math.min(12, cellHeight)}px`);
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  ctx.direction = "ltr";
  for (let row = seen.firstRow; row < seen.endRow; row++) {
    ctx.fillStyle = color(row === pointed?.row ? "--text" : "--text-muted");
    // An id of ten thousand letters is not measured whole.
    const id = ids[data.clients[order[row] ?? -1] ?? -1] ?? "";
    ctx.fillText(isolated(id.slice(0, 40)), 4, top - scroll.y + (row + 0.5) * cellHeight);
  }
  ctx.restore();
}

/** Marks of direction in it stay without effect on what stands beside it. */
function isolated(text: string): string {
  return `\u2068${text}\u2069`;
}

function drawRounds({ ctx, color, width }: Stage, { layout, scroll, numbers, shown }: MatrixPicture, seen: Seen): void {
  const { left, top, cellWidth } = layout;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.font = FONT;
  let free = left - 4;
  for (let column = seen.firstColumn; column < seen.endColumn; column++) {
    const x = left - scroll.x + (column + 0.5) * cellWidth;
    const text = String(numbers[column] ?? "");
    const half = ctx.measureText(text).width / 2;
    if (x - half < free || x + half > width) continue;
    ctx.fillStyle = color(column === shown ? "--text" : "--text-faint");
    ctx.fillText(text, x, top / 2);
    free = x + half + 10;
  }
}
