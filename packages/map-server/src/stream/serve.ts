import type { Hub } from "./hub.ts";
import type { Place } from "./place.ts";
import type { Subscriber } from "./subscriber.ts";

/** How many times as long as he may take nothing a subscriber who was up to date may lag behind. */
const BEHIND_PER_STALLED = 20;

export interface Serving<P extends Place> {
  readonly hub: Hub<P>;
  readonly start: P;
  readonly stalledAfterMs: number;
  /** Called whenever nothing is left to send. */
  onHead?(place: P): void;
  /** What to say to a subscriber who is too slow. */
  reload(place: P): Readonly<Record<string, unknown>>;
}

/** Sends a hub's frames to a subscriber, from a place on, until one of them ends it. */
export async function serve<P extends Place>(subscriber: Subscriber, serving: Serving<P>): Promise<void> {
  const { hub, start, stalledAfterMs } = serving;
  const { variant, signal } = subscriber;
  const leave = hub.join(variant);
  let place = start;
  /** When this subscriber was last up to date. */
  let headAt: number | undefined;
  try {
    for (;;) {
      if (!hub.isBehind(place)) {
        serving.onHead?.(place);
        headAt = Date.now();
      }
      const frame = await hub.after(place, variant, signal);
      if (frame === undefined) return;
      place = frame.next;
      const isTaken = await subscriber.send(frame.data);
      if (signal.aborted) return;
      const isLost = headAt !== undefined && Date.now() - headAt > BEHIND_PER_STALLED * stalledAfterMs;
      if (!isTaken || isLost) {
        subscriber.end({ event_type: "reload", ...serving.reload(place), reason: isTaken ? "behind" : "stalled" });
        return;
      }
    }
  } finally {
    leave();
  }
}
