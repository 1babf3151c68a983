/** A metric: what docs/emitters/otel.md lists, and nothing else is sent. */
export interface Instrument {
  readonly name: string;
  /** Of a histogram each client's value of a round is one; a gauge is told at the end of a round. */
  readonly kind: "counter" | "gauge" | "histogram";
  /** In UCUM. */
  readonly unit: string;
  readonly description: string;
}

/** The attributes of metrics. The run's id is one of every metric. */
export const ATTRIBUTES = {
  runId: "hivewatch.run.id",
  clientId: "hivewatch.client.id",
  /** Which field of the application's own it is. */
  field: "hivewatch.field",
  /** Who has measured. */
  source: "hivewatch.evaluation.source",
  direction: "network.io.direction",
} as const;

function counter(name: string, unit: string, description: string): Instrument {
  return { name, kind: "counter", unit, description };
}

function gauge(name: string, unit: string, description: string): Instrument {
  return { name, kind: "gauge", unit, description };
}

function histogram(name: string, unit: string, description: string): Instrument {
  return { name, kind: "histogram", unit, description };
}

type CounterKey =
  | "rounds"
  | "updates"
  | "dropouts"
  | "failures"
  | "recoveries"
  | "checkpoints"
  | "traffic"
  | "nonFinite";

export const COUNTERS: Readonly<Record<CounterKey, Instrument>> = {
  rounds: counter("hivewatch.rounds", "{round}", "Rounds that have ended"),
  updates: counter("hivewatch.client.updates", "{update}", "Results that clients have sent"),
  dropouts: counter("hivewatch.client.dropouts", "{dropout}", "Clients that have dropped out"),
  failures: counter("hivewatch.client.failures", "{failure}", "Failures of the communication with clients"),
  recoveries: counter("hivewatch.client.recoveries", "{recovery}", "Clients that have come back"),
  checkpoints: counter("hivewatch.checkpoints", "{checkpoint}", "Checkpoints of the model"),
  traffic: counter("hivewatch.client.io", "By", "Bytes from clients (transmit) and to them (receive), by ended round"),
  nonFinite: counter("hivewatch.non_finite_values", "{value}", "Values that are NaN or infinite, by field"),
};

/** The two directions of {@link COUNTERS}.traffic, as the clients see them. */
export const DIRECTIONS = { up: "transmit", down: "receive" } as const;

export const MODEL_GAUGES: Readonly<Record<"accuracy" | "loss" | "other", Instrument>> = {
  accuracy: gauge("hivewatch.model.accuracy", "1", "Accuracy of the global model, by who has measured it"),
  loss: gauge("hivewatch.model.loss", "1", "Loss of the global model, by who has measured it"),
  other: gauge("hivewatch.model.metric", "1", "Any other figure of an evaluation, by field and by who has measured it"),
};

/** The round itself. */
export const ROUND_NUMBER: Instrument = gauge("hivewatch.round.number", "{round}", "Round that has ended last");

/** By the field of a round's summary. */
export const ROUND_GAUGES: Readonly<Record<string, Instrument>> = {
  num_selected: gauge("hivewatch.round.selected", "{client}", "Clients that were asked in the round"),
  num_completed: gauge("hivewatch.round.completed", "{client}", "Clients whose results the round has"),
  num_stragglers: gauge("hivewatch.round.stragglers", "{client}", "Clients that were too late for the round"),
  num_failures: gauge("hivewatch.round.failures", "{client}", "Clients that failed or dropped out in the round"),
  participation: gauge("hivewatch.round.participation", "1", "Completed of selected clients"),
  round_duration_sec: gauge("hivewatch.round.duration", "s", "How long the round took"),
  aggregation_time_sec: gauge("hivewatch.round.aggregation.duration", "s", "How long the aggregation took"),
  gradient_norm_dispersion: gauge(
    "hivewatch.round.gradient.dispersion",
    "1",
    "Sample standard deviation of the clients' gradient norms",
  ),
};

/** Any other figure of a round. */
export const ROUND_OTHER: Instrument = gauge("hivewatch.round.metric", "1", "Any other figure of a round, by field");

/** How a field of clients is told. */
export interface ClientInstrument {
  readonly histogram: Instrument;
  /** The same for one client, where clients have series of their own. */
  readonly gauge: Instrument;
  /** By what the field's values are multiplied. */
  readonly factor: number;
}

function client(name: string, unit: string, description: string, factor = 1): ClientInstrument {
  return {
    histogram: histogram(`hivewatch.client.${name}`, unit, `${description}, over the clients`),
    gauge: gauge(`hivewatch.per_client.${name}`, unit, `${description}, of one client`),
    factor,
  };
}

const MB = 1e6;
const PERCENT = 0.01;
const MILLISECOND = 1e-3;

/** By the field that clients report. */
export const CLIENT_INSTRUMENTS: Readonly<Record<string, ClientInstrument>> = {
  local_accuracy: client("accuracy", "1", "Accuracy of the local model"),
  local_loss: client("loss", "1", "Loss of the local model"),
  num_samples: client("samples", "{sample}", "Samples that it was trained on"),
  staleness: client("staleness", "{round}", "How many rounds old the model was that was trained on"),
  gradient_norm: client("gradient.norm", "1", "Norm of the gradient"),
  gradient_magnitude: client("gradient.magnitude", "1", "Magnitude of the gradient"),
  sparsity: client("update.sparsity", "1", "Share of zeros in the update"),
  compression_ratio: client("update.compression_ratio", "1", "How far the update was compressed"),
  bytes_sent: client("upload.size", "By", "Bytes from the client to the server"),
  bytes_received: client("download.size", "By", "Bytes from the server to the client"),
  network_latency_ms: client("network.latency", "s", "Latency of the network", MILLISECOND),
  train_time_sec: client("train.duration", "s", "How long the training took"),
  cpu_pct: client("cpu.utilization", "1", "Use of the processor", PERCENT),
  ram_mb: client("memory.usage", "By", "Memory in use", MB),
  gpu_util_pct: client("gpu.utilization", "1", "Use of the GPU", PERCENT),
  gpu_vram_mb: client("gpu.memory.usage", "By", "Memory of the GPU in use", MB),
};

/** Any other number that clients report. */
export const CLIENT_OTHER: ClientInstrument = client("metric", "1", "Any other value, by field");

/** All metrics, in the order of the docs. */
export const INSTRUMENTS: readonly Instrument[] = [
  ...Object.values(MODEL_GAUGES),
  ROUND_NUMBER,
  ...Object.values(ROUND_GAUGES),
  ROUND_OTHER,
  ...[...Object.values(CLIENT_INSTRUMENTS), CLIENT_OTHER].map((each) => each.histogram),
  ...Object.values(COUNTERS),
  ...[...Object.values(CLIENT_INSTRUMENTS), CLIENT_OTHER].map((each) => each.gauge),
];
