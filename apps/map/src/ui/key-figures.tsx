import type { RoundState, RoundSummary } from "@hivewatch/core";
import type { ComponentChildren } from "preact";
import {
  formatBytes,
  formatClock,
  formatCount,
  formatNumber,
  formatPercent,
  formatSeconds,
  MISSING,
  withoutZeros,
} from "../format.ts";
import { bytesThrough, type GlobalFigure, globalFigure, plannedRounds, summaryOf } from "../model/figures.ts";
import { isOpen } from "../model/round-view.ts";
import type { RunModel } from "../model/run-model.ts";
import { useSession } from "../session.ts";
import { MetricValue } from "./metric-value.tsx";

/** The figures of the shown round. */
export function KeyFigures() {
  const { snapshot, player } = useSession();
  const { model } = snapshot.value;
  const number = player.round.value;
  const round = number === undefined ? undefined : model.state.rounds.get(number);
  const summary = round === undefined ? undefined : summaryOf(model, round);
  const moved = bytesThrough(model, number);
  const planned = plannedRounds(model.state.config);
  return (
    <section class="key-figures" aria-label="Key figures of the shown round">
      <Figure label="Round" note={roundNote(model, round)}>
        <span data-testid="round-number" data-value={number}>
          {number ?? MISSING}
        </span>
        {planned !== undefined && <small> / {formatCount(planned)}</small>}
      </Figure>
      <Figure
        label="Clients"
        note={summary === undefined ? "none yet" : `${withoutZeros(formatPercent(summary.participation))} completed`}
      >
        <span data-testid="num-completed" data-value={summary?.num_completed}>
          {formatCount(summary?.num_completed)}
        </span>
        <small>
          {" / "}
          <span data-testid="num-selected" data-value={summary?.num_selected}>
            {formatCount(summary?.num_selected)}
          </span>
        </small>
      </Figure>
      <GlobalValue name="accuracy" figure={globalFigure(model, number, "accuracy")} shown={number} />
      <GlobalValue name="loss" figure={globalFigure(model, number, "loss")} shown={number} />
      <Figure label="Bytes moved" note={moved === undefined ? "not reported" : `${formatBytes(moved)} so far`}>
        <span class="traffic">
          <span class="up" title="clients to server">
            ↑ {formatBytes(summary?.total_bytes_up)}
          </span>{" "}
          <span class="down" title="server to clients">
            ↓ {formatBytes(summary?.total_bytes_down)}
          </span>
        </span>
      </Figure>
      <Figure label="Round time" note={aggregationNote(summary)}>
        {formatSeconds(summary?.round_duration_sec)}
      </Figure>
    </section>
  );
}

function aggregationNote(summary: RoundSummary | undefined): string | undefined {
  const seconds = summary?.aggregation_time_sec;
  return typeof seconds === "number" ? `aggregated in ${formatSeconds(seconds)}` : undefined;
}

function roundNote(model: RunModel, round: RoundState | undefined): string {
  if (round === undefined) return "none yet";
  if (isOpen(model, round)) return "in progress";
  return round.endedAt === undefined ? "never ended" : `ended ${formatClock(round.endedAt)}`;
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
        <MetricValue value={figure?.value} format={name === "accuracy" ? formatPercent : formatNumber} />
      </span>
    </Figure>
  );
}

function Figure({ label, note, children }: { label: string; note: string | undefined; children: ComponentChildren }) {
  return (
    <div class="figure">
      <span class="figure-label">{label}</span>
      <span class="figure-value">{children}</span>
      <span class="figure-note">{note}</span>
    </div>
  );
}
