import { type Destination, type Emitter, errorMessage } from "@hivewatch/core";
import { followRuns } from "./follow-runs.ts";
import { createReaderHealth, type ReaderHealth } from "./reader-health.ts";
import { openDestinationOf, startRunDelivery } from "./run-delivery.ts";
import type { RunStore } from "./run-store.ts";

export interface KeepDeliveringOptions {
  /** The name under which its cursors are kept. */
  reader: string;
  /** Makes the emitter of one run, also for one that another one like it began before a restart. */
  open(runId: string): Emitter | Promise<Emitter>;
  /** Whether a run is delivered at all. Asked again and again. Default: all are. */
  wants?: ((runId: string) => Promise<boolean>) | undefined;
  /** Ends it: what the logs hold is still delivered, as far as that goes within the time given. */
  signal: AbortSignal;
  /** How long, after the signal, the destination is still waited for. Default 3,000 ms. */
  graceMs?: number | undefined;
  /** Where it is kept how it goes. */
  health?: ReaderHealth | undefined;
  /** Told when the destination fails, and at which run; undefined: at all. */
  onDiagnostic?: ((message: string, runId: string | undefined) => void) | undefined;
}

/**
 * Delivers the runs of a store to a destination, each from the reader's own cursor: those that are open for writing, and
 * those of earlier that it has not been told to their end. An event is delivered at least once and in the order of the
 * log; a destination that is away, or an emitter whose `write`
 * throws, is waited for, for ever. Nothing but the batch at hand is kept in memory.
 *
 * @returns when it has ended. Never rejects
 */
export async function keepDelivering(store: RunStore, options: KeepDeliveringOptions): Promise<void> {
  const { reader, signal, graceMs = 3000, wants = async () => true, onDiagnostic = () => {} } = options;
  const health = options.health ?? createReaderHealth(reader);
  const giveUp = new AbortController();
  const startGrace = (): void => void setTimeout(() => giveUp.abort(), graceMs).unref();
  signal.addEventListener("abort", startGrace, { once: true });
  const runReader = {
    async behind() {
      const runIds = await store.behindReader(reader);
      health.expect(runIds);
      return runIds;
    },
    async read(runId: string, closed: AbortSignal) {
      if (await wants(runId)) await deliverRun(store, runId, { ...options, health }, closed, giveUp.signal);
      health.end(runId);
    },
    onError(runId: string, error: unknown) {
      if (runId !== "") health.fail(runId);
      const what = runId === "" ? "runs" : `run ${runId}`;
      onDiagnostic(`[${reader}] can't deliver ${what}: ${errorMessage(error)}`, runId === "" ? undefined : runId);
    },
  };
  const unsubscribe = store.subscribe(health.hear);
  await followRuns(store.subscribe, runReader, signal);
  unsubscribe();
  giveUp.abort();
}

async function deliverRun(
  store: RunStore,
  runId: string,
  { reader, open, health, onDiagnostic }: KeepDeliveringOptions & { health: ReaderHealth },
  closed: AbortSignal,
  giveUp: AbortSignal,
): Promise<void> {
  const cursor = await store.cursor(runId, reader);
  health.begin(runId, cursor.position);
  async function openAt(position: number): Promise<Destination> {
    return openDestinationOf(store, runId, {
      emitter: await open(runId),
      position,
      stats: health.stats,
      onDiagnostic: (message) => onDiagnostic?.(message, runId),
    });
  }
  const delivery = startRunDelivery(cursor, giveUp, openAt, (position) => health.reach(runId, position));
  /** @returns whether it came to the end */
  async function deliverFrom(position: number, follow: boolean): Promise<boolean> {
    for await (const { entries, atEnd } of store.read(runId, { from: position, follow, signal: closed })) {
      for (const entry of entries) if (!(await delivery.take(entry))) return false;
      if (atEnd && !(await delivery.reachedEnd())) return false;
    }
    return true;
  }

  try {
    let isGoingOn = await deliverFrom(cursor.position, true);
    while (isGoingOn) {
      // Only what was there before a reading that finds nothing more is sure to have been read.
      const end = await store.logEnd(runId);
      const before = cursor.position;
      isGoingOn = await deliverFrom(before, false);
      if (isGoingOn && cursor.position === before) {
        await cursor.save(before, end);
        return;
      }
    }
  } finally {
    await delivery.close();
  }
}
