import { useComputed, useSignal } from "@preact/signals";
import { useCallback, useRef } from "preact/hooks";
import { type Digest, QUANTILES } from "../data/run-data.ts";
import { formatCount, plural } from "../format.ts";
import { pixelOf } from "../map/palette.ts";
import { viridisScale } from "../map/viridis.ts";
import { useSession } from "../session.ts";
import { theme } from "../theme.ts";
import { fieldLabel } from "../ui/field-names.ts";
import { CanvasView, type Stage } from "./canvas-view.tsx";
import { ChartFrame } from "./chart-frame.tsx";
import { fieldFormat } from "./chart-list.ts";
import type { NumberFormat } from "./chart-spec.ts";
import { axisOf } from "./chart-view.ts";
import type { DataTable } from "./data-table.ts";
import { drawHeat, HEAT_MARGIN, imageOf } from "./draw-heat.ts";
import { type HeatMap, heatMap, heatPixels } from "./heat-map.ts";
import { nearestPlace, type RoundAxis } from "./round-axis.ts";
import { useShownIndex } from "./shown-index.ts";

const BINS = 48;

/** So wide that a round by itself can be seen, in pixels. */
const COLUMN_WIDTH = 3;

/** How a field was spread over the clients, round by round. A click goes to the round. */
export function HeatChart() {
  const { data, state, player } = useSession();
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawn = useRef<HeatMap | undefined>(undefined);
  const hovered = useSignal(-1);
  const width = useSignal(0);
  const index = useShownIndex();
  const field = state.metric.value;
  const format = fieldFormat(field);
  const digest = data.digest(field).value;
  const axis = axisOf(data.overview.value, state.axis.value);
  const numbers = data.overview.value.rounds.numbers;
  const room = Math.max(0, width.value - HEAT_MARGIN.left - HEAT_MARGIN.right);
  const scale = useComputed(() => viridisScale(theme.value === "dark"));
  const map = useComputed(() => {
    const from = data.digest(state.metric.value).value;
    const across = Math.max(0, width.value - HEAT_MARGIN.left - HEAT_MARGIN.right);
    const made = heatMap(from, axisOf(data.overview.value, state.axis.value), Math.floor(across / COLUMN_WIDTH), BINS);
    return made && { made, image: imageOf(made, heatPixels(made, Uint32Array.from(scale.value, pixelOf))) };
  }).value;
  drawn.current = map?.made;

  const draw = useCallback(
    (stage: Stage) => {
      width.value = stage.width;
      if (map !== undefined) drawHeat(stage, map.made, map.image, format, axis.kind === "time");
    },
    [map, field],
  );
  const roundAt = (x: number): number => {
    if (map === undefined) return -1;
    const { start, end } = map.made;
    return axis.index[nearestPlace(axis.x, start + ((x - HEAT_MARGIN.left) / room) * (end - start))] ?? -1;
  };
  const read = hovered.value >= 0 ? hovered.value : index.value;
  const shownX = axis.x[axis.place[index.value] ?? -1];
  const title = `${fieldLabel(field)} over the rounds`;
  const seek = (round: number): void => {
    const number = numbers[round];
    if (number !== undefined) player.seek(number);
  };
  return (
    <ChartFrame
      id="heat-map"
      title={title}
      caption={
        <>
          <span class="chart-value chart-note">{spreadText(digest, read, numbers[read], format)}</span>
          <span class="chart-value">
            few <i class="gradient" style={{ background: `linear-gradient(to right, ${scale.value.join(", ")})` }} />{" "}
            many clients
          </span>
        </>
      }
      table={() => tableOf(title, digest, axis, numbers, format, seek)}
      picture={() =>
        canvas.current
          ? { title, note: "few clients dark, many clients light", legend: [], canvas: canvas.current }
          : undefined
      }
    >
      <CanvasView
        class="pointed"
        canvas={canvas}
        label={`${title}. ${spreadText(digest, index.value, numbers[index.value], format)}`}
        draw={draw}
        onPoint={(x) => {
          hovered.value = x === undefined ? -1 : roundAt(x);
        }}
        onPick={(x) => seek(roundAt(x))}
      >
        {map !== undefined && shownX !== undefined && (
          <div
            class="shown-round over-canvas"
            style={{
              transform: `translateX(${
                HEAT_MARGIN.left + ((shownX - map.made.start) / (map.made.end - map.made.start)) * room
              }px)`,
            }}
          />
        )}
      </CanvasView>
      {map === undefined && <Unread />}
    </ChartFrame>
  );
}

/** Nothing to see: there is nothing, or it was not read yet. */
function Unread() {
  const { data } = useSession();
  const progress = data.progress.value;
  return (
    <p class="plot-empty">
      {progress < 1 ? `reading the rounds: ${Math.floor(progress * 100)}%` : "no client reported a finite value"}
    </p>
  );
}

function spreadText(digest: Digest, round: number, number: number | undefined, format: NumberFormat): string {
  const at = (q: number): string => format(digest.quantiles[round * QUANTILES + Math.round(q * (QUANTILES - 1))]);
  const count = digest.count[round] ?? 0;
  const bad = digest.nonFinite[round] ?? 0;
  if (number === undefined) return "";
  const rest = bad > 0 ? `, ${formatCount(bad)} NaN or infinite` : "";
  if (count === 0) return `round ${number}: no values${rest}`;
  return `round ${number}: ${at(0)} to ${at(1)}, median ${at(0.5)}, ${plural(count, "client")}${rest}`;
}

function tableOf(
  name: string,
  digest: Digest,
  axis: RoundAxis,
  numbers: Float64Array,
  format: NumberFormat,
  seek: (round: number) => void,
): DataTable {
  const roundOf = (row: number): number => axis.index[row] ?? -1;
  const spread = (label: string, of: (round: number) => number | undefined) => {
    const value = (row: number): number | undefined =>
      (digest.count[roundOf(row)] ?? 0) > 0 ? of(roundOf(row)) : undefined;
    return { name: label, value, text: (row: number) => format(value(row)) };
  };
  const q = (label: string, share: number) =>
    spread(label, (round) => digest.quantiles[round * QUANTILES + Math.round(share * (QUANTILES - 1))]);
  return {
    name,
    rows: axis.x.length,
    columns: [
      { name: "round", value: (row) => numbers[roundOf(row)] },
      { name: "clients", value: (row) => digest.count[roundOf(row)] ?? 0 },
      { name: "NaN or infinite", value: (row) => digest.nonFinite[roundOf(row)] ?? 0 },
      spread("mean", (round) => digest.mean[round]),
      q("least", 0),
      q("p10", 0.1),
      q("p25", 0.25),
      q("median", 0.5),
      q("p75", 0.75),
      q("p90", 0.9),
      q("most", 1),
    ],
    onPick: (row) => seek(roundOf(row)),
  };
}
