import { FONT } from "./font.ts";

/** A canvas, and what must stand beside it for people to understand it without the page. */
export interface Picture {
  readonly title: string;
  /** Which run it is of, and the like. */
  readonly note: string;
  readonly legend: readonly { readonly label: string; readonly color: string; readonly dash?: readonly number[] }[];
  readonly canvas: HTMLCanvasElement;
}

const HEAD = 44;
const PAD = 10;

/** Draws a picture as PNG, in the colours that are on screen. */
export function pngOf({ title, note, legend, canvas }: Picture): Promise<Blob | null> {
  const scale = devicePixelRatio;
  const style = getComputedStyle(document.documentElement);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const whole = document.createElement("canvas");
  whole.width = canvas.width + 2 * PAD * scale;
  whole.height = canvas.height + (HEAD + 2 * PAD) * scale;
  const ctx = whole.getContext("2d");
  if (ctx === null) return Promise.resolve(null);
  ctx.fillStyle = color("--surface");
  ctx.fillRect(0, 0, whole.width, whole.height);
  ctx.drawImage(canvas, PAD * scale, (HEAD + PAD) * scale);
  ctx.scale(scale, scale);
  ctx.textBaseline = "top";
  const width = whole.width / scale - 2 * PAD;
  ctx.font = `600 ${FONT.replace("10px", "13px")}`;
  ctx.fillStyle = color("--text");
  ctx.fillText(title, PAD, PAD, width);
  const from = PAD + ctx.measureText(title).width + 10;
  ctx.font = FONT.replace("10px", "11px");
  ctx.fillStyle = color("--text-faint");
  if (from < width) ctx.fillText(note, from, PAD + 2, width + PAD - from);
  let x = PAD;
  for (const entry of legend) {
    ctx.strokeStyle = color(entry.color);
    ctx.lineWidth = 2;
    ctx.setLineDash([...(entry.dash ?? [])]);
    ctx.beginPath();
    ctx.moveTo(x, PAD + 26);
    ctx.lineTo(x + 18, PAD + 26);
    ctx.stroke();
    ctx.fillStyle = color("--text-muted");
    ctx.fillText(entry.label, x + 24, PAD + 20, width);
    x += ctx.measureText(entry.label).width + 40;
  }
  return new Promise((resolve) => whole.toBlob(resolve, "image/png"));
}
