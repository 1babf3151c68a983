import type { Rounds } from "../data/run-data.ts";
import type { NumberFormat } from "./chart-spec.ts";
import type { DataTable } from "./data-table.ts";
import { FONT } from "./font.ts";
import { CARD_HEIGHT, CARD_WIDTH, type Multiples } from "./multiples.ts";
import type { RoundAxis } from "./round-axis.ts";

/** A column for each client, a row for each round. */
export function multiplesTable(
  name: string,
  multiples: Multiples | undefined,
  rounds: Rounds,
  axis: RoundAxis,
  ids: readonly string[],
  format: NumberFormat,
): DataTable {
  const cards = multiples?.cards ?? [];
  return {
    name,
    rows: axis.x.length,
    columns: [
      { name: "round", value: (row) => rounds.numbers[axis.index[row] ?? -1] },
      ...cards.map(({ client, values }) => {
        const value = (row: number): number | undefined => {
          const found = values[row];
          return found === undefined || Number.isNaN(found) ? undefined : found;
        };
        return { name: ids[client] ?? "", value, text: (row: number) => format(value(row)) };
      }),
    ],
  };
}

const ACROSS = 4;
const GAP = 16;
const HEAD = 16;

/** The small charts on a canvas, for a file. */
export function multiplesCanvas(
  { cards, band, median }: Multiples,
  ids: readonly string[],
  format: NumberFormat,
): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  const [w, h] = [CARD_WIDTH + GAP, CARD_HEIGHT + HEAD + GAP];
  canvas.width = ACROSS * w * devicePixelRatio;
  canvas.height = Math.ceil(cards.length / ACROSS) * h * devicePixelRatio;
  const ctx = canvas.getContext("2d");
  if (ctx === null) return canvas;
  const style = getComputedStyle(document.documentElement);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  cards.forEach(({ client, path, values }, i) => {
    ctx.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    ctx.translate((i % ACROSS) * w, Math.floor(i / ACROSS) * h);
    ctx.font = FONT;
    ctx.textBaseline = "top";
    ctx.fillStyle = color("--text");
    const last = values.findLast((value) => !Number.isNaN(value));
    const text = format(last);
    ctx.textAlign = "right";
    ctx.fillText(text, CARD_WIDTH, 0);
    ctx.textAlign = "left";
    ctx.fillText((ids[client] ?? "").slice(0, 40), 0, 0, CARD_WIDTH - ctx.measureText(text).width - 6);
    ctx.translate(0, HEAD);
    ctx.fillStyle = color("--chart-band");
    ctx.fill(new Path2D(band));
    ctx.strokeStyle = color("--text-faint");
    ctx.stroke(new Path2D(median));
    ctx.strokeStyle = color("--chart-1");
    ctx.lineWidth = 1.5;
    ctx.lineCap = "round";
    ctx.stroke(new Path2D(path));
    ctx.lineWidth = 1;
  });
  return canvas;
}
