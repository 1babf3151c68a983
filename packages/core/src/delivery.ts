import { describe } from "./describe.ts";
import type { BatchEmitter, Emitter, WriteResult } from "./emitter.ts";
import { errorMessage } from "./errors.ts";
import type { HiveEvent } from "./events.ts";
import { hooksAsBatches } from "./hooks.ts";
import { sleep } from "./sleep.ts";

/** Told, in words, what went wrong at a destination. Libraries print nothing by themselves. */
export type DiagnosticListener = (message: string) => void;

/** What happened to the events of one destination. */
export interface DeliveryStats {
  readonly name: string;
  /** Waiting, or handed over and not answered yet. */
  queued: number;
  delivered: number;
  /** Given up because the queue was full. */
  dropped: number;
  /** Given up because the destination would never take them. */
  refused: number;
}

/** The queue of one destination. */
export interface Delivery {
  readonly stats: Readonly<DeliveryStats>;
  /** Appends an event, at once and without ever throwing. */
  push(event: HiveEvent): void;
  /**
   * Waits until everything was handed over and the emitter has closed, or until the signal says to give up.
   *
   * @returns whether everything was delivered, and the emitter closed without an error
   */
  finish(signal: AbortSignal): Promise<boolean>;
}

export interface DeliveryOptions {
  /** How many events may wait. Default 10,000. */
  maxQueue?: number | undefined;
  /** How many events one `write` gets at most. Default 500. */
  maxBatch?: number | undefined;
  onDiagnostic?: DiagnosticListener | undefined;
}

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;

/**
 * Starts delivering to an emitter: a bounded queue, emptied batch by batch in the background, with retries. Whatever the
 * emitter does (throw, hang, be slow), `push` returns at once. When the queue is full the oldest client telemetry goes
 * first, and what tells the run's course (rounds, dropouts, its end) last.
 */
export function startDelivery(emitter: Emitter, options: DeliveryOptions = {}): Delivery {
  const { maxQueue = 10_000, maxBatch = 500 } = options;
  const say = diagnostics(emitter.name, options.onDiagnostic);
  const target = asBatchEmitter(emitter, say);
  const queue: HiveEvent[] = [];
  const stats: DeliveryStats = { name: emitter.name, queued: 0, delivered: 0, dropped: 0, refused: 0 };
  const stop = new AbortController();
  let running: Promise<void> | undefined;

  function push(event: HiveEvent): void {
    if (stop.signal.aborted) return;
    queue.push(event);
    stats.queued++;
    if (queue.length > maxQueue) dropOne();
    running ??= drain();
  }

  function dropOne(): void {
    const telemetry = queue.findIndex((event) => TELEMETRY.has(event.event_type));
    queue.splice(Math.max(telemetry, 0), 1);
    stats.queued--;
    if (stats.dropped === 0) say(`the queue is full (${maxQueue} events): dropping the oldest client telemetry`);
    stats.dropped++;
  }

  /** Never rejects. */
  async function drain(): Promise<void> {
    // The caller goes on first; it may have more to push.
    await Promise.resolve();
    while (queue.length > 0 && !stop.signal.aborted) await deliver(queue.splice(0, maxBatch));
    // Here and not in a `then`, before which one more event could come and be left lying.
    running = undefined;
  }

  async function deliver(batch: readonly HiveEvent[]): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const result = await writeOnce(target, batch, stop.signal);
      if (result.status !== "retry") {
        settle(batch.length, result);
        return;
      }
      if (attempt === 0) say(`trying again: ${result.reason ?? "the destination is not ready"}`);
      const wait = result.afterMs ?? Math.min(FIRST_RETRY_MS * 2 ** attempt, LAST_RETRY_MS);
      if (!(await sleep(wait, stop.signal))) return;
    }
  }

  function settle(count: number, result: Exclude<WriteResult, { status: "retry" }>): void {
    const refused = result.status === "refused" ? count : Math.min(result.refused ?? 0, count);
    stats.queued -= count;
    stats.refused += refused;
    stats.delivered += count - refused;
    if (refused > 0 && result.reason !== undefined) say(`refused ${refused} events: ${result.reason}`);
  }

  async function close(): Promise<boolean> {
    while (running !== undefined) await running;
    try {
      await target.finish?.();
    } catch (thrown) {
      say(`finish failed: ${errorMessage(thrown)}`);
      return false;
    }
    return stats.queued + stats.dropped + stats.refused === 0;
  }

  async function finish(signal: AbortSignal): Promise<boolean> {
    const givenUp = whenAborted(signal).then(() => {
      stop.abort();
      return false;
    });
    const isComplete = await Promise.race([close(), givenUp]);
    stop.abort();
    return isComplete;
  }

  return { stats, push, finish };
}

const TELEMETRY: ReadonlySet<string> = new Set(["client_update", "client_metric"]);

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

function asBatchEmitter(emitter: Emitter, say: DiagnosticListener): BatchEmitter {
  if ("write" in emitter) return emitter;
  return hooksAsBatches(emitter, (hook, thrown) => say(`${hook} failed: ${errorMessage(thrown)}`));
}

/** Asks an emitter, whoever wrote it, and always gets an answer. */
async function writeOnce(
  emitter: BatchEmitter,
  batch: readonly HiveEvent[],
  signal: AbortSignal,
): Promise<WriteResult> {
  try {
    const answer: unknown = await emitter.write(batch, signal);
    if (isWriteResult(answer)) return answer;
    return { status: "refused", reason: `write must answer with a status, but it answered ${describe(answer)}` };
  } catch (thrown) {
    return { status: "refused", reason: errorMessage(thrown) };
  }
}

function isWriteResult(answer: unknown): answer is WriteResult {
  if (typeof answer !== "object" || answer === null || !("status" in answer)) return false;
  return answer.status === "delivered" || answer.status === "retry" || answer.status === "refused";
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
