import { setTimeout as sleep } from "node:timers/promises";
import type { RunListing } from "@hivewatch/runs";
import type { Exchange } from "../responses.ts";
import { openAllRunsHub } from "./all-runs-hub.ts";
import { decodeMark } from "./all-runs-mark.ts";
import { openRunHub, type RunHub, type RunPlace, runPlace } from "./run-hub.ts";
import { share } from "./scheduling.ts";
import { serve } from "./serve.ts";
import type { StreamParts } from "./stream-parts.ts";
import { STREAM_HEAD, type Subscriber, subscribe } from "./subscriber.ts";

/** How often to look whether a run has appeared. */
const LOOK_MS = 1000;

/** `HEAD /stream`. */
export function sendStreamHead({ response }: Exchange): void {
  response.writeHead(200, STREAM_HEAD);
  response.end();
}

/** `GET /stream?run_id=<id>`: the run from its beginning, or from where the browser was, and on as it is written. */
export async function streamRun(exchange: Exchange, parts: StreamParts, runId: string): Promise<void> {
  const subscriber = subscribe(exchange, parts);
  subscriber.note({ event_type: "connected" });
  const listing = await waitForRun(runId, parts, subscriber);
  if (listing === undefined) return;
  const from = positionOf(lastEventId(exchange));
  if (await isBeyond(from, listing, parts)) return endAsLost(subscriber, parts, { run_id: runId, position: 0 }, "0");
  const { value, release } = parts.runHubs.take(runId, (signal) => openRunHub(listing, parts, signal));
  try {
    await serve(subscriber, {
      hub: value.hub,
      start: runPlace(from),
      stalledAfterMs: parts.stalledAfterMs,
      onHead: notesAtHead(subscriber, value, listing),
      reload: ({ position }) => ({ run_id: runId, position }),
    });
  } finally {
    release();
  }
}

/** The position that an id stands for; 0 if it is no id of ours. */
function positionOf(id = ""): number {
  const position = /^\d+$/.test(id) ? Number(id) : 0;
  return Number.isSafeInteger(position) ? position : 0;
}

/** Whether a log has been shortened since somebody had it up to a position, as a loss of power can do. */
async function isBeyond(
  from: number,
  { run_id: runId, position }: RunListing,
  { store }: StreamParts,
): Promise<boolean> {
  if (from <= position) return false;
  // That listing may have been begun before what the id stands for was written.
  const again = await store.listing(runId);
  return again !== undefined && from > again.position;
}

/** Whether that is so of any of the runs that an id of the stream of all runs names. */
async function isAnyBeyond(id: string | undefined, parts: StreamParts): Promise<boolean> {
  const mark = id === undefined ? undefined : decodeMark(id);
  if (mark === undefined) return false;
  for (const listing of await parts.store.list()) {
    if (await isBeyond(mark.positions.get(listing.run_id) ?? 0, listing, parts)) return true;
  }
  return false;
}

/** Ends a stream that has to be begun anew, but not all the time. */
async function endAsLost(
  subscriber: Subscriber,
  { closing }: StreamParts,
  from: { run_id: string; position: number } | undefined,
  id: string,
): Promise<void> {
  await sleep(LOOK_MS, undefined, { signal: closing }).catch(() => undefined);
  subscriber.end({ event_type: "reload", ...from, reason: "lost" }, id);
}

/** Says that everything has been sent that was there on connecting, and whenever everything of a run that is over. */
function notesAtHead(subscriber: Subscriber, run: RunHub, listing: RunListing): (place: RunPlace) => void {
  let isCaughtUp = false;
  let endedAt: string | undefined;
  return (place) => {
    if (!isCaughtUp && place.position >= listing.position) {
      isCaughtUp = true;
      subscriber.note({ event_type: "caught_up" });
    }
    if (isCaughtUp && run.isOverAt(place) && endedAt !== place.id) {
      endedAt = place.id;
      subscriber.note({ event_type: "stream_end", run_id: listing.run_id });
    }
  };
}

/** `GET /stream`: the events of all runs from now on, or from where the browser was. */
export async function streamAll(exchange: Exchange, parts: StreamParts): Promise<void> {
  const { value, release } = parts.allRunsHub.take("", (signal) => openAllRunsHub(parts, signal));
  try {
    // Before the subscriber hears that it is connected: from then on nothing may be missing.
    const { hub, live, placeOf } = await value;
    const id = lastEventId(exchange);
    const hasLost = await isAnyBeyond(id, parts);
    const start = placeOf(hasLost ? undefined : id);
    const runIds = [...live()];
    const subscriber = subscribe(exchange, parts);
    // With an id, so that whoever loses the connection before the first event misses nothing either.
    subscriber.note({ event_type: "connected" }, start.id);
    if (hasLost) return await endAsLost(subscriber, parts, undefined, start.id);
    for (const runId of runIds) subscriber.note({ event_type: "init", run_id: runId, mode: "live" });
    await serve(subscriber, { hub, start, stalledAfterMs: parts.stalledAfterMs, reload: () => ({}) });
  } finally {
    release();
  }
}

/** The run's listing, once it is there; undefined if the subscriber went away first. */
async function waitForRun(
  runId: string,
  parts: StreamParts,
  { signal, note }: Subscriber,
): Promise<RunListing | undefined> {
  let listing = await parts.store.listing(runId);
  if (listing === undefined) note({ event_type: "not_found", run_id: runId });
  while (listing === undefined && !signal.aborted)
    listing = await share(parts.looks, runId, () => lookLater(runId, parts));
  return signal.aborted ? undefined : listing;
}

async function lookLater(runId: string, { store, closing }: StreamParts): Promise<RunListing | undefined> {
  await sleep(LOOK_MS, undefined, { signal: closing }).catch(() => undefined);
  return closing.aborted ? undefined : store.listing(runId);
}

function lastEventId({ request, query }: Exchange): string | undefined {
  const header = request.headers["last-event-id"];
  return (Array.isArray(header) ? header[0] : header) ?? query.get("last_event_id") ?? undefined;
}
