import { type Emitter, HiveWatchError, microsFromIso } from "@hivewatch/core";
import { openDestinationOf, type RunDelivery, startRunDelivery } from "./run-delivery.ts";
import type { RunStore } from "./run-store.ts";
import { waitFor } from "./wait-for.ts";

export interface ReplayOptions {
  /** The name of the cursor. That of an emitter which follows the run is the same, and so nothing is sent twice. */
  reader: string;
  open(runId: string): Emitter | Promise<Emitter>;
  /** `real` takes the time that the run took. Default `max`. */
  pace?: "real" | "max" | undefined;
  /** Send what was sent before, too. Default: only what was not. */
  again?: boolean | undefined;
  /** Breaks it off. The cursor stays where it is, and another replay goes on from there. */
  signal: AbortSignal;
  /** Told how far it is, after each piece that was read. */
  onProgress?: ((progress: ReplayProgress) => void) | undefined;
  onDiagnostic?: ((message: string) => void) | undefined;
}

export interface ReplayProgress {
  /** The events that were taken by now. */
  readonly events: number;
  /** How much of the run lies behind it, 0 to 1. */
  readonly share: number;
}

export interface Replayed {
  readonly events: number;
  /** Whether all of the run has been delivered. */
  readonly isComplete: boolean;
}

/**
 * Sends a saved run to a destination, from the reader's own cursor to the end of what is there now: a run with a log, or
 * one of Python hivewatch. A destination that is away is waited for until the signal is aborted.
 *
 * @throws HiveWatchError `not_found`, `usage`
 */
export async function replayRun(store: RunStore, runId: string, options: ReplayOptions): Promise<Replayed> {
  const { reader, open, signal, onProgress = () => {}, onDiagnostic } = options;
  const listing = await store.listing(runId);
  if (listing === undefined) throw new HiveWatchError("not_found", `there is no run ${runId} in ${store.dir}`);
  const cursor = await store.cursor(runId, reader);
  if (options.again === true) await cursor.save(0);
  const delivery = startRunDelivery(cursor, signal, async (position) =>
    openDestinationOf(store, runId, { emitter: await open(runId), position, onDiagnostic }),
  );
  const keepPace = options.pace === "real" ? createPacer(delivery, signal) : undefined;
  let events = 0;

  async function deliver(): Promise<boolean> {
    for await (const { entries, atEnd } of store.read(runId, { from: cursor.position })) {
      for (const entry of entries) {
        if (signal.aborted || (await keepPace?.(entry.event.timestamp)) === false) return false;
        if (!(await delivery.take(entry))) return false;
        events++;
      }
      if (atEnd && !(await delivery.reachedEnd())) return false;
      const position = entries.at(-1)?.position;
      if (position !== undefined) onProgress({ events, share: Math.min(position / listingEnd, 1) });
    }
    return true;
  }

  const listingEnd = Math.max(listing.position, 1);
  try {
    return { isComplete: await deliver(), events };
  } finally {
    await delivery.close();
  }
}

/** What is nearer than that goes together. */
const LEAST_PAUSE_MS = 50;

/** @returns what waits until it is time for an event, and tells whether to go on */
function createPacer(delivery: RunDelivery, signal: AbortSignal): (timestamp: string) => Promise<boolean> {
  let first: { readonly micros: number; readonly at: number } | undefined;
  return async (timestamp) => {
    const micros = microsFromIso(timestamp);
    first ??= { micros, at: performance.now() };
    const pause = first.at + (micros - first.micros) / 1000 - performance.now();
    if (!(pause > LEAST_PAUSE_MS)) return true;
    return (await delivery.reachedEnd()) && waitFor(pause, signal);
  };
}
