import {
  type DeliveryStats,
  type Destination,
  type Emitter,
  freezeCopy,
  type HiveEvent,
  openDestination,
} from "@hivewatch/core";
import type { Cursor } from "./cursors.ts";
import type { LogEntry } from "./read-entries.ts";
import type { RunStore } from "./run-store.ts";

/** How many events one `write` gets at most. */
const MAX_BATCH = 500;

/** What is delivered within such a time is delivered again after a crash. */
const SAVE_AGAIN_MS = 250;

export interface DestinationOfOptions {
  readonly emitter: Emitter;
  readonly position: number;
  /** Where to count what becomes of its events. Default: nowhere. */
  readonly stats?: DeliveryStats | undefined;
  readonly onDiagnostic: ((message: string) => void) | undefined;
}

/** Readies an emitter to go on with a run behind a position. */
export async function openDestinationOf(
  store: RunStore,
  runId: string,
  options: DestinationOfOptions,
): Promise<Destination> {
  const { emitter, position, stats, onDiagnostic } = options;
  const destination = openDestination(emitter, { onDiagnostic, retriesThrows: true, stats });
  if (position === 0 || destination.recall === undefined) return destination;
  try {
    await recall(store, runId, position, destination.recall);
  } catch (error) {
    // The next one that is opened is told everything, and must not have heard a part of it before.
    await destination.finish();
    throw error;
  }
  return destination;
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
export interface RunDelivery {
  take(entry: LogEntry): Promise<boolean>;
  /** Delivers what was taken, and moves the cursor: the log holds nothing more for now. */
  reachedEnd(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Starts delivering a run from a cursor on, which moves as that goes.
 *
 * @param giveUp - aborted when a destination that does not answer is not waited for any more
 * @param open - makes the destination when there is something to deliver
 * @param onDelivered - told how far it has come
 */
export function startRunDelivery(
  cursor: Cursor,
  giveUp: AbortSignal,
  open: (position: number) => Promise<Destination>,
  onDelivered: (position: number) => void = () => {},
): RunDelivery {
  const givenUp = whenAborted(giveUp);
  let destination: Destination | undefined;
  let batch: HiveEvent[] = [];
  let taken = cursor.position;
  let delivered = cursor.position;
  let savedAt = 0;

  async function deliver(): Promise<boolean> {
    if (batch.length === 0) return true;
    destination ??= await open(delivered);
    // Whatever becomes of it, nobody waits for an emitter that hangs when the time is over.
    const isSettled = await Promise.race([destination.deliver(batch, giveUp), givenUp]);
    if (!isSettled) return false;
    const isEnd = batch.at(-1)?.event_type === "finished";
    delivered = taken;
    onDelivered(delivered);
    batch = [];
    // An emitter lets go of a run at its end: of one that goes on all the same another one is told from its beginning.
    if (isEnd) await finish();
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
