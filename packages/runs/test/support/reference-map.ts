import { type RoundState, type RunState, sortedRounds, summarizeRound } from "@hivewatch/core";

/** Map schema 1 of a run, made from core's picture of it: what the files must agree with. */
export function referenceMap(state: RunState): Record<string, unknown> & { rounds: Record<string, unknown>[] } {
  return {
    schema_version: 1,
    run_id: state.runId,
    algorithm: state.algorithm,
    config: state.config,
    started_at: state.startedAt ?? null,
    finished_at: state.finishedAt ?? null,
    server: state.server ?? null,
    rounds: sortedRounds(state).map(referenceRound),
  };
}

function referenceRound(round: RoundState): Record<string, unknown> {
  const summary = summarizeRound(round);
  const dispersion = (round.endedAt === undefined ? undefined : summary.gradient_norm_dispersion) ?? null;
  return {
    round: round.round,
    globalAcc: summary.global_accuracy ?? null,
    globalLoss: summary.global_loss ?? null,
    duration: summary.round_duration_sec ?? null,
    dispersion,
    divergence: dispersion,
    clients: Array.from(round.clients, ([id, client]) =>
      round.updates.has(id) ? { ...client, round: client.round ?? round.round } : client,
    ),
  };
}
