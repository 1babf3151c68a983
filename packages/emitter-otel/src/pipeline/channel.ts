import { errorMessage } from "@hivewatch/core";
import type { SignalRoute } from "../options.ts";
import type { Answer, AnswerListener } from "./answers.ts";
import { exportOnce } from "./export-once.ts";
import { type Failure, failureOf } from "./failure.ts";
import type { Exporter } from "./sdk.ts";

/** What waits to be sent of one signal, in order. */
export interface Channel<T> {
  push(item: T): void;
  /** Sends what waits, in bounded pieces, one after the other. It goes on where it was, if it had to stop. */
  flush(signal: AbortSignal): Promise<Flushed>;
  close(): Promise<void>;
}

/** What became of it. */
export interface Flushed {
  /** How many items will never be taken. */
  readonly refused: number;
  /** Why, of the first of them. */
  readonly reason: string | undefined;
  /** Undefined: nothing waits any more. */
  readonly retry: { readonly reason: string; readonly afterMs: number | undefined } | undefined;
}

export interface ChannelOptions<T, E> {
  readonly route: SignalRoute;
  readonly exporter: Exporter<E>;
  /** A piece in the form that the exporter takes. */
  wrap(items: T[]): E;
  /** Has the exporter tell what it is answered. @returns whether it can */
  watch(listener: AnswerListener): boolean;
  say(message: string): void;
}

/** How often a doubtful answer is doubted. */
const MAX_DOUBTS = 5;
/** How many requests may look for what is wrong in a piece that was refused, before all of it counts as refused. */
const MAX_SEARCHES = 24;
/** However long a receiver wants to be left alone, it is asked so often. */
const LONGEST_WAIT_MS = 3_600_000;
/** How long a channel is waited for that has something on its way still. */
const CLOSE_MS = 1000;

export function createChannel<T, E>({ route, exporter, wrap, watch, say }: ChannelOptions<T, E>): Channel<T> {
  const queue: T[] = [];
  let size = route.maxItems;
  let piece = size;
  let doubts = 0;
  let searches = 0;
  let answer: Answer | undefined;
  let waitMs: number | undefined;
  const isHeard = watch({
    onAnswer(given) {
      answer = given;
    },
    onWait(ms) {
      waitMs = ms;
    },
  });
  if (!isHeard) {
    say(
      `the exporter of ${route.signal} doesn't tell what ${route.place} answers: what that takes in part is not counted`,
    );
  }

  /** @returns why it can't go on now */
  async function sendPiece(signal: AbortSignal, tally: Tally): Promise<Flushed["retry"]> {
    const items = queue.slice(0, piece);
    answer = undefined;
    waitMs = undefined;
    const failed = await exportOnce(exporter, wrap(items), signal);
    if (failed === undefined) {
      queue.splice(0, items.length);
      takeAnswer(tally, items.length);
      doubts = 0;
      return undefined;
    }
    if (failed.isThrown) return refuse(items, { reason: `it can't be sent: ${errorMessage(failed.error)}` }, tally);
    return act(failureOf(failed.error, route), items, tally);
  }

  function act(failure: Failure, items: readonly T[], tally: Tally): Flushed["retry"] {
    if (failure.kind === "retry") return { reason: failure.reason, afterMs: failure.afterMs ?? wanted(waitMs) };
    if (failure.kind === "doubtful" && ++doubts < MAX_DOUBTS) return { reason: failure.reason, afterMs: undefined };
    return refuse(items, failure, tally);
  }

  /** Sends it in halves, until what is refused is alone, or that takes too long. */
  function refuse(items: readonly T[], failure: { reason: string; isTooLarge?: boolean }, tally: Tally): undefined {
    doubts = 0;
    const half = Math.ceil(items.length / 2);
    if (items.length > 1 && failure.isTooLarge === true) {
      size = half;
      piece = half;
    } else if (items.length > 1 && searches < MAX_SEARCHES) {
      searches++;
      piece = half;
    } else {
      queue.splice(0, items.length);
      tally.note(items.length, failure.reason);
    }
    return undefined;
  }

  function takeAnswer(tally: Tally, sent: number): void {
    if (answer === undefined) return;
    const { rejected, message } = answer;
    if (rejected > 0)
      tally.note(Math.min(rejected, sent), `${route.place} has not taken all ${route.signal}: ${message}`);
    else say(`${route.place} says about ${route.signal}: ${message.slice(0, 300)}`);
  }

  return {
    push: (item) => void queue.push(item),
    async flush(signal) {
      const tally = createTally();
      while (queue.length > 0) {
        const before = queue.length;
        const retry = await sendPiece(signal, tally);
        if (retry !== undefined) return { ...tally.total(), retry };
        // What is left of a piece in which something was refused is sent whole again.
        if (queue.length < before) piece = Math.min(size, piece * 2);
        if (piece === size) searches = 0;
      }
      return { ...tally.total(), retry: undefined };
    },
    async close() {
      const closed = exporter.shutdown().catch((error: unknown) => say(`it was not closed: ${errorMessage(error)}`));
      await Promise.race([closed, unrefSleep(CLOSE_MS)]);
    },
  };
}

/** 0 and less is no wish: then core's own pauses do. */
function wanted(waitMs: number | undefined): number | undefined {
  return waitMs === undefined || waitMs <= 0 ? undefined : Math.min(waitMs, LONGEST_WAIT_MS);
}

interface Tally {
  note(count: number, reason: string): void;
  total(): { readonly refused: number; readonly reason: string | undefined };
}

function createTally(): Tally {
  let refused = 0;
  let reason: string | undefined;
  return {
    note(count, why) {
      refused += count;
      reason ??= why;
    },
    total: () => ({ refused, reason }),
  };
}

function unrefSleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
