import { type ClientFigures, clientFigures, type Mean, type RoundClients } from "./client-figures.ts";
import type { ClientMetrics, RoundMetrics } from "./events.ts";
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

/** What is known of a round beside its clients. */
export interface RoundFacts {
  readonly round: number;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
  /** How many clients were asked, where the framework knows. */
  readonly selected: number | undefined;
  /** What the server reported. */
  readonly metrics: RoundMetrics;
}

/** Sums up a round: {@link summarizeFigures} of one whose clients are held as objects. */
export function summarizeRound(round: RoundState): RoundSummary {
  const facts = { ...round, selected: round.selected?.length };
  return summarizeFigures(facts, clientFigures(clientsOf(round)));
}

/**
 * Sums up a round. This is the one place where figures are derived; a figure that was reported is never replaced, and
 * one that can't be known is left out.
 */
export function summarizeFigures(round: RoundFacts, figures: ClientFigures): RoundSummary {
  const given = round.metrics;
  // A round of which no client is known (its figures alone were sent, or sent again) had some number of them, not 0.
  const isCountable = figures.clients > 0 || round.selected !== undefined;
  const selected = given.num_selected ?? round.selected ?? (isCountable ? figures.clients : undefined);
  const completed = given.num_completed ?? (isCountable ? figures.completed : undefined);
  return {
    ...given,
    round: round.round,
    num_selected: selected,
    num_completed: completed,
    num_failures: given.num_failures ?? (isCountable ? figures.failed : undefined),
    total_bytes_up: given.total_bytes_up ?? figures.bytesUp,
    total_bytes_down: given.total_bytes_down ?? figures.bytesDown,
    round_duration_sec: given.round_duration_sec ?? duration(round),
    gradient_norm_dispersion: given.gradient_norm_dispersion ?? dispersion(figures),
    participation: ratio(completed, selected),
    clients_accuracy: meanOf(figures.accuracy),
    clients_loss: meanOf(figures.loss),
  };
}

/** `round - base_round`: how many rounds old the model was that a client trained on. */
export function staleness(client: { round?: unknown; base_round?: unknown }): number | undefined {
  const { round, base_round: base } = client;
  return typeof round === "number" && typeof base === "number" ? round - base : undefined;
}

function clientsOf({ clients, updates }: RoundState): RoundClients {
  const list: ClientMetrics[] = [...clients.values()];
  return {
    length: list.length,
    numbers: (field) => Float64Array.from(list, (client) => numberOf(client[field])),
    statusOf: (i) => textOf(list[i]?.status),
    hasResult: (i) => updates.has(list[i]?.client_id ?? ""),
  };
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function ratio(part: number | undefined, whole: number | undefined): number | undefined {
  return part === undefined || whole === undefined || !(whole > 0) ? undefined : part / whole;
}

function duration(round: RoundFacts): number | undefined {
  if (round.startedAt === undefined || round.endedAt === undefined) return undefined;
  const seconds = (microsFromIso(round.endedAt) - microsFromIso(round.startedAt)) / 1e6;
  // A clock that was set back measures nothing.
  return seconds >= 0 ? seconds : undefined;
}

/** Sample standard deviation (n - 1) of the finite gradient norms; one client alone has none. */
function dispersion({ norms }: ClientFigures): number | undefined {
  return norms.count < 2 ? undefined : Math.sqrt(norms.squares / (norms.count - 1));
}

function meanOf(mean: Mean): number | undefined {
  if (mean.count === 0) return undefined;
  return mean.weighed === mean.count ? mean.weightedSum / mean.weights : mean.sum / mean.count;
}
