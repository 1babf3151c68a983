import type { BatchEmitter, HookEmitter } from "./emitter.ts";
import { type HiveEvent, isKnownEvent } from "./events.ts";
import { summarizeRound } from "./round-summary.ts";
import { applyEvent, createRunState, type RunState } from "./run-state.ts";

/** How many rounds without an end are held for the figures of their summaries; more are forgotten, oldest first. */
const MAX_OPEN_ROUNDS = 100;

/** An emitter with hooks, in the one form that core delivers to. */
export interface HookBatches extends BatchEmitter {
  /** Takes events that were delivered before into account, and calls no hook for them but `onInit`. */
  recall(batch: readonly HiveEvent[]): Promise<void>;
}

/**
 * Gives an emitter with hooks the one form that core delivers to.
 *
 * @param onError - told what a hook threw; the hooks after it are still called
 */
export function hooksAsBatches(emitter: HookEmitter, onError: (hook: string, thrown: unknown) => void): HookBatches {
  let state = createRunState("");

  /** @returns how many events a hook failed at */
  async function take(batch: readonly HiveEvent[], wanted: (hook: string) => boolean): Promise<number> {
    const failed = new Set<HiveEvent>();
    for (const event of batch) {
      if (event.event_type === "init") state = createRunState(event.run_id);
      applyEvent(state, event);
      for (const [hook, call] of hookCalls(emitter, event, state)) {
        if (!wanted(hook)) continue;
        try {
          await call();
        } catch (thrown) {
          onError(hook, thrown);
          failed.add(event);
        }
      }
      forgetOldRounds(state, event);
    }
    return failed.size;
  }

  return {
    name: emitter.name,
    async write(batch) {
      return { status: "delivered", refused: await take(batch, () => true) };
    },
    async recall(batch) {
      await take(batch, (hook) => hook === "onInit");
    },
    finish: () => emitter.finish?.(),
  };
}

type HookCall = [hook: string, call: () => unknown];

function hookCalls(emitter: HookEmitter, event: HiveEvent, state: RunState): HookCall[] {
  if (!isKnownEvent(event)) return [];
  switch (event.event_type) {
    case "init":
      return [["onInit", () => emitter.onInit?.(event)]];
    case "server_metadata":
      return [["onServerMetadata", () => emitter.onServerMetadata?.(event)]];
    case "round_start":
      return [["onRoundStart", () => emitter.onRoundStart?.(event)]];
    case "client_update":
      return event.clients.map((client) => [
        "onClientUpdate",
        () => emitter.onClientUpdate?.({ round: event.round, ...client }),
      ]);
    case "client_dropout":
      return [["onDropout", () => emitter.onDropout?.(event)]];
    case "comm_failure":
      return [["onCommFailure", () => emitter.onCommFailure?.(event)]];
    case "checkpoint":
      return [["onCheckpoint", () => emitter.onCheckpoint?.(event)]];
    case "finished":
      return [["onFinished", () => emitter.onFinished?.(event)]];
    case "round_end": {
      const round = state.rounds.get(event.round);
      if (round === undefined) return [];
      return [["onRound", () => emitter.onRound?.(summarizeRound(round), [...round.clients.values()])]];
    }
    default:
      return [];
  }
}

function forgetOldRounds(state: RunState, event: HiveEvent): void {
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
