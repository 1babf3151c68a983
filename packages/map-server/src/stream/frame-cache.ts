import type { Place } from "./place.ts";

/** What is written to subscribers who are at one place, to bring them to the next. */
export interface Frame<P extends Place> {
  readonly data: Buffer;
  readonly next: P;
  /** Whether it would be encoded in another way at another time. */
  readonly isPassing: boolean;
}

/** What all caches of a server may hold together. */
export interface CacheMemory {
  /**
   * Takes some of it. If there is not enough left, the oldest holders have to drop theirs.
   *
   * @returns what gives it back
   */
  hold(bytes: number, drop: () => void): () => void;
}

export function createCacheMemory(maxBytes: number): CacheMemory {
  const holders = new Set<{ readonly bytes: number; drop(): void }>();
  let held = 0;

  return {
    hold(bytes, drop) {
      const holder = { bytes, drop };
      const release = (): void => {
        if (holders.delete(holder)) held -= bytes;
      };
      holders.add(holder);
      held += bytes;
      for (const oldest of holders) {
        if (held <= maxBytes) break;
        holders.delete(oldest);
        held -= oldest.bytes;
        oldest.drop();
      }
      return release;
    },
  };
}

/** Encoded frames by the id of the place where they begin. */
export interface FrameCache<P extends Place> {
  get(id: string): Frame<P> | undefined;
  set(id: string, frame: Frame<P>): void;
  clear(): void;
  /** Drops the frames that are passing. */
  forget(): void;
}

export function createFrameCache<P extends Place>(memory: CacheMemory): FrameCache<P> {
  const frames = new Map<string, { readonly frame: Frame<P>; release(): void }>();

  return {
    get: (id) => frames.get(id)?.frame,
    set(id, frame) {
      frames.get(id)?.release();
      const entry = { frame, release: (): void => {} };
      frames.set(id, entry);
      entry.release = memory.hold(frame.data.length, () => {
        if (frames.get(id) === entry) frames.delete(id);
      });
    },
    forget() {
      for (const [id, { frame, release }] of frames) {
        if (!frame.isPassing) continue;
        release();
        frames.delete(id);
      }
    },
    clear() {
      for (const { release } of frames.values()) release();
      frames.clear();
    },
  };
}
