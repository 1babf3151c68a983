import type { DeliveryStats, DiagnosticListener } from "./delivery.ts";
import { describe } from "./describe.ts";
import type { BatchEmitter, Emitter, WriteResult } from "./emitter.ts";
import { errorMessage } from "./errors.ts";
import type { HiveEvent } from "./events.ts";
import { hooksAsBatches } from "./hooks.ts";
import { sleep } from "./sleep.ts";

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;

/** An emitter as core talks to it, whoever wrote it: always answered, tried again, and counted. */
export interface Destination {
  readonly stats: DeliveryStats;
  /** Tells the listener, in the emitter's name. Never throws. */
  say(message: string): void;
  /**
   * Hands over consecutive events of one run, which are frozen, as often as it takes. One call at a time.
   *
   * @returns whether they were delivered or refused, before the signal was aborted
   */
  deliver(batch: readonly HiveEvent[], signal: AbortSignal): Promise<boolean>;
  /**
   * For an emitter that goes on with a run which another one like it began: tells it of events that were delivered
   * before, for the figures of the rounds that are open. Of hooks only `onInit` is called. Undefined where the emitter
   * has no use for it.
   */
  readonly recall: ((batch: readonly HiveEvent[]) => Promise<void>) | undefined;
  /**
   * Lets the emitter close.
   *
   * @returns whether it did without an error
   */
  finish(): Promise<boolean>;
}

export interface DestinationOptions {
  onDiagnostic?: DiagnosticListener | undefined;
  /**
   * Whether a batch at which `write` throws is tried again, for whom nothing is lost by waiting. Default: it counts as
   * refused, since more events come and there is no room for all of them.
   */
  retriesThrows?: boolean | undefined;
  /** Where to count, for several that are told as one. Default: figures of its own. */
  stats?: DeliveryStats | undefined;
}

/** Figures before anything was delivered. */
export function newDeliveryStats(name: string): DeliveryStats {
  return { name, queued: 0, delivered: 0, dropped: 0, refused: 0, retries: 0 };
}

/** Readies an emitter for deliveries. */
export function openDestination(emitter: Emitter, options: DestinationOptions = {}): Destination {
  const say = diagnostics(emitter.name, options.onDiagnostic);
  const onThrow = options.retriesThrows === true ? "retry" : "refused";
  const { target, recall } = asBatchEmitter(emitter, say);
  const stats = options.stats ?? newDeliveryStats(emitter.name);

  function settle(count: number, result: Exclude<WriteResult, { status: "retry" }>): void {
    const refused = result.status === "refused" ? count : Math.min(result.refused ?? 0, count);
    stats.refused += refused;
    stats.delivered += count - refused;
    if (result.reason === undefined) return;
    say(refused > 0 ? `refused ${refused} events: ${result.reason}` : result.reason);
  }

  return {
    stats,
    say,
    recall,
    async deliver(batch, signal) {
      let said: string | undefined;
      for (let attempt = 0; ; attempt++) {
        const result = await writeOnce(target, batch, signal, onThrow);
        if (result.status !== "retry") {
          settle(batch.length, result);
          return true;
        }
        stats.retries++;
        const reason = result.reason ?? "the destination is not ready";
        if (reason !== said) say(`trying again: ${reason}`);
        said = reason;
        const wait = result.afterMs ?? Math.min(FIRST_RETRY_MS * 2 ** attempt, LAST_RETRY_MS);
        if (!(await sleep(wait, signal))) return false;
      }
    },
    async finish() {
      try {
        await target.finish?.();
        return true;
      } catch (thrown) {
        say(`finish failed: ${errorMessage(thrown)}`);
        return false;
      }
    },
  };
}

/** A listener that throws must not harm the training, any more than an emitter. */
function diagnostics(name: string, listener: DiagnosticListener = () => {}): DiagnosticListener {
  return (message) => {
    try {
      listener(`[${name}] ${message}`);
    } catch {
      // There is nobody left to tell.
    }
  };
}

function asBatchEmitter(emitter: Emitter, say: DiagnosticListener) {
  if ("write" in emitter) return { target: emitter, recall: recallOf(emitter) };
  const target = hooksAsBatches(emitter, (hook, thrown) => say(`${hook} failed: ${errorMessage(thrown)}`));
  return { target, recall: target.recall };
}

function recallOf(emitter: BatchEmitter): Destination["recall"] {
  if (typeof emitter.recall !== "function") return undefined;
  return async (batch) => emitter.recall?.(batch);
}

/** Asks an emitter, whoever wrote it, and always gets an answer. */
async function writeOnce(
  emitter: BatchEmitter,
  batch: readonly HiveEvent[],
  signal: AbortSignal,
  onThrow: "retry" | "refused",
): Promise<WriteResult> {
  try {
    const answer: unknown = await emitter.write(batch, signal);
    if (isWriteResult(answer)) return answer;
    return { status: "refused", reason: `write must answer with a status, but it answered ${describe(answer)}` };
  } catch (thrown) {
    return { status: onThrow, reason: errorMessage(thrown) };
  }
}

function isWriteResult(answer: unknown): answer is WriteResult {
  if (typeof answer !== "object" || answer === null || !("status" in answer)) return false;
  return answer.status === "delivered" || answer.status === "retry" || answer.status === "refused";
}
