import { type Fields, fields, list } from "@hivewatch/test-support";
import { expect } from "vitest";
import type { StoredPoint, StoredRun } from "./mlflow.ts";

type Names = Readonly<Record<string, readonly [name: string, divisor: number]>>;

const MB = 1e6;
/** The fields of a client that MLflow has under another name, below its id: that name, and by what the value is divided. */
const CLIENT: Names = {
  local_accuracy: ["accuracy", 1],
  local_loss: ["loss", 1],
  bytes_sent: ["bytes_sent_mb", MB],
  bytes_received: ["bytes_received_mb", MB],
};
const SYSTEM: Names = {
  cpu_pct: ["cpu_utilization_percentage", 1],
  ram_mb: ["system_memory_usage_megabytes", 1],
  gpu_util_pct: ["gpu_0_utilization_percentage", 1],
  gpu_vram_mb: ["gpu_0_memory_usage_megabytes", 1],
};
const NO_METRICS = new Set(["round", "base_round", "lat", "lng"]);
const ROUND: Names = {
  global_accuracy: ["round/accuracy", 1],
  global_loss: ["round/loss", 1],
  round_duration_sec: ["round/duration_sec", 1],
  total_bytes_up: ["comm/total_bytes_up_mb", MB],
  total_bytes_down: ["comm/total_bytes_down_mb", MB],
  gradient_norm_dispersion: ["agg/gradient_norm_dispersion", 1],
  gradient_divergence: ["agg/gradient_norm_dispersion", 1],
  aggregation_time_sec: ["agg/aggregation_time_sec", 1],
};
/** What follows from a round's clients, and is not in a line of Python hivewatch, nor all of it in one of ours. */
const DERIVED = new Set([
  ...["round/num_selected", "round/num_completed", "round/participation_rate", "round/duration_sec"],
  ...["round/num_failures", "round/clients_accuracy", "round/clients_loss", "agg/gradient_norm_dispersion"],
  ...["comm/total_bytes_up_mb", "comm/total_bytes_down_mb", "comm/total_bytes_mb", "comm/bytes_per_client_mb"],
]);

/** Checks, against the lines of a run, that MLflow has each of its values with its round and time, once, and no others. */
export function expectMetrics(run: StoredRun, lines: readonly Fields[]): void {
  const expected = expectedMetrics(lines);
  expect(expected.size).toBeGreaterThan(5);
  for (const [key, points] of expected) expect(sorted(run.metrics.get(key) ?? []), key).toEqual(sorted(points));
  const others = [...run.metrics.keys()].filter((key) => !expected.has(key));
  expect(others.filter((key) => !DERIVED.has(key))).toEqual([]);
}

/** All values of a run's lines, by their names in MLflow. */
function expectedMetrics(lines: readonly Fields[]): Map<string, StoredPoint[]> {
  const expected = new Map<string, StoredPoint[]>();
  const troubles = new Map<string, number>();
  const told = new Map<string, number>();
  let newest = 0;
  for (const line of lines) {
    const { event_type: type, round, timestamp } = line;
    if (typeof round === "number") newest = Math.max(newest, round);
    const add = (key: string, value: number, step: unknown = round): void => {
      const point = { value: storable(value), timestamp: millisOf(timestamp), step: Number(step ?? newest) };
      expected.set(key, [...(expected.get(key) ?? []), point]);
    };
    const count = (key: string, by: number): void => void (by > 0 && troubles.set(key, (troubles.get(key) ?? 0) + by));
    const addTroubles = (isWanted: (key: string, sum: number) => boolean): void => {
      for (const [key, sum] of troubles) if (isWanted(key, sum)) add(key, sum);
      for (const [key, sum] of troubles) told.set(key, sum);
    };
    if (type === "client_update" || type === "client_metric") {
      for (const client of list(line.clients)) {
        for (const [key, value] of clientValues(client, round)) add(key, value, client.round ?? round);
      }
    } else if (type === "client_dropout") count("event/client_dropouts", list(line.clients).length);
    else if (type === "comm_failure") count("event/comm_failures", 1);
    else if (type === "evaluation") {
      for (const [key, value] of numbersIn(fields(line.metrics))) add(`eval/${line.source}/${key}`, value);
    } else if (type === "round_end") {
      for (const [key, value] of roundValues(fields(line.round_metrics))) add(key, value);
      addTroubles(() => true);
    } else if (type === "finished") addTroubles((key, sum) => told.get(key) !== sum);
  }
  return expected;
}

function* clientValues(client: Fields, roundOfLine: unknown): Generator<[key: string, value: number]> {
  const { client_id: id, round = roundOfLine, base_round: base } = client;
  for (const [name, value] of numbersIn(client)) {
    const machine = SYSTEM[name];
    const [key, divisor] = machine ?? CLIENT[name] ?? [name, 1];
    if (!NO_METRICS.has(name)) yield [`${machine === undefined ? "client" : "system"}/${id}/${key}`, value / divisor];
  }
  if (typeof round === "number" && typeof base === "number") yield [`client/${id}/staleness`, round - base];
}

function* roundValues({ algorithm_metadata: algorithm, ...metrics }: Fields): Generator<[key: string, value: number]> {
  const values = new Map(numbersIn(metrics));
  for (const [name, value] of values) {
    const [key, divisor] = ROUND[name] ?? [`round/${name}`, 1];
    yield [key, value / divisor];
  }
  for (const [name, value] of numbersIn(fields(algorithm ?? {}))) yield [`agg/algo/${name}`, value];
  const [up, down] = [values.get("total_bytes_up"), values.get("total_bytes_down")];
  const [completed = 0, selected = 0] = [values.get("num_completed"), values.get("num_selected")];
  if (up !== undefined && down !== undefined) yield ["comm/total_bytes_mb", (up + down) / MB];
  if (up !== undefined && completed > 0) yield ["comm/bytes_per_client_mb", up / MB / completed];
  if (selected > 0) yield ["round/participation_rate", completed / selected];
}

/** The numbers in an object, and in those in it. */
function numbersIn(from: Fields, above = ""): [name: string, value: number][] {
  return Object.entries(from).flatMap(([name, value]): [string, number][] => {
    if (typeof value === "number") return [[above + name, value]];
    if (value === "NaN" || value === "Infinity" || value === "-Infinity") return [[above + name, Number(value)]];
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? numbersIn(fields(value), `${above}${name}/`) : [];
  });
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
