import type { LogEntry } from "@hivewatch/runs";
import { type Coding, encodeShared } from "./coding.ts";
import { encodeFrame, type Form } from "./encode-frame.ts";
import { type CacheMemory, createFrameCache, type Frame, type FrameCache } from "./frame-cache.ts";
import type { Place } from "./place.ts";
import { type Limit, share } from "./scheduling.ts";

/** What subscribers can choose of a stream. */
export interface Variant {
  readonly form: Form;
  readonly coding: Coding;
}

/** Entries that follow a place. */
export interface Stretch<P extends Place> {
  readonly entries: readonly LogEntry[];
  /** The place behind the entry of an index. */
  placeAfter(index: number): P;
  /** Whether the entry would be told in another way at another time. Default: none would. */
  isPassing?(entry: LogEntry): boolean;
}

/**
 * Where all subscribers of a stream come together. Each of them is at a place, and asks for the frame that begins there:
 * at the head it is the one that comes next, and before that one from the cache or else from the log. So whoever has
 * fallen behind, or comes back, takes the same way as one who begins, and nobody's frames begin elsewhere than where the
 * last ended. A frame is read and encoded once for all who take it in the same form and coding.
 */
export interface Hub<P extends Place> {
  /** The place behind everything that was published. */
  readonly head: P;
  /** How many subscribers there are. */
  readonly subscribers: number;
  /** Counts in a subscriber. @returns what counts it out */
  join(variant: Variant): () => void;
  /** Moves the head behind new entries, which the log has by now. */
  publish(stretch: Stretch<P>): Promise<void>;
  isBehind(place: P): boolean;
  /**
   * The frame that begins at a place, once it is there.
   *
   * @returns undefined if the signal was aborted first
   * @throws what the hub failed with, or the reading of the log
   */
  after(place: P, variant: Variant, signal: AbortSignal): Promise<Frame<P> | undefined>;
  /** Drops the frames that are passing: they would be encoded in another way now. */
  forget(): void;
  /** Ends the streams of all subscribers with an error. */
  fail(error: unknown): void;
}

export interface HubOptions<P extends Place> {
  readonly head: P;
  readonly memory: CacheMemory;
  readonly limit: Limit;
  /** Whether there may be something in the logs between a place and the head. */
  isBehind(place: P, head: P): boolean;
  /**
   * Reads what comes right behind a place, up to the head at most, and no further than to a place that others are at.
   *
   * @returns no entries if there are none
   */
  load(place: P, head: P, isOthers: (id: string) => boolean): Promise<Stretch<P>>;
}

interface Line<P extends Place> {
  readonly variant: Variant;
  readonly cache: FrameCache<P>;
  readonly loading: Map<string, Promise<Frame<P>>>;
  subscribers: number;
}

/** Starts a hub without subscribers. */
export function createHub<P extends Place>(options: HubOptions<P>): Hub<P> {
  const lines = new Map<string, Line<P>>();
  const waiting = new Set<() => void>();
  let { head } = options;
  /** Counts how often frames were forgotten. */
  let generation = 0;
  let failure: { readonly error: unknown } | undefined;

  function lineOf(variant: Variant): Line<P> {
    const name = `${variant.form} ${variant.coding}`;
    const line = lines.get(name) ?? {
      variant,
      cache: createFrameCache(options.memory),
      loading: new Map(),
      subscribers: 0,
    };
    lines.set(name, line);
    return line;
  }

  function wakeAll(): void {
    for (const wake of [...waiting]) wake();
  }

  /** Waits until the head has moved. */
  function nextHead(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      waiting.add(wake);
      signal.addEventListener("abort", wake);
    });
  }

  async function load(place: P, { variant, cache }: Line<P>): Promise<Frame<P>> {
    const target = head;
    const begunIn = generation;
    const stretch = await options.load(place, target, (id) => cache.get(id) !== undefined);
    const frames = await encodeAll(stretch, variant);
    if (begunIn === generation) remember(cache, place, frames);
    return frames[0] ?? { data: Buffer.alloc(0), next: target, isPassing: true };
  }

  return {
    get head() {
      return head;
    },
    get subscribers() {
      let count = 0;
      for (const line of lines.values()) count += line.subscribers;
      return count;
    },
    join(variant) {
      const line = lineOf(variant);
      line.subscribers++;
      return () => {
        line.subscribers--;
        if (line.subscribers === 0) line.cache.clear();
      };
    },
    async publish(stretch) {
      const inUse = [...lines.values()].filter(({ subscribers }) => subscribers > 0);
      const encoded = await Promise.all(inUse.map(({ variant }) => encodeAll(stretch, variant)));
      // All at once: whoever is handed the first of these frames must not take its end for the head.
      for (const [i, { cache }] of inUse.entries()) remember(cache, head, encoded[i] ?? []);
      head = stretch.placeAfter(stretch.entries.length - 1);
      wakeAll();
    },
    isBehind: (place) => options.isBehind(place, head),
    async after(place, variant, signal) {
      const line = lineOf(variant);
      while (!signal.aborted) {
        if (failure !== undefined) throw failure.error;
        const frame = line.cache.get(place.id);
        if (frame !== undefined) return frame;
        if (options.isBehind(place, head))
          return share(line.loading, place.id, () => options.limit(() => load(place, line)));
        await nextHead(signal);
      }
      return undefined;
    },
    forget() {
      generation++;
      for (const { cache } of lines.values()) cache.forget();
    },
    fail(error) {
      failure = { error };
      wakeAll();
    },
  };
}

async function encodeAll<P extends Place>(
  { entries, placeAfter, isPassing = () => false }: Stretch<P>,
  { form, coding }: Variant,
): Promise<Frame<P>[]> {
  const frames: Frame<P>[] = [];
  for (let start = 0; start < entries.length; ) {
    const first = start;
    const { data, count } = encodeFrame(entries.slice(first), form, (index) => placeAfter(first + index).id);
    start += count;
    frames.push({
      data: await encodeShared(data, coding),
      next: placeAfter(start - 1),
      isPassing: entries.slice(first, start).some(isPassing),
    });
  }
  return frames;
}

function remember<P extends Place>(cache: FrameCache<P>, from: P, frames: readonly Frame<P>[]): void {
  let place = from;
  for (const frame of frames) {
    cache.set(place.id, frame);
    place = frame.next;
  }
}
