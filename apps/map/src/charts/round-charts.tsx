import { useComputed, useSignal } from "@preact/signals";
import { formatBytes, formatCount, formatNumber, formatPercent, formatSeconds } from "../format.ts";
import { type QualitySeries, roundSeries } from "../model/round-series.ts";
import { isOpen } from "../model/round-view.ts";
import type { RunModel } from "../model/run-model.ts";
import { useSession } from "../session.ts";
import { Chart } from "./chart.tsx";
import type { ChartLine } from "./chart-props.ts";

/** How the run's figures went over its rounds. */
export function RoundCharts() {
  const { snapshot, player } = useSession();
  const series = useComputed(() => roundSeries(snapshot.value.model)).value;
  const hovered = useSignal<number | undefined>(undefined);
  const shown = player.round.value;
  const read = hovered.value ?? lastEnded(snapshot.value.model, shown) ?? shown;
  const common = {
    rounds: series.rounds,
    shown,
    read,
    hovered,
    onSeek: (round: number) => player.seek(round),
  };
  const accuracy = qualityLines(series.accuracy);
  const loss = qualityLines(series.loss);
  // A plot keeps its lines: with others it is another plot.
  return (
    <section class="panel charts" aria-labelledby="charts-heading">
      <header class="panel-head">
        <h2 id="charts-heading">Over the rounds</h2>
        {read !== undefined && <span class="panel-note">values of round {read}</span>}
      </header>
      <Chart
        key={`accuracy ${accuracy.lines.length}`}
        {...common}
        title="Accuracy"
        format={formatPercent}
        {...accuracy}
      />
      <Chart key={`loss ${loss.lines.length}`} {...common} title="Loss" format={formatNumber} {...loss} />
      <Chart
        {...common}
        title="Round time"
        format={formatSeconds}
        fromZero
        lines={[{ label: "duration", color: "--chart-1", values: series.duration }]}
      />
      <Chart
        {...common}
        title="Bytes"
        format={formatBytes}
        fromZero
        lines={[
          { label: "up", color: "--up", values: series.bytesUp },
          { label: "down", color: "--down", values: series.bytesDown },
        ]}
      />
      <Chart
        {...common}
        title="Clients"
        format={formatCount}
        fromZero
        lines={[
          { label: "selected", color: "--text-faint", values: series.selected },
          { label: "completed", color: "--status-active", values: series.completed },
          { label: "failed", color: "--status-failed", values: series.failures },
        ]}
      />
    </section>
  );
}

/** The newest round up to the shown one whose figures are complete. */
function lastEnded(model: RunModel, shown: number | undefined): number | undefined {
  return model.rounds.findLast((number) => {
    const round = model.state.rounds.get(number);
    return number <= (shown ?? -1) && round !== undefined && !isOpen(model, round);
  });
}

function qualityLines(quality: QualitySeries) {
  const global: ChartLine = { label: "global", color: "--chart-1", values: quality.global };
  const clients: ChartLine = {
    label: "clients",
    title: "the clients’ mean, weighted by their samples",
    color: "--chart-2",
    values: quality.clients,
  };
  const hasGlobal = quality.global.some((value) => value !== null) || quality.nonFinite.length > 0;
  return {
    lines: hasGlobal ? [global, clients] : [clients],
    band: {
      label: "p10–p90",
      title: "between the clients’ 10th and 90th percentile",
      color: "--chart-band",
      low: quality.low,
      high: quality.high,
    },
    nonFinite: quality.nonFinite,
  };
}
