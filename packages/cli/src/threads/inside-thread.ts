import { parentPort } from "node:worker_threads";
import { errorMessage, HiveWatchError } from "@hivewatch/core";
import type { RunNews } from "@hivewatch/runs";
import { createNewsCount } from "../health/news-count.ts";
import type { Point } from "../health/points.ts";
import { REPORT_MS } from "../health/report.ts";
import { watchVitals } from "../health/vitals.ts";
import type { FromThread, ToThread } from "./messages.ts";

/** A thread as it looks from its inside. */
export interface InsideThread {
  /** Aborted when the thread has to end. */
  readonly signal: AbortSignal;
  /** Hands on news of the logs that another thread writes. */
  onNews(listener: (news: RunNews) => void): void;
  /** Hands on the figures of all threads, again and again. */
  onHealth(listener: (points: readonly Point[]) => void): void;
  /** Says what this thread measures; it is asked now and again and again. */
  measure(points: () => readonly Point[]): void;
  /** Tells the others of the logs that this thread writes. */
  tellNews(news: readonly RunNews[]): void;
  /** Has the main thread tell the user something. */
  say(message: string): void;
  /** The same, and tells the program of a run, too. */
  notify(runId: string, message: string): void;
}

/**
 * Runs a thread's work, and ends the thread.
 *
 * @param work - calls `ready` once it has begun, and returns when it is over, which the signal asks it to be
 */
export async function runThread<Ready>(
  work: (thread: InsideThread, ready: (ready: Ready) => void) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const listeners: ((news: RunNews) => void)[] = [];
  const healthListeners: ((points: readonly Point[]) => void)[] = [];
  const vitals = watchVitals();
  const heard = createNewsCount();
  let measured = (): readonly Point[] => [];
  const post = (message: FromThread<Ready>): void => parentPort?.postMessage(message);
  const report = (): void =>
    post({ type: "health", report: { vitals: vitals(), points: measured(), heard: heard.total } });
  parentPort?.on("message", (message: ToThread) => {
    if (message.type === "stop") stop.abort();
    else if (message.type === "health") for (const listener of healthListeners) listener(message.points);
    else {
      heard.add(message.news);
      for (const news of message.news) for (const listener of listeners) listener(news);
    }
  });
  setInterval(report, REPORT_MS).unref();
  const thread: InsideThread = {
    signal: stop.signal,
    onNews: (listener) => void listeners.push(listener),
    onHealth: (listener) => void healthListeners.push(listener),
    measure(points) {
      measured = points;
      report();
    },
    tellNews: (news) => post({ type: "news", news }),
    say: (message) => post({ type: "say", message }),
    notify: (runId, message) => post({ type: "notice", runId, message }),
  };
  try {
    await work(thread, (ready) => post({ type: "ready", ready }));
  } catch (error) {
    // What is our own mistake ends the thread with where it happened.
    if (!HiveWatchError.is(error)) throw error;
    post({ type: "failed", message: errorMessage(error).replace(/^\[hivewatch\] /, "") });
  }
  report();
  // Whatever an emitter has left open would keep the thread.
  process.exit(0);
}
