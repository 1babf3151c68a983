import { type HiveEvent, isKnownEvent, type KnownEvent, microsFromIso } from "@hivewatch/core";
import type { ClientColumns } from "./client-columns.ts";
import { createFigureNotes } from "./figure-notes.ts";
import { ATTRIBUTES, CLIENT_INSTRUMENTS, CLIENT_OTHER, type ClientInstrument, COUNTERS } from "./instruments.ts";
import { boundedName, createNameLimit, createSingledClients } from "./limits.ts";
import { createOpenRounds } from "./open-rounds.ts";
import { createRunClock } from "./run-clock.ts";
import type { MetricSink } from "./sink.ts";

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

export function createMetricTranslator(sink: MetricSink, options: MetricTranslatorOptions): MetricTranslator {
  const { say, perClient, intervalMicros } = options;
  const figures = createFigureNotes(sink, say);
  const clientFields = createNameLimit("fields of clients", say);
  const singled = createSingledClients(perClient, say);
  const rounds = createOpenRounds({
    admits: (field) => !NOT_VALUES.has(field) && (clientInstrument(field) !== undefined || clientFields.admits(field)),
    onNonFinite: figures.nonFinite,
  });
  const clock = createRunClock();
  let lastCollect: number | undefined;

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
    else if (event.event_type === "evaluation") figures.evaluation(event);
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
      if (summary !== undefined) figures.round(summary);
      const isEnd = event.event_type === "finished";
      if (isEnd) for (const each of rounds.flush()) noteClients(each);
      if (isEnd || summary !== undefined) collect(clock.now());
    },
  };
}

function clientInstrument(field: string): ClientInstrument | undefined {
  return Object.hasOwn(CLIENT_INSTRUMENTS, field) ? CLIENT_INSTRUMENTS[field] : undefined;
}
