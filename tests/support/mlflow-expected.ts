import { type Fields, fields, list } from "@hivewatch/test-support";
import { expect } from "vitest";
import type { StoredPoint, StoredRun } from "./mlflow.ts";

const MB = 1e6;
/** The fields of a client as MLflow has them: the name behind its id, and by what the value is divided. */
const CLIENT: Readonly<Record<string, readonly [name: string, divisor: number]>> = {
  local_accuracy: ["accuracy", 1],
  local_loss: ["loss", 1],
  num_samples: ["num_samples", 1],
  gradient_norm: ["gradient_norm", 1],
  train_time_sec: ["train_time_sec", 1],
  network_latency_ms: ["network_latency_ms", 1],
  bytes_sent: ["bytes_sent_mb", MB],
  bytes_received: ["bytes_received_mb", MB],
};
const ROUND: Readonly<Record<string, readonly [name: string, divisor: number]>> = {
  global_accuracy: ["round/accuracy", 1],
  global_loss: ["round/loss", 1],
  num_selected: ["round/num_selected", 1],
  num_completed: ["round/num_completed", 1],
  round_duration_sec: ["round/duration_sec", 1],
  total_bytes_up: ["comm/total_bytes_up_mb", MB],
  gradient_norm_dispersion: ["agg/gradient_norm_dispersion", 1],
};

/** Checks, against the lines of a run, that MLflow has each value of the fields above with its round and time, once. */
export function expectMetrics(run: StoredRun, lines: readonly Fields[]): void {
  const expected = new Map<string, StoredPoint[]>();
  const add = (key: string, value: unknown, divisor: number, line: Fields): void => {
    if (value === undefined || value === null) return;
    const points = expected.get(key) ?? [];
    expected.set(key, points);
    const step = typeof line.round === "number" ? line.round : newest;
    points.push({ value: storable(Number(value) / divisor), timestamp: millisOf(line.timestamp), step });
  };
  let newest = 0;
  for (const line of lines) {
    if (typeof line.round === "number") newest = Math.max(newest, line.round);
    if (line.event_type === "client_update") {
      for (const client of list(line.clients)) {
        const id = String(client.client_id);
        for (const [field, [name, divisor]] of Object.entries(CLIENT)) {
          add(`client/${id}/${name}`, client[field], divisor, line);
        }
      }
    } else if (line.event_type === "round_end") {
      const metrics = fields(line.round_metrics);
      for (const [field, [key, divisor]] of Object.entries(ROUND)) add(key, metrics[field], divisor, line);
    }
  }
  expect(expected.size).toBeGreaterThan(Object.keys(ROUND).length / 2);
  for (const [key, points] of expected) expect(sorted(run.metrics.get(key) ?? []), key).toEqual(sorted(points));
}

/** MLflow keeps no order among points of the same step. */
function sorted(points: readonly StoredPoint[]): StoredPoint[] {
  return [...points].sort((a, b) => a.step - b.step || a.timestamp - b.timestamp || a.value - b.value);
}

/** MLflow has no infinity. */
function storable(value: number): number {
  return Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);
}

export function millisOf(time: unknown): number {
  return Math.floor(Date.parse(String(time)));
}
