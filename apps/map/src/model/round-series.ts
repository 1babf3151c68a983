import type { RoundState, RoundSummary } from "@hivewatch/core";
import { quantile } from "../data/quantile.ts";
import { summaryOf } from "./figures.ts";
import { isOpen } from "./round-view.ts";
import { perRound, type RunModel } from "./run-model.ts";

/** A figure over the rounds: null where it is missing or not finite, since neither has a place on a scale. */
export type Series = (number | null)[];

/**
 * The figures of all rounds, ascending, one entry a round. A round that goes on has only what the server reported: half of
 * its results would look like a collapse.
 */
export interface RoundSeries {
  readonly rounds: readonly number[];
  readonly accuracy: QualitySeries;
  readonly loss: QualitySeries;
  readonly duration: Series;
  readonly bytesUp: Series;
  readonly bytesDown: Series;
  readonly selected: Series;
  readonly completed: Series;
  readonly failures: Series;
}

/** How good the model is. */
export interface QualitySeries {
  readonly global: Series;
  readonly clients: Series;
  /** The clients' 10th and 90th percentile. */
  readonly low: Series;
  readonly high: Series;
  /** Rounds whose global figure was reported as NaN or infinite. */
  readonly nonFinite: readonly number[];
}

interface Band {
  readonly low: number | undefined;
  readonly high: number | undefined;
}

const NO_BAND: Band = { low: undefined, high: undefined };

const accuracyBand = perRound((round) => bandOf(round, "local_accuracy"));
const lossBand = perRound((round) => bandOf(round, "local_loss"));

/** Collects the figures of all rounds of a run. */
export function roundSeries(model: RunModel): RoundSeries {
  const rounds = model.rounds.map((number) => model.state.rounds.get(number)).filter((round) => round !== undefined);
  const summaries = rounds.map((round) => (isOpen(model, round) ? reportedSoFar(round) : summaryOf(model, round)));
  const quality = (name: "accuracy" | "loss"): QualitySeries => {
    const bandIn = name === "accuracy" ? accuracyBand : lossBand;
    const bands = rounds.map((round) => (isOpen(model, round) ? NO_BAND : bandIn(model, round)));
    const global = summaries.map((summary) => summary[`global_${name}`]);
    return {
      global: global.map(plotted),
      clients: summaries.map((summary) => plotted(summary[`clients_${name}`])),
      low: bands.map(({ low }) => plotted(low)),
      high: bands.map(({ high }) => plotted(high)),
      nonFinite: model.rounds.filter((_, i) => typeof global[i] === "number" && !Number.isFinite(global[i])),
    };
  };
  return {
    rounds: model.rounds,
    accuracy: quality("accuracy"),
    loss: quality("loss"),
    duration: summaries.map((summary) => plotted(summary.round_duration_sec)),
    bytesUp: summaries.map((summary) => plotted(summary.total_bytes_up)),
    bytesDown: summaries.map((summary) => plotted(summary.total_bytes_down)),
    selected: summaries.map((summary) => plotted(summary.num_selected)),
    completed: summaries.map((summary) => plotted(summary.num_completed)),
    failures: summaries.map((summary) => plotted(summary.num_failures)),
  };
}

function reportedSoFar({ metrics, selected }: RoundState): Partial<RoundSummary> {
  return { ...metrics, num_selected: metrics.num_selected ?? selected?.length };
}

function plotted(value: number | null | undefined): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Below this many clients percentiles say no more than the values themselves. */
const MIN_FOR_BAND = 5;

function bandOf(round: RoundState, field: "local_accuracy" | "local_loss"): Band {
  const values: number[] = [];
  for (const client of round.clients.values()) {
    const value = client[field];
    if (typeof value === "number" && Number.isFinite(value)) values.push(value);
  }
  if (values.length < MIN_FOR_BAND) return NO_BAND;
  const sorted = Float64Array.from(values).sort();
  return { low: quantile(sorted, 0.1), high: quantile(sorted, 0.9) };
}
