import type { HistogramData } from "@hivewatch/core";
import type { Histogram, Meter, Observable } from "@opentelemetry/api";
import { INSTRUMENTS, type InstrumentName } from "./instruments.ts";
import type { Point } from "./points.ts";
import { histogramSince, spreadHistogram } from "./spread-histogram.ts";

/** Figures as an OpenTelemetry meter's instruments. */
export interface ObservedPoints {
  /** The latest figures, which are what is exported from now on. */
  take(points: readonly Point[]): void;
}

/** Makes all instruments. */
export function observePoints(meter: Meter): ObservedPoints {
  const histograms = new Map<InstrumentName, Histogram>();
  const recorded = new Map<string, HistogramData>();
  let latest: readonly Point[] = [];

  for (const name of instrumentNames()) {
    createObservable(meter, name)?.addCallback((result) => {
      for (const { instrument, value, attributes } of latest) {
        if (instrument === name && typeof value === "number") result.observe(value, attributes);
      }
    });
  }

  /** The API has no histogram that can be observed, so what has come since is recorded anew. */
  function record({ instrument, attributes }: Point, value: HistogramData): void {
    const key = JSON.stringify([instrument, attributes]);
    const histogram = histograms.get(instrument) ?? createHistogram(meter, instrument, value.bounds);
    histograms.set(instrument, histogram);
    for (const { value: each, count } of spreadHistogram(histogramSince(value, recorded.get(key)))) {
      for (let i = 0; i < count; i++) histogram.record(each, attributes);
    }
    recorded.set(key, value);
  }

  return {
    take(points) {
      latest = points;
      for (const each of points) if (typeof each.value !== "number") record(each, each.value);
    },
  };
}

function instrumentNames(): InstrumentName[] {
  return Object.keys(INSTRUMENTS).filter((name): name is InstrumentName => name in INSTRUMENTS);
}

function createObservable(meter: Meter, name: InstrumentName): Observable | undefined {
  const { kind, unit, description } = INSTRUMENTS[name];
  const options = { unit, description };
  if (kind === "counter") return meter.createObservableCounter(name, options);
  if (kind === "upDownCounter") return meter.createObservableUpDownCounter(name, options);
  return kind === "gauge" ? meter.createObservableGauge(name, options) : undefined;
}

function createHistogram(meter: Meter, name: InstrumentName, bounds: readonly number[]): Histogram {
  const { unit, description } = INSTRUMENTS[name];
  return meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries: [...bounds] } });
}
