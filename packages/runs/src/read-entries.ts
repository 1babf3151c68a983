import type { HiveEvent } from "@hivewatch/core";

/** An event and the position behind it, from which a reader goes on. */
export interface LogEntry {
  readonly position: number;
  readonly event: HiveEvent;
}

/** A step of reading: entries, or word that the end of what is there has been reached. */
export interface ReadStep {
  readonly entries: readonly LogEntry[];
  readonly atEnd: boolean;
}

export interface ReadOptions {
  /** Where to go on: the position of the last entry that was taken. Default 0, the beginning. */
  from?: number | undefined;
  /** Go on with what is appended later, until the signal is aborted. Default: end at the end. */
  follow?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** Resolves when there may be more to read, or the signal is aborted. */
export type WaitForMore = (signal: AbortSignal | undefined) => Promise<void>;

export const AT_END: ReadStep = { entries: [], atEnd: true };
