import type { ServerResponse } from "node:http";
import type { RunListing, RunStore } from "@hivewatch/runs";
import type { AllRunsHub } from "./all-runs-hub.ts";
import { type CacheMemory, createCacheMemory } from "./frame-cache.ts";
import { createLeases, type Leases } from "./leases.ts";
import { createLogCursors, type LogCursors } from "./log-cursors.ts";
import type { RunHub } from "./run-hub.ts";
import { createLimit, createTurns, type Limit, type Turns } from "./scheduling.ts";

/** What the streams of a server have in common. */
export interface StreamParts {
  readonly store: RunStore;
  readonly cursors: LogCursors;
  readonly memory: CacheMemory;
  /** For reading from logs: many who are behind must not all read at once. */
  readonly limit: Limit;
  /** For writing to subscribers. */
  readonly turns: Turns;
  /** The looks for runs that aren't there yet. */
  readonly looks: Map<string, Promise<RunListing | undefined>>;
  readonly runHubs: Leases<RunHub>;
  readonly allRunsHub: Leases<Promise<AllRunsHub>>;
  /** The answers that are being sent. */
  readonly subscribers: Set<ServerResponse>;
  /** How long a subscriber may take nothing of what was written to it. */
  readonly stalledAfterMs: number;
  /** Aborted when the server closes. */
  readonly closing: AbortSignal;
}

/** About a minute of 10,000 events a second, compressed. */
const CACHE_BYTES = 128 * 1024 * 1024;
const MAX_READERS = 4;

export function createStreamParts(options: Pick<StreamParts, "store" | "stalledAfterMs" | "closing">): StreamParts {
  return {
    ...options,
    cursors: createLogCursors(options.store, options.closing),
    memory: createCacheMemory(CACHE_BYTES),
    limit: createLimit(MAX_READERS),
    turns: createTurns(),
    looks: new Map(),
    runHubs: createLeases(),
    allRunsHub: createLeases(),
    subscribers: new Set(),
  };
}

const MIN_PAUSE_MS = 100;
const MAX_PAUSE_MS = 250;

/**
 * How long to gather events before they are sent. What sending costs is the number of writes: with many subscribers there
 * are fewer of them.
 */
export function pauseMs(subscribers: number): number {
  return Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, subscribers / 4));
}
