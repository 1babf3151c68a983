import type { LogEntry, RunListing } from "@hivewatch/runs";
import { createHub, type Hub, type Stretch } from "./hub.ts";
import type { Place } from "./place.ts";
import { createPublisher } from "./publisher.ts";
import { pauseMs, type StreamParts } from "./stream-parts.ts";

/** A place in one run's log. */
export interface RunPlace extends Place {
  readonly position: number;
}

/** Where the subscribers of one run come together. */
export interface RunHub {
  readonly hub: Hub<RunPlace>;
  /** Whether the run is over for whoever has come to a place. */
  isOverAt(place: RunPlace): boolean;
}

/** The place of a reader who has had everything up to a position. */
export function runPlace(position: number): RunPlace {
  return { id: String(position), position };
}

/**
 * Follows a run from where its listing ends.
 *
 * @param signal - ends it
 */
export function openRunHub(listing: RunListing, parts: StreamParts, signal: AbortSignal): RunHub {
  const { run_id: runId } = listing;
  /** The position where the run ended, if it did. */
  let end = listing.status === "running" ? undefined : listing.position;

  const hub = createHub<RunPlace>({
    head: runPlace(listing.position),
    memory: parts.memory,
    limit: parts.limit,
    isBehind: (place, head) => place.position < head.position,
    async load({ position }, head, isOthers) {
      const isEnough = (at: number): boolean => isOthers(String(at));
      return stretchOf(
        await parts.cursors.read({ runId, from: position, to: head.position, isEnough }),
        end !== undefined,
      );
    },
  });

  async function publish(entries: readonly LogEntry[]): Promise<void> {
    const wasOver = end !== undefined;
    for (const { event, position } of entries) {
      if (event.event_type === "init") end = undefined;
      if (event.event_type === "finished") end = position;
    }
    const isOver = end !== undefined;
    // An init that was encoded by now tells the other mode.
    if (isOver !== wasOver) hub.forget();
    await hub.publish(stretchOf(entries, isOver));
  }

  const publisher = createPublisher({ publish, pauseMs: () => pauseMs(hub.subscribers), onError: hub.fail });
  async function follow(): Promise<void> {
    for await (const { entries } of parts.store.read(runId, { from: listing.position, follow: true, signal })) {
      if (entries.length > 0) await publisher.offer(entries);
    }
  }
  follow().catch(hub.fail);
  signal.addEventListener("abort", () => void parts.cursors.rest());
  return { hub, isOverAt: ({ position }) => end !== undefined && position >= end };
}

function stretchOf(entries: readonly LogEntry[], isOver: boolean): Stretch<RunPlace> {
  return {
    entries: withMode(entries, isOver),
    placeAfter: (index) => runPlace(entries[index]?.position ?? 0),
    isPassing: isInit,
  };
}

/** Tells in a run's first event whether it is going on, as Python hivewatch's viewer wants to know. */
function withMode(entries: readonly LogEntry[], isOver: boolean): readonly LogEntry[] {
  if (!entries.some(isInit)) return entries;
  const mode = isOver ? "static" : "live";
  return entries.map((entry) => (isInit(entry) ? { ...entry, event: { ...entry.event, mode } } : entry));
}

function isInit({ event }: LogEntry): boolean {
  return event.event_type === "init";
}
