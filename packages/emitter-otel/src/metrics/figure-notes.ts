import type { EvaluationEvent, RoundSummary } from "@hivewatch/core";
import {
  ATTRIBUTES,
  COUNTERS,
  DIRECTIONS,
  type Instrument,
  MODEL_GAUGES,
  ROUND_GAUGES,
  ROUND_NUMBER,
  ROUND_OTHER,
} from "./instruments.ts";
import { boundedName, createNameLimit } from "./limits.ts";
import type { Labels, MetricSink } from "./sink.ts";

/** Tells of figures that are one for a round, and not one for each client. */
export interface FigureNotes {
  round(summary: RoundSummary): void;
  evaluation(event: EvaluationEvent): void;
  /** A value that is NaN or infinite. @param field - of which it is */
  nonFinite(field: string): void;
}

/** Those that have no part in the limit of made-up names. */
const KNOWN_SOURCES: ReadonlySet<string> = new Set(["server", "clients", "central", "federated"]);
const TOLD_OTHERWISE: ReadonlySet<string> = new Set(["round", "total_bytes_up", "total_bytes_down"]);
/** How deep a figure may be nested. */
const MAX_DEPTH = 4;

export function createFigureNotes(sink: MetricSink, say: (message: string) => void): FigureNotes {
  const limit = createNameLimit("figures of rounds and evaluations", say);

  function nonFinite(field: string): void {
    sink.count(COUNTERS.nonFinite, 1, { [ATTRIBUTES.field]: boundedName(field) });
  }

  function set(instrument: Instrument, field: string, value: number, labels?: Labels): void {
    if (!Number.isFinite(value)) nonFinite(field);
    sink.set(instrument, value, labels);
  }

  /** A figure that has no metric of its own. */
  function setOther(instrument: Instrument, field: string, value: number, labels: Labels = {}): void {
    if (!limit.admits(JSON.stringify([field, labels]))) return;
    set(instrument, field, value, { ...labels, [ATTRIBUTES.field]: boundedName(field) });
  }

  function model(source: string, measured: Readonly<Record<string, unknown>>): void {
    const labels = { [ATTRIBUTES.source]: boundedName(source) };
    for (const [field, value] of numbersIn(measured)) {
      if (field !== "accuracy" && field !== "loss") setOther(MODEL_GAUGES.other, field, value, labels);
      else if (KNOWN_SOURCES.has(source) || limit.admits(JSON.stringify([field, labels]))) {
        set(MODEL_GAUGES[field], `model.${field}`, value, labels);
      }
    }
  }

  function traffic(direction: string, bytes: unknown): void {
    if (typeof bytes !== "number" || !Number.isFinite(bytes) || bytes < 0) return;
    sink.count(COUNTERS.traffic, bytes, { [ATTRIBUTES.direction]: direction });
  }

  return {
    nonFinite,
    evaluation: ({ source, metrics }) => model(source, metrics),
    round(summary) {
      const { global_accuracy, global_loss, clients_accuracy, clients_loss, global_source, ...rest } = summary;
      sink.count(COUNTERS.rounds, 1);
      sink.set(ROUND_NUMBER, summary.round);
      const source = typeof global_source === "string" ? global_source : "server";
      model(source, { accuracy: global_accuracy, loss: global_loss });
      model("clients", { accuracy: clients_accuracy, loss: clients_loss });
      traffic(DIRECTIONS.up, summary.total_bytes_up);
      traffic(DIRECTIONS.down, summary.total_bytes_down);
      for (const [field, value] of numbersIn(rest)) {
        const known = Object.hasOwn(ROUND_GAUGES, field) ? ROUND_GAUGES[field] : undefined;
        if (known !== undefined) set(known, field, value);
        else if (!TOLD_OTHERWISE.has(field)) setOther(ROUND_OTHER, field, value);
      }
    },
  };
}

/** The numbers in an object; the names of what is nested are joined by dots. */
function* numbersIn(fields: object, above = "", depth = 1): Generator<[name: string, value: number]> {
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value === "number") yield [above + field, value];
    else if (typeof value === "object" && value !== null && !Array.isArray(value) && depth < MAX_DEPTH) {
      yield* numbersIn(value, `${above}${field}.`, depth + 1);
    }
  }
}
