import { type RoundState, type RunState, sortedRounds, summarizeRound } from "@hivewatch/core";

/** The file `<run_id>.map.json` of Python hivewatch, schema version 1. */
export interface MapSchema1 {
  schema_version: 1;
  run_id: string;
  algorithm: string;
  config: Record<string, unknown>;
  started_at: string | null;
  finished_at: string | null;
  server: Record<string, unknown> | null;
  rounds: MapRound[];
}

interface MapRound {
  round: number;
  globalAcc: number | null;
  globalLoss: number | null;
  duration: number | null;
  /** Sample standard deviation of the clients' gradient norms. */
  dispersion: number | null;
  /** The same, by its name until Python hivewatch 0.3.0. */
  divergence: number | null;
  clients: Record<string, unknown>[];
}

/** A run in map schema 1. */
export function mapSchema1(state: RunState): MapSchema1 {
  return {
    schema_version: 1,
    run_id: state.runId,
    algorithm: state.algorithm,
    config: state.config,
    started_at: state.startedAt ?? null,
    finished_at: state.finishedAt ?? null,
    server: state.server ?? null,
    rounds: sortedRounds(state).map(mapRound),
  };
}

function mapRound(round: RoundState): MapRound {
  const summary = summarizeRound(round);
  // As Python hivewatch has it, a round has figures from its end on.
  const dispersion = (round.endedAt === undefined ? undefined : summary.gradient_norm_dispersion) ?? null;
  return {
    round: round.round,
    globalAcc: summary.global_accuracy ?? null,
    globalLoss: summary.global_loss ?? null,
    duration: summary.round_duration_sec ?? null,
    dispersion,
    divergence: dispersion,
    clients: Array.from(round.clients, ([id, client]) =>
      // As in Python's files: a result says of which round it is.
      round.updates.has(id) ? { ...client, round: client.round ?? round.round } : client,
    ),
  };
}
