import { openDestination } from "./destination.ts";
import type { Emitter } from "./emitter.ts";
import type { HiveEvent } from "./events.ts";

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
  /** How often a batch was to be sent again. */
  retries: number;
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

/**
 * Starts delivering to an emitter: a bounded queue, emptied batch by batch in the background, with retries. Whatever the
 * emitter does (throw, hang, be slow), `push` returns at once. When the queue is full the oldest client telemetry goes
 * first, and what tells the run's course (rounds, dropouts, its end) last.
 */
export function startDelivery(emitter: Emitter, options: DeliveryOptions = {}): Delivery {
  const { maxQueue = 10_000, maxBatch = 500 } = options;
  const destination = openDestination(emitter, { onDiagnostic: options.onDiagnostic });
  const { stats } = destination;
  const queue: HiveEvent[] = [];
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
    if (stats.dropped === 0) {
      destination.say(`the queue is full (${maxQueue} events): dropping the oldest client telemetry`);
    }
    stats.dropped++;
  }

  /** Never rejects. */
  async function drain(): Promise<void> {
    // The caller goes on first; it may have more to push.
    await Promise.resolve();
    while (queue.length > 0 && !stop.signal.aborted) {
      const batch = queue.splice(0, maxBatch);
      if (await destination.deliver(batch, stop.signal)) stats.queued -= batch.length;
    }
    // Here and not in a `then`, before which one more event could come and be left lying.
    running = undefined;
  }

  async function close(): Promise<boolean> {
    while (running !== undefined) await running;
    const isClosed = await destination.finish();
    return isClosed && stats.queued + stats.dropped + stats.refused === 0;
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

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
