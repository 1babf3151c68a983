import { setTimeout as sleep } from "node:timers/promises";
import { type HiveEvent, stringifyEvent } from "@hivewatch/core";
import type { LogEntry, RunListing, RunStore } from "@hivewatch/runs";
import { type Exchange, writeSlowly } from "./responses.ts";

const PING_MS = 15_000;
/** How long to wait for more between two frames that hold several events each. */
const FRAME_MS = 100;
const MAX_FRAME_EVENTS = 1000;
/** How often to look whether a run has appeared. */
const LOOK_MS = 1000;

const HEAD = { "Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no" };

/** One subscriber of server-sent events. */
interface Subscriber {
  readonly batch: boolean;
  /** Aborted when the browser has gone or the server closes. */
  readonly signal: AbortSignal;
  /** Sends a frame about the connection itself. */
  note(event: Record<string, unknown>): Promise<void>;
  /** Sends entries; `idOf` gives the id that a browser sends back to go on from there. */
  entries(entries: readonly LogEntry[], idOf: (entry: LogEntry) => string): Promise<void>;
}

/** `HEAD /stream`. */
export function sendStreamHead({ response }: Exchange): void {
  response.writeHead(200, HEAD);
  response.end();
}

/** `GET /stream?run_id=<id>`: the run from its beginning, or from where the browser was, and on as it is written. */
export async function streamRun(
  exchange: Exchange,
  store: RunStore,
  runId: string,
  closing: AbortSignal,
): Promise<void> {
  const subscriber = subscribe(exchange, closing);
  await subscriber.note({ event_type: "connected" });
  const listing = await waitForRun(store, runId, subscriber);
  if (listing === undefined) return;
  const from = Number(lastEventId(exchange) ?? 0);
  const options = { from: Number.isSafeInteger(from) && from > 0 ? from : 0, follow: true, signal: subscriber.signal };
  const positionOf = (entry: LogEntry): string => String(entry.position);
  let held: LogEntry[] = [];
  let caughtUp = false;
  for await (const step of store.read(runId, options)) {
    if (subscriber.signal.aborted) return;
    held = held.concat(withMode(step.entries, listing));
    if (!step.atEnd && held.length < MAX_FRAME_EVENTS) continue;
    await subscriber.entries(held, positionOf);
    held = [];
    if (!step.atEnd) continue;
    if (!caughtUp) await subscriber.note({ event_type: "caught_up" });
    caughtUp = true;
    if (subscriber.batch) await pause(FRAME_MS, subscriber);
  }
}

/** `GET /stream`: the events of all runs from now on, or from where the browser was. */
export async function streamAll(exchange: Exchange, store: RunStore, closing: AbortSignal): Promise<void> {
  // Looked up before the subscriber hears that it is connected: from then on nothing may be missing.
  let runs = await store.list();
  const subscriber = subscribe(exchange, closing);
  await subscriber.note({ event_type: "connected" });
  const resumed = decodeMark(lastEventId(exchange));
  const mark: Mark = { positions: new Map(resumed?.positions), followed: new Set(), newest: resumed?.newest ?? "" };

  async function follow(runId: string): Promise<void> {
    const options = { from: mark.positions.get(runId), follow: true, signal: subscriber.signal };
    for await (const step of store.read(runId, options)) {
      if (subscriber.signal.aborted) return;
      await subscriber.entries(step.entries, (entry) => advance(mark, entry));
      if (step.entries.some((entry) => entry.event.event_type === "finished")) return;
      if (step.atEnd && subscriber.batch) await pause(FRAME_MS, subscriber);
    }
  }

  for (let first = true; !subscriber.signal.aborted; first = false) {
    for (const run of runs) {
      const { run_id: runId } = run;
      if (first && !mark.positions.has(runId) && !isNewSince(run, resumed)) mark.positions.set(runId, run.position);
      const isOver = run.status !== "running" && run.position <= (mark.positions.get(runId) ?? 0);
      if (mark.followed.has(runId) || isOver) continue;
      if (first && run.status === "running") await subscriber.note({ event_type: "init", run_id: runId, mode: "live" });
      mark.followed.add(runId);
      follow(runId)
        .catch(() => undefined)
        .finally(() => mark.followed.delete(runId));
    }
    await pause(LOOK_MS, subscriber);
    runs = await store.list();
  }
}

/** How far a subscriber of all runs has come. */
interface Mark {
  readonly positions: Map<string, number>;
  /** The runs that are being followed. An id names these alone: a browser sends no long ones back. */
  readonly followed: Set<string>;
  /** The time of the newest event that was sent. */
  newest: string;
}

function advance(mark: Mark, { event, position }: LogEntry): string {
  mark.positions.set(event.run_id, position);
  if (event.timestamp > mark.newest) mark.newest = event.timestamp;
  const positions = Array.from(mark.followed, (runId) => [runId, mark.positions.get(runId) ?? 0]);
  return Buffer.from(JSON.stringify([mark.newest, ...positions])).toString("base64url");
}

/** Whether a run that a mark doesn't name has come about since, so that nothing of it was sent. */
function isNewSince(run: RunListing, mark: ResumedMark | undefined): boolean {
  return mark !== undefined && run.started_at > mark.newest;
}

type ResumedMark = Pick<Mark, "positions" | "newest">;

function decodeMark(id: string | undefined): ResumedMark | undefined {
  if (id === undefined) return undefined;
  try {
    const [newest, ...positions] = JSON.parse(Buffer.from(id, "base64url").toString());
    return { newest: String(newest), positions: new Map(positions.filter(isPosition)) };
  } catch {
    return undefined; // not an id of ours: begin as if there were none
  }
}

function isPosition(value: unknown): value is [string, number] {
  return Array.isArray(value) && typeof value[0] === "string" && Number.isSafeInteger(value[1]);
}

function subscribe({ response, query }: Exchange, closing: AbortSignal): Subscriber {
  response.writeHead(200, HEAD);
  const batch = query.get("batch") === "1";
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, closing]);
  response.on("close", () => gone.abort());
  const frame = (events: readonly Record<string, unknown>[], id?: string): Promise<void> => {
    const data = stringifyEvent(batch ? events : events[0]);
    pings.refresh();
    return writeSlowly(response, `${id === undefined ? "" : `id: ${id}\n`}data: ${data}\n\n`, signal);
  };
  const pings = setInterval(() => {
    // Whoever is slow to read has no need of more.
    if (!response.writableNeedDrain) void frame([{ event_type: "ping" }]);
  }, PING_MS);
  signal.addEventListener("abort", () => {
    clearInterval(pings);
    response.end();
  });
  return {
    batch,
    signal,
    note: (event) => frame([event]),
    async entries(entries, idOf) {
      const size = batch ? MAX_FRAME_EVENTS : 1;
      for (let i = 0; i < entries.length && !signal.aborted; i += size) {
        const part = entries.slice(i, i + size);
        let id = "";
        for (const entry of part) id = idOf(entry);
        await frame(
          part.map((entry) => entry.event),
          id,
        );
      }
    },
  };
}

/** The run's listing, once it is there; undefined if the subscriber went away first. */
async function waitForRun(store: RunStore, runId: string, subscriber: Subscriber): Promise<RunListing | undefined> {
  for (let told = false; !subscriber.signal.aborted; told = true) {
    const listing = await store.listing(runId);
    if (listing !== undefined) return listing;
    if (!told) await subscriber.note({ event_type: "not_found", run_id: runId });
    await pause(LOOK_MS, subscriber);
  }
  return undefined;
}

/** Waits, unless the subscriber goes away. */
async function pause(ms: number, { signal }: Subscriber): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}

/** Tells in a run's first event whether it is going on, as Python hivewatch's viewer wants to know. */
function withMode(entries: readonly LogEntry[], listing: RunListing): readonly LogEntry[] {
  if (!entries.some((entry) => entry.event.event_type === "init")) return entries;
  const mode = listing.status === "running" ? "live" : "static";
  return entries.map((entry) => {
    const event: HiveEvent = entry.event.event_type === "init" ? { ...entry.event, mode } : entry.event;
    return { ...entry, event };
  });
}

function lastEventId({ request, query }: Exchange): string | undefined {
  const header = request.headers["last-event-id"];
  return (Array.isArray(header) ? header[0] : header) ?? query.get("last_event_id") ?? undefined;
}
