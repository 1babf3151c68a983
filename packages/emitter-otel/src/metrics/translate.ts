import { type HiveEvent, isKnownEvent, type KnownEvent, microsFromIso, type RoundSummary } from "@hivewatch/core";
import type { ClientColumns } from "./client-columns.ts";
import {
  ATTRIBUTES,
  CLIENT_INSTRUMENTS,
  CLIENT_OTHER,
  type ClientInstrument,
  COUNTERS,
  DIRECTIONS,
  type Instrument,
  MODEL_GAUGES,
  ROUND_GAUGES,
  ROUND_NUMBER,
  ROUND_OTHER,
} from "./instruments.ts";
import { boundedName, createNameLimit, createSingledClients } from "./limits.ts";
import { createOpenRounds } from "./open-rounds.ts";
import { createRunClock } from "./run-clock.ts";
import type { Labels, MetricSink } from "./sink.ts";

export interface MetricTranslatorOptions {
  /** How many clients have series of their own. */
  readonly perClient: number;
  /** How long nothing is told of at most while events come, in microseconds of their time. */
  readonly intervalMicros: number;
  /** Tells the user of what is left out, once. */
  say(message: string): void;
}

/** Turns the events of a run, in the log's order, into values of metrics. The same events always give the same. */
export interface MetricTranslator {
  take(event: HiveEvent): void;
}

/** What is no measurement, or told elsewhere. */
const NOT_VALUES: ReadonlySet<string> = new Set(["round", "base_round", "lat", "lng"]);
const NOT_ROUND_VALUES: ReadonlySet<string> = new Set(["round", "total_bytes_up", "total_bytes_down"]);

export function createMetricTranslator(sink: MetricSink, options: MetricTranslatorOptions): MetricTranslator {
  const { say, perClient, intervalMicros } = options;
  const clientFields = createNameLimit("fields of clients", say);
  const figures = createNameLimit("figures of rounds and evaluations", say);
  const singled = createSingledClients(perClient, say);
  const rounds = createOpenRounds({
    admits: (field) => !NOT_VALUES.has(field) && (clientInstrument(field) !== undefined || clientFields.admits(field)),
    onNonFinite: countNonFinite,
  });
  const clock = createRunClock();
  let lastCollect: number | undefined;

  function countNonFinite(field: string): void {
    sink.count(COUNTERS.nonFinite, 1, { [ATTRIBUTES.field]: boundedName(field) });
  }

  function set(instrument: Instrument, value: unknown, field: string, labels?: Labels): void {
    if (typeof value !== "number") return;
    if (!Number.isFinite(value)) countNonFinite(field);
    sink.set(instrument, value, labels);
  }

  /** A figure that has no metric of its own. */
  function setOther(instrument: Instrument, field: string, value: unknown, labels: Labels = {}): void {
    if (typeof value !== "number" || !figures.admits(JSON.stringify([field, labels]))) return;
    set(instrument, value, field, { ...labels, [ATTRIBUTES.field]: boundedName(field) });
  }

  function noteRound(summary: RoundSummary): void {
    const { global_accuracy, global_loss, clients_accuracy, clients_loss, global_source, algorithm_metadata, ...rest } =
      summary;
    sink.count(COUNTERS.rounds, 1);
    sink.set(ROUND_NUMBER, summary.round);
    const source = typeof global_source === "string" ? global_source : "server";
    noteModel(source, { accuracy: global_accuracy, loss: global_loss });
    noteModel("clients", { accuracy: clients_accuracy, loss: clients_loss });
    countTraffic(DIRECTIONS.up, summary.total_bytes_up);
    countTraffic(DIRECTIONS.down, summary.total_bytes_down);
    for (const [field, value] of Object.entries(rest)) {
      const known = Object.hasOwn(ROUND_GAUGES, field) ? ROUND_GAUGES[field] : undefined;
      if (known !== undefined) set(known, value, field);
      else if (!NOT_ROUND_VALUES.has(field)) setOther(ROUND_OTHER, field, value);
    }
    for (const [field, value] of Object.entries(algorithm_metadata ?? {})) {
      setOther(ROUND_OTHER, `algorithm_metadata.${field}`, value);
    }
  }

  function countTraffic(direction: string, bytes: unknown): void {
    if (typeof bytes !== "number" || !Number.isFinite(bytes) || bytes < 0) return;
    sink.count(COUNTERS.traffic, bytes, { [ATTRIBUTES.direction]: direction });
  }

  function noteModel(source: string, measured: Readonly<Record<string, unknown>>): void {
    const labels = { [ATTRIBUTES.source]: boundedName(source) };
    for (const [field, value] of Object.entries(measured)) {
      if (typeof value !== "number") continue;
      if (field !== "accuracy" && field !== "loss") setOther(MODEL_GAUGES.other, field, value, labels);
      else if (figures.admits(JSON.stringify([field, labels])))
        set(MODEL_GAUGES[field], value, `model.${field}`, labels);
    }
  }

  function noteClients(clients: ClientColumns): void {
    const rows = singled.rowsOf(clients.ids);
    for (const field of clients.fields) {
      const known = clientInstrument(field);
      const { histogram, gauge, factor } = known ?? CLIENT_OTHER;
      const labels = known === undefined ? { [ATTRIBUTES.field]: boundedName(field) } : undefined;
      const reported = clients.numbers(field);
      const values = factor === 1 ? reported : reported.map((value) => value * factor);
      sink.record(histogram, values, labels);
      for (const row of rows) {
        const value = values[row] ?? Number.NaN;
        // There is no telling NaN from a value that is missing; it was counted when it came.
        if (Number.isFinite(value))
          sink.set(gauge, value, { ...labels, [ATTRIBUTES.clientId]: clients.ids[row] ?? "" });
      }
    }
  }

  function count(event: KnownEvent): void {
    if (event.event_type === "client_update") sink.count(COUNTERS.updates, event.clients.length);
    else if (event.event_type === "client_dropout") sink.count(COUNTERS.dropouts, event.clients.length);
    else if (event.event_type === "comm_failure") sink.count(COUNTERS.failures, 1);
    else if (event.event_type === "client_recovered") sink.count(COUNTERS.recoveries, 1);
    else if (event.event_type === "checkpoint") sink.count(COUNTERS.checkpoints, 1);
    else if (event.event_type === "evaluation") noteModel(event.source, event.metrics);
  }

  function begin(event: HiveEvent): void {
    clock.note(event.timestamp);
    lastCollect = clock.now();
    const started = microsFromIso(typeof event.started_at === "string" ? event.started_at : "");
    sink.begin(Math.min(Number.isNaN(started) ? lastCollect : started, lastCollect));
  }

  /** What came before is told of as of its own time, and not of that of an event that may come hours later. */
  function tick(timestamp: string, since: number): void {
    const before = clock.note(timestamp);
    if (before !== undefined && before > since && clock.now() - since > intervalMicros) collect(before);
  }

  function collect(micros: number): void {
    sink.collect(micros);
    lastCollect = micros;
  }

  return {
    take(event) {
      if (lastCollect === undefined) begin(event);
      else tick(event.timestamp, lastCollect);
      if (isKnownEvent(event)) count(event);
      const { summary, clients } = rounds.take(event);
      for (const each of clients) noteClients(each);
      if (summary !== undefined) noteRound(summary);
      const isEnd = event.event_type === "finished";
      if (isEnd) for (const each of rounds.flush()) noteClients(each);
      if (isEnd || summary !== undefined) collect(clock.now());
    },
  };
}

function clientInstrument(field: string): ClientInstrument | undefined {
  return Object.hasOwn(CLIENT_INSTRUMENTS, field) ? CLIENT_INSTRUMENTS[field] : undefined;
}
