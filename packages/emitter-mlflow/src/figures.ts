import { type ClientMetrics, clientSpread, type RoundSummary, staleness } from "@hivewatch/core";
import { keyOf, safePart } from "./names.ts";

/** A metric's name, and its value. */
export type Figure = readonly [key: string, value: number];

/** How deep a value may be nested to be a metric. */
const MAX_DEPTH = 4;

/** The numbers in an object, by their names below those given. What is not a number is left out. */
export function figuresOf(fields: Readonly<Record<string, unknown>>, ...above: readonly string[]): Figure[] {
  return nestedFigures(fields, above, 1);
}

function nestedFigures(fields: Readonly<Record<string, unknown>>, above: readonly string[], depth: number): Figure[] {
  return Object.entries(fields).flatMap(([name, value]): Figure[] => {
    const path = [...above, safePart(name)];
    if (typeof value === "number") return [[keyOf(...path), value]];
    return isRecord(value) && depth < MAX_DEPTH ? nestedFigures(value, path, depth + 1) : [];
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The names that Python hivewatch has in MLflow, so that runs of both lie in the same charts. */
const ROUND_NAMES: Readonly<Record<string, string>> = {
  global_accuracy: "round/accuracy",
  global_loss: "round/loss",
  participation: "round/participation_rate",
  round_duration_sec: "round/duration_sec",
  gradient_norm_dispersion: "agg/gradient_norm_dispersion",
  aggregation_time_sec: "agg/aggregation_time_sec",
};

const BYTES_PER_MB = 1e6;

/** The figures of a round, with its traffic and its aggregation. */
export function* roundFigures(summary: RoundSummary): Generator<Figure> {
  const { round: _, algorithm_metadata: algorithm, total_bytes_up: up, total_bytes_down: down, ...rest } = summary;
  for (const [name, value] of Object.entries(rest)) {
    const known = Object.hasOwn(ROUND_NAMES, name) ? ROUND_NAMES[name] : undefined;
    if (known !== undefined && typeof value === "number") yield [known, value];
    else yield* figuresOf({ [name]: value }, "round");
  }
  yield* trafficFigures(up, down, rest.num_completed);
  yield* figuresOf(algorithm ?? {}, "agg", "algo");
}

function* trafficFigures(
  up: number | null | undefined,
  down: number | null | undefined,
  completed: number | null | undefined,
): Generator<Figure> {
  if (typeof up === "number") yield ["comm/total_bytes_up_mb", up / BYTES_PER_MB];
  if (typeof down === "number") yield ["comm/total_bytes_down_mb", down / BYTES_PER_MB];
  if (typeof up === "number" && typeof down === "number") yield ["comm/total_bytes_mb", (up + down) / BYTES_PER_MB];
  if (typeof up === "number" && typeof completed === "number" && completed > 0) {
    yield ["comm/bytes_per_client_mb", up / BYTES_PER_MB / completed];
  }
}

const CLIENT_NAMES: Readonly<Record<string, string>> = { local_accuracy: "accuracy", local_loss: "loss" };
const BYTES: Readonly<Record<string, string>> = { bytes_sent: "bytes_sent_mb", bytes_received: "bytes_received_mb" };

/** MLflow's own names, by which its page knows what to show as a node's system metrics. */
const SYSTEM_NAMES: Readonly<Record<string, string>> = {
  cpu_pct: "cpu_utilization_percentage",
  ram_mb: "system_memory_usage_megabytes",
  gpu_util_pct: "gpu_0_utilization_percentage",
  gpu_vram_mb: "gpu_0_memory_usage_megabytes",
};

/** What is told elsewhere, or is no measurement. */
const NOT_CLIENT_FIGURES: ReadonlySet<string> = new Set([
  "round",
  "base_round",
  "lat",
  "lng",
  ...Object.keys(SYSTEM_NAMES),
]);

/** The figures of a client. @param id - safe for a name */
export function* clientFigures(id: string, client: ClientMetrics): Generator<Figure> {
  for (const [name, value] of Object.entries(client)) {
    if (NOT_CLIENT_FIGURES.has(name)) continue;
    if (typeof value === "number") yield clientFigure(id, name, value);
    else yield* figuresOf({ [name]: value }, "client", id);
  }
  const stale = staleness(client);
  if (stale !== undefined) yield [keyOf("client", id, "staleness"), stale];
}

function clientFigure(id: string, name: string, value: number): Figure {
  const inBytes = Object.hasOwn(BYTES, name) ? BYTES[name] : undefined;
  if (inBytes !== undefined) return [keyOf("client", id, inBytes), value / BYTES_PER_MB];
  return [keyOf("client", id, clientName(name)), value];
}

function clientName(name: string): string {
  return (Object.hasOwn(CLIENT_NAMES, name) ? CLIENT_NAMES[name] : undefined) ?? safePart(name);
}

/** What a client's machine does. @param id - safe for a name */
export function* systemFigures(id: string, client: ClientMetrics): Generator<Figure> {
  for (const [field, name] of Object.entries(SYSTEM_NAMES)) {
    const value = client[field];
    if (typeof value === "number") yield [keyOf("system", id, name), value];
  }
}

/** How a round's figures are spread over clients that are too many to be shown one by one. */
export function* spreadFigures(clients: readonly ClientMetrics[]): Generator<Figure> {
  for (const { field, ...spread } of clientSpread(clients)) {
    if (NOT_CLIENT_FIGURES.has(field)) continue;
    for (const [name, value] of Object.entries(spread)) yield [keyOf("clients", clientName(field), name), value];
  }
}
