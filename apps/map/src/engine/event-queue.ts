import type { HiveEvent } from "@hivewatch/core";
import type { Connection } from "../data/run-data.ts";
import { followStream } from "./follow-stream.ts";
import { isRepeat, type Notice, parseFrame } from "./frame.ts";

/** The events of a run, as they come over its stream, taken bit by bit. */
export interface EventQueue {
  close(): void;
}

export interface EventQueueHandlers {
  /** @param position - behind the events, in the run's log */
  onEvents(events: readonly HiveEvent[], position: number): void;
  onPhase(phase: Connection["phase"]): void;
  /** It is better to load the run anew. */
  onReload(): void;
}

/** Taking events keeps the engine from answering no longer than this. */
const BUDGET_MS = 30;

/** A run that is over may go on; it is asked for this often. */
const AGAIN_MS = 15_000;

/** @param lastId - behind which to begin; "" for the run's beginning */
export function createEventQueue(address: string, lastId: string, handlers: EventQueueHandlers): EventQueue {
  let frames: { readonly data: string; readonly id: string }[] = [];
  let last = lastId;
  let isScheduled = false;
  let again: ReturnType<typeof setTimeout> | undefined;

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setTimeout(work);
  }

  function work(): void {
    isScheduled = false;
    const until = performance.now() + BUDGET_MS;
    let next = 0;
    while (next < frames.length && performance.now() < until) {
      const frame = frames[next++];
      if (frame !== undefined) take(frame.data, frame.id);
    }
    frames = frames.slice(next);
    if (frames.length > 0) schedule();
  }

  function take(data: string, id: string): void {
    const { notices, events } = parseFrame(data);
    for (const notice of notices) takeNotice(notice);
    if (events.length === 0 || isRepeat(last, id)) return;
    last = id;
    handlers.onEvents(events, Number(id));
  }

  function takeNotice(notice: Notice): void {
    switch (notice) {
      case "connected":
        handlers.onPhase("loading");
        return;
      case "caught_up":
        handlers.onPhase("live");
        return;
      case "not_found":
        handlers.onPhase("not_found");
        return;
      case "reload":
        handlers.onReload();
        return;
      case "stream_end":
        // Browsers open but a few connections at a time: one that has told all must not keep another page waiting.
        stream.close();
        handlers.onPhase("over");
        again = setTimeout(() => stream.goOn(last), AGAIN_MS);
        return;
    }
  }

  const stream = followStream(address, lastId, {
    onFrame(data, id) {
      frames.push({ data, id });
      schedule();
    },
    onLost: () => handlers.onPhase("reconnecting"),
    onNone: () => handlers.onPhase("saved"),
  });

  return {
    close() {
      clearTimeout(again);
      frames = [];
      stream.close();
    },
  };
}
