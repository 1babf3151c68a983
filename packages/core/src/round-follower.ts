import { type ClientMetrics, type HiveEvent, isKnownEvent } from "./events.ts";
import { type RoundSummary, summarizeRound } from "./round-summary.ts";
import { applyEvent, createRunState, type RunState } from "./run-state.ts";

/** How many rounds without an end are held for the figures of their summaries; more are forgotten, oldest first. */
const MAX_OPEN_ROUNDS = 100;

/** A round that has ended, with all figures: those reported, and those derived from its clients. */
export interface EndedRound {
  readonly summary: RoundSummary;
  readonly clients: readonly ClientMetrics[];
}

/** Follows a run for the figures of its rounds, and holds no more of it than the rounds that are open. */
export interface RoundFollower {
  /**
   * Takes the next event.
   *
   * @returns the round that it ends, if it does
   */
  take(event: HiveEvent): EndedRound | undefined;
}

export function createRoundFollower(): RoundFollower {
  let state = createRunState("");
  return {
    take(event) {
      if (event.event_type === "init") state = createRunState(event.run_id);
      applyEvent(state, event);
      const ended = endedRound(state, event);
      forget(state, event);
      return ended;
    },
  };
}

function endedRound(state: RunState, event: HiveEvent): EndedRound | undefined {
  if (!isKnownEvent(event) || event.event_type !== "round_end") return undefined;
  const round = state.rounds.get(event.round);
  return round && { summary: summarizeRound(round), clients: [...round.clients.values()] };
}

function forget(state: RunState, event: HiveEvent): void {
  if (event.event_type === "round_end" && typeof event.round === "number") state.rounds.delete(event.round);
  if (state.rounds.size > MAX_OPEN_ROUNDS) {
    for (const oldest of state.rounds.keys()) {
      state.rounds.delete(oldest);
      break;
    }
  }
  // Summaries need the rounds only; the rest would grow with the run.
  state.clients.clear();
  state.incidents.length = 0;
  state.checkpoints.length = 0;
  state.evaluations.length = 0;
}
