import type { HiveEvent } from "@hivewatch/core";
import type { Place } from "./segments.ts";

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

/** The end of a log that is being written in this process. */
export interface LogEnd {
  /** The position behind the last event that is durable. */
  readonly position: number;
  /** Where the segment that is written to begins, and places in it; if the writer is in this thread. */
  readonly segment?: { readonly firstPosition: number; readonly places: readonly Place[] } | undefined;
}

/** How a reader learns of what is written while it reads. */
export interface WaitForMore {
  /** Resolves when there may be more to read, or the signal is aborted. */
  (signal: AbortSignal | undefined): Promise<void>;
  /** The log's end if it is being written in this process, behind which nothing may be read. */
  readonly end?: (() => LogEnd | undefined) | undefined;
}

export const AT_END: ReadStep = { entries: [], atEnd: true };
