import type { MetricFamily } from "@hivewatch/map-server";

/** What is measured of the bridge. `attributes`: what tells an instrument's values apart, none of it a client's words. */
export interface Instrument extends Pick<MetricFamily, "kind" | "unit" | "description"> {
  readonly attributes: readonly string[];
}

export type InstrumentName =
  | "hivewatch.bridge.ingest.events"
  | "hivewatch.bridge.ingest.io"
  | "hivewatch.bridge.ingest.batches"
  | "hivewatch.bridge.ingest.ack.duration"
  | "hivewatch.bridge.ingest.streams"
  | "hivewatch.bridge.ingest.unanswered"
  | "hivewatch.bridge.logs.open"
  | "hivewatch.bridge.logs.failed"
  | "hivewatch.bridge.reader.lag.events"
  | "hivewatch.bridge.reader.lag.duration"
  | "hivewatch.bridge.reader.lag.runs"
  | "hivewatch.bridge.emitter.events"
  | "hivewatch.bridge.emitter.retries"
  | "hivewatch.bridge.page.subscribers"
  | "hivewatch.bridge.memory.rss"
  | "hivewatch.bridge.thread.heap"
  | "hivewatch.bridge.thread.event_loop.delay"
  | "hivewatch.bridge.thread.event_loop.active"
  | "hivewatch.bridge.thread.restarts"
  | "hivewatch.bridge.thread.report.age";

/** What the health of `hivewatch up` is told in, in OpenTelemetry's names and units (UCUM). docs/operations.md is made of it. */
export const INSTRUMENTS: Readonly<Record<InstrumentName, Instrument>> = {
  "hivewatch.bridge.ingest.events": {
    kind: "counter",
    unit: "{event}",
    attributes: [],
    description: "Events that were stored",
  },
  "hivewatch.bridge.ingest.io": {
    kind: "counter",
    unit: "By",
    attributes: [],
    description: "Bytes of the batches that were stored, as they came",
  },
  "hivewatch.bridge.ingest.batches": {
    kind: "counter",
    unit: "{batch}",
    attributes: ["hivewatch.batch.outcome"],
    description: "Batches that were answered: stored, duplicate (dropped, was stored before), or why they were refused",
  },
  "hivewatch.bridge.ingest.ack.duration": {
    kind: "histogram",
    unit: "s",
    attributes: [],
    description: "From when a batch was received until its answer was ready",
  },
  "hivewatch.bridge.ingest.streams": {
    kind: "upDownCounter",
    unit: "{stream}",
    attributes: [],
    description: "Streams of programs that are open",
  },
  "hivewatch.bridge.ingest.unanswered": {
    kind: "upDownCounter",
    unit: "{batch}",
    attributes: [],
    description: "Batches that were received and wait for the disk",
  },
  "hivewatch.bridge.logs.open": {
    kind: "upDownCounter",
    unit: "{log}",
    attributes: [],
    description: "Logs of runs that are being written",
  },
  "hivewatch.bridge.logs.failed": {
    kind: "upDownCounter",
    unit: "{log}",
    attributes: [],
    description: "Of these: logs that take nothing more, because their disk failed or another process has taken them",
  },
  "hivewatch.bridge.reader.lag.events": {
    kind: "gauge",
    unit: "{event}",
    attributes: ["hivewatch.reader.name"],
    description: "Events in the logs that a reader (the files, or an emitter) is not done with, as far as is known",
  },
  "hivewatch.bridge.reader.lag.duration": {
    kind: "gauge",
    unit: "s",
    attributes: ["hivewatch.reader.name"],
    description: "How long, at least, the oldest of these has waited",
  },
  "hivewatch.bridge.reader.lag.runs": {
    kind: "gauge",
    unit: "{run}",
    attributes: ["hivewatch.reader.name"],
    description: "Runs that a reader has not read to their end",
  },
  "hivewatch.bridge.emitter.events": {
    kind: "counter",
    unit: "{event}",
    attributes: ["hivewatch.reader.name", "hivewatch.delivery.outcome"],
    description: "Events that an emitter is done with: delivered, or refused (its destination will never take them)",
  },
  "hivewatch.bridge.emitter.retries": {
    kind: "counter",
    unit: "{retry}",
    attributes: ["hivewatch.reader.name"],
    description: "Times that an emitter could not deliver, and will try again",
  },
  "hivewatch.bridge.page.subscribers": {
    kind: "upDownCounter",
    unit: "{subscriber}",
    attributes: [],
    description: "Browsers and programs that follow the live stream",
  },
  "hivewatch.bridge.memory.rss": {
    kind: "upDownCounter",
    unit: "By",
    attributes: [],
    description: "Memory that the process has of the machine",
  },
  "hivewatch.bridge.thread.heap": {
    kind: "upDownCounter",
    unit: "By",
    attributes: ["hivewatch.thread.name"],
    description: "JavaScript heap that is in use",
  },
  "hivewatch.bridge.thread.event_loop.delay": {
    kind: "histogram",
    unit: "s",
    attributes: ["hivewatch.thread.name"],
    description: "How late a timer was that is due ten times a second",
  },
  "hivewatch.bridge.thread.event_loop.active": {
    kind: "counter",
    unit: "s",
    attributes: ["hivewatch.thread.name"],
    description: "Time in which the event loop was not waiting",
  },
  "hivewatch.bridge.thread.restarts": {
    kind: "counter",
    unit: "{restart}",
    attributes: ["hivewatch.thread.name"],
    description: "Times that a thread was started again, having failed",
  },
  "hivewatch.bridge.thread.report.age": {
    kind: "gauge",
    unit: "s",
    attributes: ["hivewatch.thread.name"],
    description: "How old a thread's figures are: more than a few seconds if it hangs",
  },
};
