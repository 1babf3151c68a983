import type { BatchEmitter, Emitter, WriteResult } from "./emitter.ts";
import { errorMessage } from "./errors.ts";
import type { HiveEvent } from "./events.ts";
import { hooksAsBatches } from "./hooks.ts";

/** Told, in words, what went wrong at a destination. Libraries print nothing by themselves. */
export type DiagnosticListener = (message: string) => void;

/** What happened to the events of one destination. */
export interface DeliveryStats {
  readonly name: string;
  /** Waiting in the queue. */
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
  /** Waits until everything was handed over and the emitter has closed, or until the signal says to give up. */
  finish(signal: AbortSignal): Promise<void>;
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
  const { maxQueue = 10_000, maxBatch = 500, onDiagnostic = () => {} } = options;
  const say = (message: string): void => onDiagnostic(`[${emitter.name}] ${message}`);
  const target = asBatchEmitter(emitter, say);
  const queue: HiveEvent[] = [];
  const stats: DeliveryStats = { name: emitter.name, queued: 0, delivered: 0, dropped: 0, refused: 0 };
  const stop = new AbortController();
  let running: Promise<void> | undefined;

  function push(event: HiveEvent): void {
    if (stop.signal.aborted) return;
    queue.push(event);
    if (queue.length > maxQueue) dropOne();
    stats.queued = queue.length;
    running ??= drain().finally(() => {
      running = undefined;
    });
  }

  function dropOne(): void {
    const telemetry = queue.findIndex((event) => TELEMETRY.has(event.event_type));
    queue.splice(Math.max(telemetry, 0), 1);
    if (stats.dropped === 0) say(`the queue is full (${maxQueue} events): dropping the oldest client telemetry`);
    stats.dropped++;
  }

  async function drain(): Promise<void> {
    // The caller goes on first; it may have more to push.
    await Promise.resolve();
    while (queue.length > 0 && !stop.signal.aborted) {
      const batch = queue.splice(0, maxBatch);
      stats.queued = queue.length;
      await deliver(batch);
    }
  }

  async function deliver(batch: readonly HiveEvent[]): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const result = await writeOnce(target, batch, stop.signal);
      if (result.status === "delivered") {
        stats.delivered += batch.length;
        return;
      }
      if (result.status === "refused") {
        stats.refused += batch.length;
        say(`refused ${batch.length} events: ${result.reason}`);
        return;
      }
      const wait = result.afterMs ?? Math.min(FIRST_RETRY_MS * 2 ** attempt, LAST_RETRY_MS);
      if (attempt === 0) say(`trying again: ${result.reason ?? "the destination is not ready"}`);
      if (!(await sleep(wait, stop.signal))) return;
    }
  }

  async function finish(signal: AbortSignal): Promise<void> {
    const giveUp = (): void => stop.abort();
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
    const closing = (async () => {
      while (running !== undefined) await running;
      try {
        await target.finish?.();
      } catch (thrown) {
        say(`finish failed: ${errorMessage(thrown)}`);
      }
    })();
    await Promise.race([closing, aborted(signal)]);
    signal.removeEventListener("abort", giveUp);
    stop.abort();
  }

  return { stats, push, finish };
}

const TELEMETRY: ReadonlySet<string> = new Set(["client_update", "client_metric"]);

function asBatchEmitter(emitter: Emitter, say: DiagnosticListener): BatchEmitter {
  if ("write" in emitter) return emitter;
  return hooksAsBatches(emitter, (hook, thrown) => say(`${hook} failed: ${errorMessage(thrown)}`));
}

async function writeOnce(
  emitter: BatchEmitter,
  batch: readonly HiveEvent[],
  signal: AbortSignal,
): Promise<WriteResult> {
  try {
    return await emitter.write(batch, signal);
  } catch (thrown) {
    return { status: "refused", reason: errorMessage(thrown) };
  }
}

/** @returns whether the time passed without an abort */
function sleep(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const onAbort = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve(true);
    }, ms);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
