import type { Attributes, Counter, Gauge, Histogram, Meter } from "@opentelemetry/api";
import { ATTRIBUTES, type Instrument } from "./instruments.ts";
import type { Labels, MetricSink } from "./sink.ts";

/**
 * The metrics of a program that has an SDK of its own, which decides what becomes of them and when.
 *
 * @param isSilent - whether values are not to be told, since they were before a restart
 */
export function createApiSink(meter: Meter, runId: string, isSilent: () => boolean): MetricSink {
  const counters = new Map<Instrument, Counter>();
  const gauges = new Map<Instrument, Gauge>();
  const histograms = new Map<Instrument, Histogram>();

  function attributesOf(labels: Labels = {}): Attributes {
    return { [ATTRIBUTES.runId]: runId, ...labels };
  }

  return {
    begin() {},
    count(instrument, amount, labels) {
      if (isSilent()) return;
      known(counters, instrument, ({ name, ...rest }) => meter.createCounter(name, rest)).add(
        amount,
        attributesOf(labels),
      );
    },
    set(instrument, value, labels) {
      if (isSilent() || !Number.isFinite(value)) return;
      known(gauges, instrument, ({ name, ...rest }) => meter.createGauge(name, rest)).record(
        value,
        attributesOf(labels),
      );
    },
    record(instrument, values, labels) {
      if (isSilent()) return;
      const histogram = known(histograms, instrument, ({ name, ...rest }) => meter.createHistogram(name, rest));
      const attributes = attributesOf(labels);
      for (const value of values) if (Number.isFinite(value)) histogram.record(value, attributes);
    },
    collect() {},
  };
}

function known<T>(made: Map<Instrument, T>, instrument: Instrument, make: (instrument: Instrument) => T): T {
  const found = made.get(instrument) ?? make(instrument);
  made.set(instrument, found);
  return found;
}
