import { type ReadonlySignal, type Signal, useComputed, useSignal } from "@preact/signals";
import { toggled } from "../data/toggled.ts";
import { AXES } from "../page-state.ts";
import { useSession } from "../session.ts";
import { lazily } from "../ui/lazily.tsx";
import { Chart } from "./chart.tsx";
import { chartField } from "./chart-list.ts";
import { ChartPicker } from "./chart-picker.tsx";
import { axisOf, chartView, roundToRead } from "./chart-view.ts";
import { nearestPlace } from "./round-axis.ts";
import { useShownIndex } from "./shown-index.ts";
import { WorstRow } from "./worst-row.tsx";

const ComparedLegend = lazily(async () => (await import("../runs/compared-legend.tsx")).ComparedLegend, null);

/** How the run's figures went over its rounds. */
export function RoundCharts() {
  const { data, state, compared } = useSession();
  const index = useShownIndex();
  const hovered = useSignal<number | undefined>(undefined);
  const read = useComputed(() => {
    const overview = data.overview.value;
    if (hovered.value === undefined) return roundToRead(overview, index.value);
    const axis = axisOf(overview, state.axis.value);
    return axis.index[nearestPlace(axis.x, hovered.value)] ?? -1;
  });
  return (
    <section class="panel charts" aria-labelledby="charts-heading">
      <header class="panel-head">
        <h2 id="charts-heading">Charts</h2>
        <ReadRound read={read} />
        <span class="panel-tools">
          <AxisSwitch />
          <ChartPicker />
        </span>
      </header>
      {compared.runs.value.length > 0 && <ComparedLegend />}
      <div class="chart-grid">
        {state.charts.value.map((id) => (
          <OneChart key={id} id={id} hovered={hovered} read={read} />
        ))}
      </div>
      {state.charts.value.length === 0 && <p class="empty">No chart is chosen.</p>}
    </section>
  );
}

function ReadRound({ read }: { read: ReadonlySignal<number> }) {
  const { data } = useSession();
  const number = data.overview.value.rounds.numbers[read.value];
  return number === undefined ? null : <span class="panel-note">round {number}</span>;
}

function AxisSwitch() {
  const { state } = useSession();
  return (
    <fieldset class="switch" aria-label="Charts go along">
      {AXES.map((kind) => (
        <button
          type="button"
          key={kind}
          aria-pressed={state.axis.value === kind}
          onClick={() => {
            state.axis.value = kind;
          }}
        >
          {kind === "round" ? "Rounds" : "Time"}
        </button>
      ))}
    </fieldset>
  );
}

interface OneChartProps {
  readonly id: string;
  readonly hovered: Signal<number | undefined>;
  readonly read: ReadonlySignal<number>;
}

function OneChart({ id, hovered, read }: OneChartProps) {
  const { data, state, compared } = useSession();
  const field = chartField(id);
  const view = useComputed(() => {
    const overview = data.overview.value;
    const digest = field === undefined ? undefined : data.digest(field).value;
    return chartView(id, overview, axisOf(overview, state.axis.value), digest, compared.runs.value);
  });
  return (
    <Chart
      view={view}
      hovered={hovered}
      read={read}
      actions={
        <button
          type="button"
          onClick={() => {
            state.charts.value = toggled(state.charts.value, id);
          }}
        >
          Remove the chart
        </button>
      }
    >
      {field !== undefined && compared.runs.value.length === 0 && <WorstRow field={field} />}
    </Chart>
  );
}
