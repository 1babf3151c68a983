/** Word of a log, for its readers: also for those in other threads, so it can be sent to them. */
export interface RunNews {
  readonly runId: string;
  /** Behind the last event that is durable; undefined if that isn't known. */
  readonly position: number | undefined;
  /** Whether it is open for writing. */
  readonly isOpen: boolean;
}

export type NewsListener = (news: RunNews) => void;

/** Where news come together and are passed on. */
export interface NewsBoard {
  tell(news: RunNews): void;
  /** Whether a run's log is open. */
  isOpen(runId: string): boolean;
  /**
   * Passes on all that comes from now on, after word of every log that is open now.
   *
   * @returns what ends it
   */
  subscribe(listener: NewsListener): () => void;
}

export function createNewsBoard(): NewsBoard {
  const open = new Map<string, RunNews>();
  const listeners = new Set<NewsListener>();
  return {
    tell(news) {
      if (news.isOpen) open.set(news.runId, news);
      else open.delete(news.runId);
      for (const listener of listeners) listener(news);
    },
    isOpen: (runId) => open.has(runId),
    subscribe(listener) {
      for (const news of open.values()) listener(news);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
