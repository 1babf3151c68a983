import {
  type Destination,
  type Emitter,
  errorMessage,
  freezeCopy,
  type HiveEvent,
  openDestination,
} from "@hivewatch/core";
import type { Cursor } from "./cursors.ts";
import { followRuns } from "./follow-runs.ts";
import type { LogEntry } from "./read-entries.ts";
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
  const giveUp = new AbortController();
  const startGrace = (): void => void setTimeout(() => giveUp.abort(), graceMs).unref();
  signal.addEventListener("abort", startGrace, { once: true });
  const runReader = {
    behind: () => store.behindReader(reader),
    async read(runId: string, closed: AbortSignal) {
      if (await wants(runId)) await deliverRun(store, runId, options, closed, giveUp.signal);
    },
    onError(runId: string, error: unknown) {
      const what = runId === "" ? "runs" : `run ${runId}`;
      onDiagnostic(`[${reader}] can't deliver ${what}: ${errorMessage(error)}`, runId === "" ? undefined : runId);
    },
  };
  await followRuns(store.subscribe, runReader, signal);
  giveUp.abort();
}

/** How many events one `write` gets at most. */
const MAX_BATCH = 500;

/** What is delivered within such a time is delivered again after a crash. */
const SAVE_AGAIN_MS = 250;

async function deliverRun(
  store: RunStore,
  runId: string,
  { reader, open, onDiagnostic }: KeepDeliveringOptions,
  closed: AbortSignal,
  giveUp: AbortSignal,
): Promise<void> {
  const cursor = await store.cursor(runId, reader);
  const delivery = startRunDelivery(cursor, giveUp, async (position) => {
    const destination = openDestination(await open(runId), {
      onDiagnostic: (message) => onDiagnostic?.(message, runId),
      retriesThrows: true,
    });
    if (position > 0 && destination.recall !== undefined) await recall(store, runId, position, destination.recall);
    return destination;
  });
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

/** Tells a destination of all that precedes a position. */
async function recall(
  store: RunStore,
  runId: string,
  position: number,
  tell: (batch: readonly HiveEvent[]) => Promise<void>,
): Promise<void> {
  for await (const { entries } of store.read(runId)) {
    const before = entries.filter((entry) => entry.position <= position);
    await tell(before.map(({ event }) => frozen(event)));
    if (before.length < entries.length) return;
  }
}

/** The deliveries of one run. Each method tells whether to go on. */
interface RunDelivery {
  take(entry: LogEntry): Promise<boolean>;
  /** Delivers what was taken, and moves the cursor: the log holds nothing more for now. */
  reachedEnd(): Promise<boolean>;
  close(): Promise<void>;
}

function startRunDelivery(
  cursor: Cursor,
  giveUp: AbortSignal,
  open: (position: number) => Promise<Destination>,
): RunDelivery {
  const givenUp = whenAborted(giveUp);
  let destination: Destination | undefined;
  let batch: HiveEvent[] = [];
  let taken = cursor.position;
  let delivered = cursor.position;
  let savedAt = 0;
  let hasFinished = false;

  async function deliver(): Promise<boolean> {
    if (batch.length === 0) return true;
    destination ??= await open(delivered);
    // Whatever becomes of it, nobody waits for an emitter that hangs when the time is over.
    const isSettled = await Promise.race([destination.deliver(batch, giveUp), givenUp]);
    if (!isSettled) return false;
    hasFinished = batch.at(-1)?.event_type === "finished";
    delivered = taken;
    batch = [];
    if (performance.now() > savedAt + SAVE_AGAIN_MS) await save();
    return true;
  }

  async function save(): Promise<void> {
    if (delivered > cursor.position) await cursor.save(delivered);
    savedAt = performance.now();
  }

  async function finish(): Promise<void> {
    const finished = destination;
    destination = undefined;
    if (finished !== undefined) await Promise.race([finished.finish(), givenUp]);
  }

  return {
    async take({ event, position }) {
      batch.push(frozen(event));
      taken = position;
      return batch.length < MAX_BATCH || deliver();
    },
    async reachedEnd() {
      if (!(await deliver())) return false;
      if (hasFinished) await finish();
      await save();
      return true;
    },
    async close() {
      await save();
      await finish();
    },
  };
}

function frozen(event: HiveEvent): HiveEvent {
  freezeCopy(event);
  return event;
}

function whenAborted(signal: AbortSignal): Promise<false> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(false), { once: true }));
}
