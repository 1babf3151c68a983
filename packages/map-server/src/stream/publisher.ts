import type { LogEntry } from "@hivewatch/runs";

/** From so many entries on nothing more is waited for. */
const ENOUGH_ENTRIES = 1000;

/** Gathers what followers of logs read, so that it goes out in a few large pieces instead of many small ones. */
export interface Publisher {
  /** Resolves when there is room for more. */
  offer(entries: readonly LogEntry[]): Promise<void>;
}

export interface PublisherOptions {
  /** Takes a thousand entries at most at a time. */
  publish(entries: readonly LogEntry[]): Promise<void>;
  /** How long to gather at present. */
  pauseMs(): number;
  onError(error: unknown): void;
}

/** The first entries after a silence go out at once, and what follows them together, a pause later. */
export function createPublisher({ publish, pauseMs, onError }: PublisherOptions): Publisher {
  let pending: LogEntry[] = [];
  let publishing: Promise<void> | undefined;
  let publishedAt = Number.NEGATIVE_INFINITY;
  let endPause = (): void => {};

  async function publishAll(): Promise<void> {
    try {
      while (pending.length > 0) {
        const ms = publishedAt + pauseMs() - performance.now();
        if (ms > 0 && pending.length < ENOUGH_ENTRIES) await pause(ms);
        const entries = pending;
        pending = [];
        for (let i = 0; i < entries.length; i += ENOUGH_ENTRIES) await publish(entries.slice(i, i + ENOUGH_ENTRIES));
        publishedAt = performance.now();
      }
    } catch (error) {
      onError(error);
    } finally {
      // At once: what is offered from now on needs another one to publish it.
      publishing = undefined;
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  return {
    async offer(entries) {
      for (const entry of entries) pending.push(entry);
      publishing ??= publishAll();
      if (pending.length < ENOUGH_ENTRIES) return;
      endPause();
      await publishing;
    },
  };
}
