import type { HiveEvent } from "@hivewatch/core";
import type { Connection } from "../data/run-data.ts";
import { followStream } from "./follow-stream.ts";
import { isRepeat, type Notice, parseFrame } from "./frame.ts";

/** The events of a run, as they come over its stream, taken bit by bit. */
export interface EventQueue {
  /** Tells up to which position there are events. The stream of a run that was over goes on if these are more. */
  hear(position: number): void;
  /**
   * Passes over what has not been taken up to a position, and goes on behind it.
   *
   * @returns whether there was any
   */
  skipTo(position: number): boolean;
  close(): void;
}

export interface EventQueueHandlers {
  /**
   * @param position - behind the events, in the run's log
   * @param arrival - when they came in, in milliseconds since 1970
   */
  onEvents(events: readonly HiveEvent[], position: number, arrival: number): void;
  onPhase(phase: Connection["phase"]): void;
  /** It is better to load the run anew. */
  onReload(): void;
  /** More comes than can be taken. */
  onBehind(): void;
}

/** Taking events keeps the engine from answering no longer than this. */
const BUDGET_MS = 30;

/** So many characters may wait: what comes faster than it can be taken is fetched again, behind what was taken. */
const MAX_WAITING = 4 * 1024 * 1024;

/** @param lastId - behind which to begin; "" for the run's beginning */
export function createEventQueue(address: string, lastId: string, handlers: EventQueueHandlers): EventQueue {
  let frames: { readonly data: string; readonly id: string; readonly arrival: number }[] = [];
  let last = lastId;
  let waiting = 0;
  let isStopped = false;
  let isScheduled = false;
  let heard = 0;
  let hasEnded = false;

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
      if (frame === undefined) continue;
      waiting -= frame.data.length;
      take(frame.data, frame.id, frame.arrival);
    }
    frames = frames.slice(next);
    if (frames.length > 0) schedule();
    else if (isStopped) {
      isStopped = false;
      stream.goOn(last);
    }
  }

  function take(data: string, id: string, arrival: number): void {
    const { notices, events } = parseFrame(data);
    for (const notice of notices) takeNotice(notice);
    if (events.length === 0 || isRepeat(last, id)) return;
    last = id;
    handlers.onEvents(events, Number(id), arrival);
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
        hasEnded = true;
        goOnIfMore();
        return;
    }
  }

  function goOnIfMore(): void {
    if (!hasEnded || heard <= Number(last)) return;
    hasEnded = false;
    stream.goOn(last);
  }

  const stream = followStream(address, lastId, {
    onFrame(data, id) {
      frames.push({ data, id, arrival: Date.now() });
      waiting += data.length;
      schedule();
      if (waiting <= MAX_WAITING) return;
      isStopped = true;
      stream.close();
      handlers.onBehind();
    },
    onLost: () => handlers.onPhase("reconnecting"),
    onNone: () => handlers.onPhase("saved"),
  });

  return {
    hear(position) {
      heard = position;
      goOnIfMore();
    },
    skipTo(position) {
      if (position <= Number(last)) return false;
      frames = [];
      waiting = 0;
      isStopped = false;
      last = String(position);
      stream.goOn(last);
      return true;
    },
    close() {
      frames = [];
      isStopped = false;
      stream.close();
    },
  };
}
