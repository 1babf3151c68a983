import { errorMessage } from "@hivewatch/core";
import type { Flushed } from "./channel.ts";

/** What a provider of the program has been given, and been asked to send or not. */
export interface ProviderQueue {
  /** Counts a span or log record. */
  add(): void;
  /** After each event: has it send if it must, so that what the next event makes has room. */
  makeRoom(signal: AbortSignal): Promise<void> | undefined;
  /** Has it send. @returns what it has lost since this was asked last */
  flush(signal: AbortSignal): Promise<Flushed>;
  /** What it has lost since this was asked last, as far as that was noticed. */
  lost(): Flushed;
}

/** What the queues of an SDK's batch processors hold unless they are told otherwise; they drop what comes then. */
const QUEUE = 2048;

export interface ProviderQueueOptions {
  /** What it takes, for people. */
  readonly what: string;
  readonly provider: unknown;
  /** So many may wait: with what an event makes they must fit into its queue. */
  readonly mayWait: number;
  say(message: string): void;
}

export function createProviderQueue({ what, provider, mayWait, say }: ProviderQueueOptions): ProviderQueue {
  let waiting = 0;
  let isSaid = false;
  let refused = 0;
  let reason: string | undefined;

  async function send(signal: AbortSignal): Promise<void> {
    const count = waiting;
    waiting = 0;
    try {
      await settledBefore(Promise.resolve(flushOf(provider)?.()), signal);
    } catch (error) {
      // Some reject with a list of errors.
      const why = Array.isArray(error) ? error.map(errorMessage).join("; ") : errorMessage(error);
      // It does not keep what it could not send, and doesn't tell how much that was.
      refused += Math.max(count, 1);
      reason ??= `the provider of ${what} could not send all: ${why}`;
    }
  }

  function lost(): Flushed {
    const flushed = { refused, reason: refused === 0 ? undefined : reason, retry: undefined };
    refused = 0;
    reason = undefined;
    return flushed;
  }

  return {
    add: () => void waiting++,
    makeRoom(signal) {
      if (waiting > QUEUE && !isSaid) {
        isSaid = true;
        say(
          `${waiting} ${what} wait after one event, and the queue of an SDK's batch processor drops what is beyond ${QUEUE}, unless its maxQueueSize is larger`,
        );
      }
      return waiting <= mayWait ? undefined : send(signal);
    },
    async flush(signal) {
      await send(signal);
      return lost();
    },
    lost,
  };
}

/** Waits for something, but no longer than until the signal is aborted. */
async function settledBefore(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  let stop = (): void => {};
  const over = new Promise<void>((resolve) => {
    stop = resolve;
    if (signal.aborted) resolve();
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    await Promise.race([work, over]);
  } finally {
    signal.removeEventListener("abort", stop);
    // Nobody waits for it any more.
    work.catch(() => {});
  }
}

/** Providers of an SDK have one; those of the API alone, and its proxy for the one that is registered, have none. */
function flushOf(provider: unknown): (() => unknown) | undefined {
  if (typeof provider !== "object" || provider === null) return undefined;
  if ("forceFlush" in provider && typeof provider.forceFlush === "function") return provider.forceFlush.bind(provider);
  if ("getDelegate" in provider && typeof provider.getDelegate === "function") return flushOf(provider.getDelegate());
  return undefined;
}
