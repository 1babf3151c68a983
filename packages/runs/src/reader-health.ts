import { type DeliveryStats, newDeliveryStats } from "@hivewatch/core";
import type { RunNews } from "./run-news.ts";

/** How far a reader is behind the logs. */
export interface ReaderLag {
  /** Events that are in the logs and that the reader is not done with, as far as the ends of the logs are known. */
  readonly events: number;
  /** Runs that it has not read to their end. */
  readonly runs: number;
  /** How long, at least, the oldest of these events has waited, in ms; 0 if there is none. */
  readonly waitedMs: number;
}

/** How a reader of a store's runs is doing. It costs nothing for an event, only for news and for what is done at once. */
export interface ReaderHealth {
  /** Counts what it has delivered, if it does. */
  readonly stats: DeliveryStats;
  /** Takes word of how long a log is. */
  hear(news: RunNews): void;
  /** Says of which runs there is something left to read from earlier. How much is not known before it is read. */
  expect(runIds: readonly string[]): void;
  /** Says that it begins to read a run. */
  begin(runId: string, position: number): void;
  /** Says how far it is done with a run. */
  reach(runId: string, position: number): void;
  /** Says that it has read a run to its end, or has no use for it. */
  end(runId: string): void;
  /** Says that it could not read a run on: it stays behind. */
  fail(runId: string): void;
  lag(): ReaderLag;
}

interface RunProgress {
  isOpen: boolean;
  /** Of the log; undefined if nobody has told. */
  end: number | undefined;
  /** How far the reader has come; undefined if it doesn't read the run now, nor is about to. */
  done: number | undefined;
  /** An end that the log had at a time, and that the reader has not come to. */
  mark: { readonly end: number; readonly since: number } | undefined;
}

/** @param name - that of the reader */
export function createReaderHealth(name: string): ReaderHealth {
  const runs = new Map<string, RunProgress>();

  function progressOf(runId: string): RunProgress {
    const progress = runs.get(runId) ?? { isOpen: false, end: undefined, done: undefined, mark: undefined };
    runs.set(runId, progress);
    return progress;
  }

  function reach(runId: string, position: number): void {
    const progress = progressOf(runId);
    progress.done = position;
    if (progress.end === undefined) progress.mark ??= unknownEnd();
    settle(progress);
  }

  return {
    stats: newDeliveryStats(name),
    hear({ runId, position, isOpen }) {
      const isNew = position !== undefined && !runs.has(runId);
      const progress = progressOf(runId);
      // The reader may be busy, and begin with it much later.
      if (isNew) progress.done = 0;
      progress.isOpen = isOpen;
      progress.end = position ?? progress.end;
      settle(progress);
      if (!progress.isOpen && progress.done === undefined && progress.mark === undefined) runs.delete(runId);
    },
    expect(runIds) {
      for (const runId of runIds) if (!runs.has(runId)) progressOf(runId).mark = unknownEnd();
    },
    begin: reach,
    reach,
    end(runId) {
      const progress = progressOf(runId);
      progress.done = undefined;
      progress.mark = undefined;
      if (!progress.isOpen) runs.delete(runId);
    },
    fail(runId) {
      progressOf(runId).mark ??= unknownEnd();
    },
    lag() {
      const now = performance.now();
      const behind = [...runs.values()].filter(({ mark }) => mark !== undefined);
      return {
        events: behind.reduce((events, progress) => events + eventsBehind(progress), 0),
        runs: behind.length,
        waitedMs: behind.reduce((longest, { mark }) => Math.max(longest, now - (mark?.since ?? now)), 0),
      };
    },
  };
}

function eventsBehind({ end, done }: RunProgress): number {
  return end === undefined || done === undefined ? 0 : Math.max(0, end - done);
}

function unknownEnd(): RunProgress["mark"] {
  return { end: Number.POSITIVE_INFINITY, since: performance.now() };
}

/** What came before a mark is at least as old as the mark is: so one is enough, and the age is exact for a reader that stands still. */
function settle(progress: RunProgress): void {
  const { end, done, mark } = progress;
  if (end === undefined || done === undefined) return;
  if (done >= end) progress.mark = undefined;
  else if (mark === undefined || done >= mark.end || mark.end > end) progress.mark = { end, since: performance.now() };
}
