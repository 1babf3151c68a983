import type { BatchEmitter, HookEmitter } from "./emitter.ts";
import { type HiveEvent, isKnownEvent } from "./events.ts";
import { createRoundFollower, type EndedRound } from "./round-follower.ts";

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
  const rounds = createRoundFollower();

  /** @returns how many events a hook failed at */
  async function take(batch: readonly HiveEvent[], wanted: (hook: string) => boolean): Promise<number> {
    const failed = new Set<HiveEvent>();
    for (const event of batch) {
      for (const [hook, call] of hookCalls(emitter, event, rounds.take(event))) {
        if (!wanted(hook)) continue;
        try {
          await call();
        } catch (thrown) {
          onError(hook, thrown);
          failed.add(event);
        }
      }
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

function hookCalls(emitter: HookEmitter, event: HiveEvent, ended: EndedRound | undefined): HookCall[] {
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
    case "round_end":
      return ended === undefined ? [] : [["onRound", () => emitter.onRound?.(ended.summary, ended.clients)]];
    default:
      return [];
  }
}
