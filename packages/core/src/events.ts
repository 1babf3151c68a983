/**
 * The events of a run. Their fields are data: they keep the metadata contract's names in every language, on the wire and
 * on disk, and every type may carry further fields, which pass through untouched. A value that nobody reported is
 * absent (or null where an older writer wrote it so); it is never 0.
 */

/** What a client reported, about one round. All optional but the id, and the application may add anything else. */
export interface ClientMetrics {
  client_id: string;
  round?: number | null | undefined;
  /** As a fraction of 1. */
  local_accuracy?: number | null | undefined;
  local_loss?: number | null | undefined;
  num_samples?: number | null | undefined;
  /** The round whose global model the client trained on. Staleness is `round - base_round`. */
  base_round?: number | null | undefined;
  gradient_norm?: number | null | undefined;
  gradient_magnitude?: number | null | undefined;
  /** Share of zeros in the update, 0 to 1. */
  sparsity?: number | null | undefined;
  compression_ratio?: number | null | undefined;
  /** Bytes from the client to the server. */
  bytes_sent?: number | null | undefined;
  /** Bytes from the server to the client. */
  bytes_received?: number | null | undefined;
  network_latency_ms?: number | null | undefined;
  train_time_sec?: number | null | undefined;
  cpu_pct?: number | null | undefined;
  ram_mb?: number | null | undefined;
  gpu_util_pct?: number | null | undefined;
  gpu_vram_mb?: number | null | undefined;
  /** Degrees north, -90 to 90. */
  lat?: number | null | undefined;
  /** Degrees east, -180 to 180. */
  lng?: number | null | undefined;
  city?: string | null | undefined;
  country?: string | null | undefined;
  /** Usually one of `active`, `idle`, `dropped`, `failed`. */
  status?: string | null | undefined;
  [field: string]: unknown;
}

/** The known numeric fields of {@link ClientMetrics}, in the order in which files hold them. */
export const CLIENT_NUMBERS = [
  "round",
  "local_accuracy",
  "local_loss",
  "num_samples",
  "base_round",
  "gradient_norm",
  "gradient_magnitude",
  "sparsity",
  "compression_ratio",
  "bytes_sent",
  "bytes_received",
  "network_latency_ms",
  "train_time_sec",
  "cpu_pct",
  "ram_mb",
  "gpu_util_pct",
  "gpu_vram_mb",
  "lat",
  "lng",
] as const;

/** The known text fields of {@link ClientMetrics} beside the id. */
export const CLIENT_TEXTS = ["city", "country", "status"] as const;

/** What the server reported about a round, or what was derived from its clients (`summarizeRound`). */
export interface RoundMetrics {
  /** As a fraction of 1. */
  global_accuracy?: number | null | undefined;
  global_loss?: number | null | undefined;
  num_selected?: number | null | undefined;
  num_completed?: number | null | undefined;
  num_stragglers?: number | null | undefined;
  num_failures?: number | null | undefined;
  /** Bytes from the clients to the server. */
  total_bytes_up?: number | null | undefined;
  /** Bytes from the server to the clients. */
  total_bytes_down?: number | null | undefined;
  round_duration_sec?: number | null | undefined;
  /** Sample standard deviation of the clients' gradient norms. */
  gradient_norm_dispersion?: number | null | undefined;
  aggregation_time_sec?: number | null | undefined;
  algorithm_metadata?: Record<string, unknown> | null | undefined;
  [field: string]: unknown;
}

/** The known numeric fields of {@link RoundMetrics}. */
export const ROUND_NUMBERS = [
  "global_accuracy",
  "global_loss",
  "num_selected",
  "num_completed",
  "num_stragglers",
  "num_failures",
  "total_bytes_up",
  "total_bytes_down",
  "round_duration_sec",
  "gradient_norm_dispersion",
  "aggregation_time_sec",
] as const;

/** Where a server is and what it is. Shown only as it was said. */
export interface ServerMetadata {
  lat?: number | null | undefined;
  lng?: number | null | undefined;
  city?: string | null | undefined;
  country?: string | null | undefined;
  [field: string]: unknown;
}

interface EventBase {
  run_id: string;
  /** ISO 8601, UTC, by the clock of whoever reported. */
  timestamp: string;
  [field: string]: unknown;
}

export interface InitEvent extends EventBase {
  event_type: "init";
  started_at: string;
  algorithm: string;
  config: Record<string, unknown>;
}

export interface ServerMetadataEvent extends EventBase {
  event_type: "server_metadata";
  server: ServerMetadata;
}

export interface RoundStartEvent extends EventBase {
  event_type: "round_start";
  round: number;
  /** The clients that were asked, where the framework knows. */
  selected?: string[] | undefined;
}

/** A client's result of a round. Writers put one client into `clients`; readers take any number. */
export interface ClientUpdateEvent extends EventBase {
  event_type: "client_update";
  round: number | null;
  clients: ClientMetrics[];
}

/** A value inside a round, before or beside the client's result. */
export interface ClientMetricEvent extends EventBase {
  event_type: "client_metric";
  round: number | null;
  clients: ClientMetrics[];
}

export interface ClientDropoutEvent extends EventBase {
  event_type: "client_dropout";
  round: number;
  clients: ClientMetrics[];
  reason: string;
}

export interface CommFailureEvent extends EventBase {
  event_type: "comm_failure";
  round: number;
  client_id: string;
  reason: string;
}

export interface ClientRecoveredEvent extends EventBase {
  event_type: "client_recovered";
  round: number;
  client_id: string;
}

export interface RoundEndEvent extends EventBase {
  event_type: "round_end";
  round: number;
  round_metrics: RoundMetrics;
  /** In files all clients of the round, as Python hivewatch has it; empty in a log, whose updates already say so. */
  clients: ClientMetrics[];
}

export interface CheckpointEvent extends EventBase {
  event_type: "checkpoint";
  round: number;
  path: string;
  metadata?: Record<string, unknown> | undefined;
}

/** A judgement of a model outside of the clients' results. */
export interface EvaluationEvent extends EventBase {
  event_type: "evaluation";
  round: number;
  /** Who evaluated: `central`, `federated` (aggregated by the framework), `best_model`, `cross_site`, … */
  source: string;
  metrics: Record<string, unknown>;
}

export interface FinishedEvent extends EventBase {
  event_type: "finished";
  /** Python hivewatch writes none; that is read as `completed`. */
  status?: "completed" | "failed" | "aborted" | "lost" | undefined;
  reason?: string | undefined;
}

/** An event of a type that this version doesn't know. It is kept and passed on, and otherwise ignored. */
export interface OtherEvent extends EventBase {
  event_type: string;
  round?: number | null | undefined;
  clients?: ClientMetrics[] | undefined;
}

export type KnownEvent =
  | InitEvent
  | ServerMetadataEvent
  | RoundStartEvent
  | ClientUpdateEvent
  | ClientMetricEvent
  | ClientDropoutEvent
  | CommFailureEvent
  | ClientRecoveredEvent
  | RoundEndEvent
  | CheckpointEvent
  | EvaluationEvent
  | FinishedEvent;

export type HiveEvent = KnownEvent | OtherEvent;

/** The types that this version knows. */
export const EVENT_TYPES: ReadonlySet<string> = new Set<KnownEvent["event_type"]>([
  "init",
  "server_metadata",
  "round_start",
  "client_update",
  "client_metric",
  "client_dropout",
  "comm_failure",
  "client_recovered",
  "round_end",
  "checkpoint",
  "evaluation",
  "finished",
]);

/** Narrows an event to a type that this version knows, so that `switch (event.event_type)` knows its fields. */
export function isKnownEvent(event: HiveEvent): event is KnownEvent {
  return EVENT_TYPES.has(event.event_type);
}
