import type { RoundMetrics } from "./events.ts";
import type { RoundState } from "./run-state.ts";
import { microsFromIso } from "./time.ts";

/** A round's figures: what the server reported and, where it reported nothing, what follows from its clients. */
export interface RoundSummary extends RoundMetrics {
  round: number;
  /** `num_completed / num_selected`. */
  participation: number | undefined;
  /** The clients' own results, weighted by their samples where all of them said how many. */
  clients_accuracy: number | undefined;
  clients_loss: number | undefined;
}

/**
 * Sums up a round. This is the one place where figures are derived; a figure that was reported is never replaced, and
 * one that can't be known is left out.
 */
export function summarizeRound(round: RoundState): RoundSummary {
  const given = round.metrics;
  // A round of which no client is known (its figures alone were sent, or sent again) had some number of them, not 0.
  const isCountable = round.clients.size > 0 || round.selected !== undefined;
  const selected = given.num_selected ?? round.selected?.length ?? (isCountable ? round.clients.size : undefined);
  const completed = given.num_completed ?? (isCountable ? countCompleted(round) : undefined);
  const summary: RoundSummary = {
    ...given,
    round: round.round,
    num_selected: selected,
    num_completed: completed,
    num_failures: given.num_failures ?? (isCountable ? countStatus(round, "failed", "dropped") : undefined),
    total_bytes_up: given.total_bytes_up ?? total(round, "bytes_sent"),
    total_bytes_down: given.total_bytes_down ?? total(round, "bytes_received"),
    round_duration_sec: given.round_duration_sec ?? duration(round),
    gradient_norm_dispersion: given.gradient_norm_dispersion ?? dispersion(round),
    participation: ratio(completed, selected),
    clients_accuracy: weightedMean(round, "local_accuracy"),
    clients_loss: weightedMean(round, "local_loss"),
  };
  return summary;
}

/** `round - base_round`: how many rounds old the model was that a client trained on. */
export function staleness(client: { round?: unknown; base_round?: unknown }): number | undefined {
  const { round, base_round: base } = client;
  return typeof round === "number" && typeof base === "number" ? round - base : undefined;
}

function ratio(part: number | undefined, whole: number | undefined): number | undefined {
  return part === undefined || whole === undefined || !(whole > 0) ? undefined : part / whole;
}

function countCompleted(round: RoundState): number {
  let count = 0;
  for (const id of round.updates.keys()) {
    const status = round.clients.get(id)?.status ?? "active";
    if (status === "active") count++;
  }
  return count;
}

function countStatus(round: RoundState, ...statuses: string[]): number {
  let count = 0;
  for (const client of round.clients.values()) {
    if (typeof client.status === "string" && statuses.includes(client.status)) count++;
  }
  return count;
}

function total(round: RoundState, field: string): number | undefined {
  let sum: number | undefined;
  for (const client of round.clients.values()) {
    const value = client[field];
    if (typeof value === "number" && Number.isFinite(value)) sum = (sum ?? 0) + value;
  }
  return sum;
}

function duration(round: RoundState): number | undefined {
  if (round.startedAt === undefined || round.endedAt === undefined) return undefined;
  const seconds = (microsFromIso(round.endedAt) - microsFromIso(round.startedAt)) / 1e6;
  // A clock that was set back measures nothing.
  return seconds >= 0 ? seconds : undefined;
}

/** Sample standard deviation (n - 1) of the finite gradient norms; one client alone has none. */
function dispersion(round: RoundState): number | undefined {
  const norms: number[] = [];
  for (const { gradient_norm: norm } of round.clients.values()) {
    if (typeof norm === "number" && Number.isFinite(norm)) norms.push(norm);
  }
  if (norms.length < 2) return undefined;
  const mean = norms.reduce((sum, norm) => sum + norm, 0) / norms.length;
  const squares = norms.reduce((sum, norm) => sum + (norm - mean) ** 2, 0);
  return Math.sqrt(squares / (norms.length - 1));
}

function weightedMean(round: RoundState, field: string): number | undefined {
  const values: number[] = [];
  const weights: number[] = [];
  for (const client of round.clients.values()) {
    const value = client[field];
    if (typeof value !== "number" || !Number.isFinite(value)) continue;
    values.push(value);
    const { num_samples: samples } = client;
    if (typeof samples === "number" && samples > 0 && Number.isFinite(samples)) weights.push(samples);
  }
  if (values.length === 0) return undefined;
  const weighted = weights.length === values.length;
  const sum = values.reduce((acc, value, i) => acc + value * (weighted ? (weights[i] ?? 0) : 1), 0);
  return sum / (weighted ? weights.reduce((a, b) => a + b, 0) : values.length);
}
