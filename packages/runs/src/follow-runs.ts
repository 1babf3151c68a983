import { setTimeout as sleep } from "node:timers/promises";
import type { RunNews } from "./run-news.ts";

/** What reads runs, each from its beginning to its end, as they are written. */
export interface RunReader {
  /** The runs that were written before, and not read to their end. */
  behind(): Promise<readonly string[]>;
  /**
   * Reads a run on from where it was left, and follows it until the signal is aborted; then to its end.
   *
   * @param isLive - whether its log is or was open, in this process
   */
  read(runId: string, signal: AbortSignal, isLive: boolean): Promise<void>;
  /** Told why a run could not be read. */
  onError(runId: string, error: unknown): void;
}

/** How many runs of earlier are read at the same time. */
const LANES = 4;
const RETRY_MS = 30_000;

interface Reading {
  readonly closed: AbortController;
  readonly done: Promise<void>;
  /** Whether there was news of the run after it was closed. */
  isStale: boolean;
}

/**
 * Lets a reader follow every run that is open, one reading of a run at a time, and read those to their end that were left
 * behind.
 *
 * @param subscribe - to news of open logs
 * @returns when the signal was aborted and all readings have ended. Never rejects
 */
export async function followRuns(
  subscribe: (listener: (news: RunNews) => void) => () => void,
  reader: RunReader,
  signal: AbortSignal,
): Promise<void> {
  const open = new Set<string>();
  const readings = new Map<string, Reading>();

  function start(runId: string, isLive: boolean): Reading {
    const closed = new AbortController();
    if (signal.aborted || !open.has(runId)) closed.abort();
    const done = read(runId, closed.signal, isLive).then(() => {
      readings.delete(runId);
      if (reading.isStale) start(runId, true);
    });
    const reading: Reading = { closed, done, isStale: false };
    readings.set(runId, reading);
    return reading;
  }

  async function read(runId: string, closed: AbortSignal, isLive: boolean): Promise<void> {
    for (;;) {
      try {
        return await reader.read(runId, closed, isLive);
      } catch (error) {
        reader.onError(runId, error);
      }
      // What is wrong may be mended, as a full disk is.
      if (!closed.aborted) await sleep(RETRY_MS, undefined, { signal: closed, ref: false }).catch(() => undefined);
      if (closed.aborted) return;
    }
  }

  function hear({ runId, isOpen }: RunNews): void {
    const reading = readings.get(runId);
    if (isOpen) open.add(runId);
    else open.delete(runId);
    if (reading === undefined) start(runId, true);
    else if (reading.closed.signal.aborted) reading.isStale = true;
    else if (!isOpen) reading.closed.abort();
  }

  async function catchUp(): Promise<void> {
    const runIds = (await reader.behind()).values();
    async function lane(): Promise<void> {
      for (const runId of runIds) {
        if (signal.aborted) return;
        if (!readings.has(runId)) await start(runId, open.has(runId)).done;
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane));
  }

  const unsubscribe = subscribe(hear);
  const caughtUp = catchUp().catch((error: unknown) => reader.onError("", error));
  await whenAborted(signal);
  unsubscribe();
  for (const { closed } of readings.values()) closed.abort();
  await caughtUp;
  for (let [next] = readings.values(); next !== undefined; [next] = readings.values()) await next.done;
}

function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
