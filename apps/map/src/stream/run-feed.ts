import { type Signal, signal } from "@preact/signals";
import { isRepeat, type Notice, parseFrame } from "../engine/frame.ts";
import { createRunModel, foldEvents, type RunModel } from "../model/run-model.ts";
import { followStream } from "./event-stream.ts";

/** How far a connection has come. */
export type FeedPhase = "connecting" | "not_found" | "loading" | "following" | "reconnecting";

/** What is known of a run so far. The model changes in place; a new snapshot says that it did. */
export interface Snapshot {
  readonly model: RunModel;
}

/** A run that is being read from its stream. */
export interface RunFeed {
  readonly snapshot: Signal<Snapshot>;
  readonly phase: Signal<FeedPhase>;
  /** When this page last got an event, as `Date.now()`; undefined while everything came from the backlog. */
  readonly lastArrival: Signal<number | undefined>;
  /** Tells up to which position there are events. The stream of a run that was over goes on if these are more. */
  hear(position: number): void;
  close(): void;
}

/** While a backlog loads, the page shows no more often than this how far it has come. */
const LOADING_INTERVAL_MS = 400;
/** Drawing gets one part of the time in so many; with a great many clients it would otherwise take it all. */
const DRAWING_SHARE = { following: 3, loading: 10 };
/** How long folding may keep the page from drawing: short once people watch, longer while they wait for a backlog. */
const FOLD_BUDGET_MS = { following: 12, loading: 60 };

/** Starts reading a run. Frames are folded between the page's drawings, never while they arrive. */
export function openRunFeed(runId: string): RunFeed {
  const snapshot = signal<Snapshot>({ model: createRunModel(runId) });
  const phase = signal<FeedPhase>("connecting");
  const lastArrival = signal<number | undefined>(undefined);
  let loading: RunModel = snapshot.value.model;
  let queue: { data: string; id: string }[] = [];
  let lastId = "";
  let caughtUp = false;
  let listed = 0;
  let ended = false;
  let changed = false;
  let publishedAt = 0;
  let drawingMs = 0;
  let isDrawing = false;
  let scheduled = false;

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    // A page in the background draws no frames, but must not pile up events.
    if (document.hidden) setTimeout(work, 250);
    else requestAnimationFrame(work);
  }

  function work(): void {
    scheduled = false;
    if (isDrawing) drawingMs = performance.now() - publishedAt;
    isDrawing = false;
    const until = performance.now() + (caughtUp ? FOLD_BUDGET_MS.following : FOLD_BUDGET_MS.loading);
    let next = 0;
    while (next < queue.length && performance.now() < until) apply(queue[next++]);
    queue = queue.slice(next);
    publish();
    if (queue.length > 0 || changed) schedule();
  }

  function apply(frame: { data: string; id: string } | undefined): void {
    if (frame === undefined) return;
    const { notices, events } = parseFrame(frame.data);
    for (const notice of notices) takeNotice(notice);
    if (events.length === 0 || isRepeat(lastId, frame.id)) return;
    lastId = frame.id;
    if (phase.value === "not_found") phase.value = "following";
    foldEvents(loading, events);
    if (caughtUp) lastArrival.value = Date.now();
    changed = true;
  }

  function takeNotice(notice: Notice): void {
    if (notice === "connected") phase.value = caughtUp ? "following" : "loading";
    if (notice === "not_found") phase.value = "not_found";
    if (notice === "caught_up") phase.value = "following";
    if (notice === "reload") stream.startAgain();
    // Browsers open but a few connections at a time: one that has told all must not keep another page waiting.
    if (notice === "stream_end" && listed <= Number(lastId)) {
      ended = true;
      stream.close();
    }
    if (notice === "caught_up" || notice === "not_found") {
      caughtUp = true;
      changed = true;
    }
  }

  function publish(): void {
    if (!changed) return;
    const now = performance.now();
    const isReplacement = loading !== snapshot.value.model;
    const interval = caughtUp
      ? drawingMs * DRAWING_SHARE.following
      : Math.max(LOADING_INTERVAL_MS, drawingMs * DRAWING_SHARE.loading);
    if (now - publishedAt < interval || (isReplacement && !caughtUp)) return;
    changed = false;
    publishedAt = now;
    isDrawing = true;
    snapshot.value = { model: loading };
    schedule();
  }

  const stream = followStream(`stream?${new URLSearchParams({ run_id: runId, batch: "1" })}`, {
    onFrame(data, id) {
      // The browser repeats the last id for frames that have none.
      queue.push({ data, id });
      schedule();
    },
    onLost() {
      phase.value = "reconnecting";
    },
    onStart() {
      queue = [];
      lastId = "";
      caughtUp = false;
      ended = false;
      // What is on screen stays until the new connection has told as much.
      if (loading.state.eventCount > 0) loading = createRunModel(runId);
    },
  });

  // A drawing that was asked for before the page went to the background never comes.
  const onVisibility = (): void => {
    if (document.hidden && scheduled) setTimeout(work);
  };
  document.addEventListener("visibilitychange", onVisibility);

  return {
    snapshot,
    phase,
    lastArrival,
    hear(position) {
      listed = position;
      if (!ended || position <= Number(lastId)) return;
      ended = false;
      stream.goOn(lastId);
    },
    close() {
      document.removeEventListener("visibilitychange", onVisibility);
      stream.close();
    },
  };
}
