import { useComputed, useSignal } from "@preact/signals";
import { useCallback, useRef } from "preact/hooks";
import { formatCount, formatPercent, plural } from "../format.ts";
import { useSession } from "../session.ts";
import { fieldLabel } from "../ui/field-names.ts";
import { CanvasView, type Stage } from "./canvas-view.tsx";
import { ChartFrame } from "./chart-frame.tsx";
import { fieldFormat } from "./chart-list.ts";
import type { DataTable } from "./data-table.ts";
import { type Bar, drawHistogram, layBars } from "./draw-histogram.ts";
import { type Histogram, histogram } from "./histogram.ts";
import { MetricSelect } from "./metric-select.tsx";

/** How a field is spread over the clients in the shown round. */
export function HistogramChart() {
  const { data, table, matches, state } = useSession();
  const canvas = useRef<HTMLCanvasElement>(null);
  const bars = useRef<readonly Bar[]>([]);
  const hovered = useSignal(-1);
  const field = state.metric.value;
  const format = fieldFormat(field);
  const counted = useComputed(() => {
    const shown = table.value;
    return shown && histogram(shown, state.metric.value, data.clients.value, matches.value);
  }).value;
  const round = table.value?.round;
  const isFiltered = matches.value !== undefined;
  const over = hovered.value;

  const draw = useCallback(
    (stage: Stage) => {
      if (counted === undefined) return;
      bars.current = layBars(counted, stage.width, format);
      drawHistogram(stage, counted, bars.current, over, format);
    },
    [counted, over, field],
  );
  const title = `${fieldLabel(field)} in round ${round ?? "–"}`;
  const label = counted === undefined ? "" : summaryOf(counted);
  return (
    <ChartFrame
      id="histogram"
      title={title}
      caption={
        <>
          <MetricSelect />
          <span class="chart-value chart-note">
            {counted && <Pointed bar={bars.current[over]} all={counted} filtered={isFiltered} />}
          </span>
        </>
      }
      table={() => tableOf(title, counted, isFiltered, format)}
      picture={() => (canvas.current ? { title, note: label, legend: [], canvas: canvas.current } : undefined)}
    >
      <CanvasView
        canvas={canvas}
        label={`${title}: ${label}`}
        draw={draw}
        onPoint={(x) => {
          hovered.value = x === undefined ? -1 : bars.current.findIndex((bar) => x >= bar.x && x < bar.x + bar.width);
        }}
      />
      {counted?.count === 0 && counted.apart.length === 0 && <p class="plot-empty">no clients</p>}
    </ChartFrame>
  );
}

/** The bar that is pointed at; else all. */
function Pointed({ bar, all, filtered }: { bar: Bar | undefined; all: Histogram; filtered: boolean }) {
  if (bar === undefined) return <>{summaryOf(all)}</>;
  const share = bar.onScale && all.count > 0 ? ` (${formatPercent(bar.count / all.count)})` : "";
  return (
    <>
      {bar.label}: <b>{plural(bar.count, "client")}</b>
      {share}
      {filtered && `, ${formatCount(bar.matching)} of them in the filter`}
    </>
  );
}

function summaryOf({ count, apart }: Histogram): string {
  return [
    `${plural(count, "client")} with a value`,
    ...apart.map((bar) => `${formatCount(bar.count)} ${bar.label}`),
  ].join(", ");
}

function tableOf(
  name: string,
  counted: Histogram | undefined,
  filtered: boolean,
  format: (value: number | undefined) => string,
): DataTable {
  const { edges, counts, matching, apart } = counted ?? EMPTY;
  const bins = counts.length;
  const of = <T,>(row: number, bin: (i: number) => T, rest: (bar: Histogram["apart"][number]) => T): T | undefined => {
    const bar = apart[row - bins];
    return row < bins ? bin(row) : bar && rest(bar);
  };
  return {
    name,
    rows: bins + apart.length,
    columns: [
      {
        name: "from",
        value: (row) =>
          of<number | string | undefined>(
            row,
            (i) => edges[i],
            ({ label }) => label,
          ),
        text: (row) =>
          of(
            row,
            (i) => format(edges[i]),
            ({ label }): string => label,
          ) ?? "",
      },
      {
        name: "to",
        value: (row) =>
          of<number | undefined>(
            row,
            (i) => edges[i + 1],
            () => undefined,
          ),
        text: (row) =>
          of(
            row,
            (i) => format(edges[i + 1]),
            () => "–",
          ) ?? "",
      },
      {
        name: "clients",
        value: (row) =>
          of(
            row,
            (i) => counts[i] ?? 0,
            (bar) => bar.count,
          ),
      },
      ...(filtered
        ? [
            {
              name: "in the filter",
              value: (row: number) =>
                of(
                  row,
                  (i) => matching[i] ?? 0,
                  (bar) => bar.matching,
                ),
            },
          ]
        : []),
    ],
  };
}

const EMPTY: Histogram = { edges: [], counts: new Uint32Array(0), matching: new Uint32Array(0), apart: [], count: 0 };
