import { type Digest, FIGURE_SOURCE, type Overview, type Rounds } from "../data/run-data.ts";
import {
  formatAccuracy,
  formatBytes,
  formatCount,
  formatNumber,
  formatPercent,
  formatSeconds,
  isPercent,
} from "../format.ts";
import { DEFAULT_CHARTS } from "../page-state.ts";
import { fieldLabel, fieldText } from "../ui/field-names.ts";
import { sourceText } from "../ui/round-figures.ts";
import type { ChartBand, ChartLine, ChartSpec, NumberFormat } from "./chart-spec.ts";
import { digestSeries, figureSeries, isEmpty, type Series } from "./series.ts";

/** A chart that can be chosen. */
export interface ChartChoice {
  readonly id: string;
  readonly title: string;
  readonly group: "The run" | "Figures of rounds" | "Clients";
}

const TITLES: Readonly<Record<string, string>> = {
  accuracy: "Accuracy",
  loss: "Loss",
  duration: "Round time",
  bytes: "Bytes",
  participation: "Participation",
  divergence: "Divergence",
};

/** What the charts above show already. */
const COVERED: ReadonlySet<string> = new Set([
  "round",
  "global_accuracy",
  "global_loss",
  "clients_accuracy",
  "clients_loss",
  "round_duration_sec",
  "total_bytes_up",
  "total_bytes_down",
  "num_selected",
  "num_completed",
  "num_failures",
  "gradient_norm_dispersion",
]);

const FIGURES: Readonly<Record<string, { label: string; format: NumberFormat }>> = {
  participation: { label: "Share that took part", format: formatPercent },
  num_stragglers: { label: "Stragglers", format: formatCount },
  aggregation_time_sec: { label: "Aggregation time", format: formatSeconds },
};

const DASHES = { second: [6, 3], third: [1.5, 2.5] } as const;

/** All charts that a run has something for, and the usual ones. */
export function chartChoices({ rounds, metrics }: Overview): ChartChoice[] {
  const own = [...rounds.figures.keys()].filter((name) => !COVERED.has(name));
  return [
    ...DEFAULT_CHARTS.map((id): ChartChoice => ({ id, title: TITLES[id] ?? id, group: "The run" })),
    ...own.map((name): ChartChoice => ({ id: `round.${name}`, title: figureName(name), group: "Figures of rounds" })),
    ...metrics.map((name): ChartChoice => ({ id: `client.${name}`, title: fieldLabel(name), group: "Clients" })),
  ];
}

/** The clients' field whose digest a chart needs. */
export function chartField(id: string): string | undefined {
  if (id === "accuracy" || id === "loss") return `local_${id}`;
  return id.startsWith("client.") ? id.slice("client.".length) : undefined;
}

/** What a chart shows of a run. */
export function chartOf(id: string, overview: Overview, digest: Digest | undefined): ChartSpec {
  const { rounds } = overview;
  const line = (figure: string, label: string, color: string, dash?: readonly number[]): ChartLine => ({
    label,
    color,
    series: figureSeries(rounds, rounds.figures.get(figure)),
    ...(dash && { dash }),
  });
  const title = TITLES[id] ?? id;
  const one = (figure: string, format: NumberFormat): ChartSpec => ({
    id,
    title,
    format,
    fromZero: true,
    lines: [line(figure, title, "--chart-1")],
  });
  switch (id) {
    case "accuracy":
    case "loss":
      return qualityChart(id, overview, digest);
    case "duration":
      return one("round_duration_sec", formatSeconds);
    case "divergence":
      return one("gradient_norm_dispersion", formatNumber);
    case "bytes":
      return {
        id,
        title,
        format: formatBytes,
        fromZero: true,
        lines: [line("total_bytes_up", "up", "--up"), line("total_bytes_down", "down", "--down", DASHES.second)],
      };
    case "participation":
      return {
        id,
        title,
        format: formatCount,
        fromZero: true,
        whole: true,
        lines: [
          line("num_completed", "completed", "--status-active"),
          line("num_selected", "selected", "--text-faint", DASHES.second),
          line("num_failures", "failed", "--status-failed", DASHES.third),
        ],
      };
  }
  const field = chartField(id);
  if (field !== undefined) return clientChart(id, field, rounds, digest);
  const name = id.replace(/^round\./, "");
  const label = figureName(name);
  return {
    id,
    title: label,
    format: known(FIGURES, name)?.format ?? formatNumber,
    lines: [line(name, label, "--chart-1")],
  };
}

function qualityChart(id: "accuracy" | "loss", { rounds }: Overview, digest: Digest | undefined): ChartSpec {
  const sources = rounds.notes.get("global_source");
  const reported = rounds.figures.get(`global_${id}`);
  const global: ChartLine = {
    label: "whole model",
    color: "--chart-1",
    series: figureSeries(rounds, reported),
    sourceAt(round) {
      const source = sourceText(sources?.[round]);
      if (source !== undefined) return source;
      return reported?.source[round] === FIGURE_SOURCE.reported ? "reported by the server" : undefined;
    },
  };
  const mean: ChartLine = {
    label: isEmpty(global.series) ? "clients’ mean" : "mean",
    title: "the clients’ own results, weighted by their samples",
    color: "--chart-2",
    dash: DASHES.second,
    series: figureSeries(rounds, rounds.figures.get(`clients_${id}`)),
  };
  const field = `local_${id}`;
  return {
    id,
    title: TITLES[id] ?? id,
    format: id === "accuracy" ? accuracyFormat([global.series, mean.series]) : formatNumber,
    field,
    lines: [
      ...(isEmpty(global.series) ? [] : [global]),
      mean,
      medianLine("--chart-median", rounds, digest),
      worstLine(field, rounds, digest),
    ],
    band: bandOf(rounds, digest),
  };
}

/** Where one accuracy is above 1 all are in per cent, also those below. */
function accuracyFormat(all: readonly Series[]): NumberFormat {
  const isInPercent = all.some(({ values, has }) => values.some((value, i) => has[i] === 1 && isPercent(value)));
  return isInPercent ? (value) => formatPercent(typeof value === "number" ? value / 100 : value) : formatAccuracy;
}

function clientChart(id: string, field: string, rounds: Rounds, digest: Digest | undefined): ChartSpec {
  return {
    id,
    title: fieldLabel(field),
    format: fieldFormat(field),
    field,
    lines: [medianLine("--chart-2", rounds, digest), worstLine(field, rounds, digest)],
    band: bandOf(rounds, digest),
  };
}

function medianLine(color: string, rounds: Rounds, digest: Digest | undefined): ChartLine {
  return { label: "median", title: "of the clients", color, series: digestSeries(rounds, digest, 0.5) };
}

function worstLine(field: string, rounds: Rounds, digest: Digest | undefined): ChartLine {
  const least = isLowWorse(field);
  return {
    label: least ? "lowest" : "highest",
    title: least ? "the client with the least" : "the client with the most",
    color: "--chart-3",
    dash: DASHES.third,
    series: digestSeries(rounds, digest, least ? 0 : 1),
  };
}

function bandOf(rounds: Rounds, digest: Digest | undefined): ChartBand {
  return {
    label: "middle 80%",
    title: "of the clients: between their 10th and 90th percentile",
    color: "--chart-band",
    low: digestSeries(rounds, digest, 0.1),
    high: digestSeries(rounds, digest, 0.9),
  };
}

/** Whether little of a field is what somebody should look at; of most (loss, times, norms) it is much. */
export function isLowWorse(field: string): boolean {
  return /acc|auc|f1|precision|recall|dice|iou|score|samples|throughput/i.test(field);
}

/** Numbers of a client's field, for people. */
export function fieldFormat(field: string): NumberFormat {
  return (value) => fieldText(field, value);
}

function figureName(name: string): string {
  return known(FIGURES, name)?.label ?? name;
}

function known<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
