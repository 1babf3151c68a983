import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Rounds } from "../data/run-data.ts";
import {
  formatAccuracy,
  formatBytes,
  formatClock,
  formatCount,
  formatNumber,
  formatPercent,
  formatSeconds,
  MISSING,
  withoutZeros,
} from "../format.ts";
import { useSession } from "../session.ts";
import { MetricValue } from "./metric-value.tsx";
import { bytesThrough, figureAt, type GlobalFigure, globalFigure, plannedRounds } from "./round-figures.ts";

/** The figures of the shown round. */
export function KeyFigures() {
  const { data, player } = useSession();
  const { rounds, config } = data.overview.value;
  const index = player.index.value;
  const number = player.round.value;
  const figure = (name: string): number | undefined => figureAt(rounds, name, index);
  const moved = useComputed(() => bytesThrough(data.overview.value.rounds, player.index.value)).value;
  const planned = plannedRounds(config);
  const selected = figure("num_selected");
  const completed = figure("num_completed");
  const aggregation = figure("aggregation_time_sec");
  return (
    <section class="key-figures" aria-label="Key figures" data-testid="key-figures">
      <Figure label="Round" note={roundNote(rounds, index)}>
        <span data-testid="round-number" data-value={number}>
          {number ?? MISSING}
        </span>
        {planned !== undefined && <small> / {formatCount(planned)}</small>}
      </Figure>
      <Figure
        label="Clients"
        note={number === undefined ? "none yet" : `${withoutZeros(formatPercent(figure("participation")))} completed`}
      >
        <span data-testid="num-completed" data-value={completed}>
          {formatCount(completed)}
        </span>
        <small>
          {" / "}
          <span data-testid="num-selected" data-value={selected}>
            {formatCount(selected)}
          </span>
        </small>
      </Figure>
      <GlobalValue name="accuracy" figure={globalFigure(rounds, index, "accuracy")} shown={number} />
      <GlobalValue name="loss" figure={globalFigure(rounds, index, "loss")} shown={number} />
      <Figure label="Bytes moved" note={moved === undefined ? "not reported" : `${formatBytes(moved)} so far`}>
        <span class="traffic">
          <span class="up" title="clients to server">
            ↑ {formatBytes(figure("total_bytes_up"))}
          </span>{" "}
          <span class="down" title="server to clients">
            ↓ {formatBytes(figure("total_bytes_down"))}
          </span>
        </span>
      </Figure>
      <Figure
        label="Round time"
        note={aggregation === undefined ? undefined : `aggregated in ${formatSeconds(aggregation)}`}
      >
        {formatSeconds(figure("round_duration_sec"))}
      </Figure>
    </section>
  );
}

function roundNote({ numbers, open, endedAt }: Rounds, index: number): string {
  if (numbers.length === 0) return "none yet";
  if (open[index] === 1) return "in progress";
  const ended = endedAt[index] ?? Number.NaN;
  return Number.isNaN(ended) ? "never ended" : `ended ${formatClock(ended)}`;
}

function GlobalValue({
  name,
  figure,
  shown,
}: {
  name: "accuracy" | "loss";
  figure: GlobalFigure | undefined;
  shown: number | undefined;
}) {
  const earlier = figure !== undefined && figure.round !== shown ? `, round ${figure.round}` : "";
  return (
    <Figure label={`Global ${name}`} note={figure === undefined ? "not reported" : `${figure.source}${earlier}`}>
      <span data-testid={`global-${name}`} data-value={figure?.value}>
        <MetricValue value={figure?.value} format={name === "accuracy" ? formatAccuracy : formatNumber} />
      </span>
    </Figure>
  );
}

function Figure({ label, note, children }: { label: string; note: string | undefined; children: ComponentChildren }) {
  return (
    <div class="figure">
      <span class="figure-label">{label}</span>
      <span class="figure-value">{children}</span>
      <span class="figure-note" title={note}>
        {note}
      </span>
    </div>
  );
}
