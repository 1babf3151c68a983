import type { NewsListener, RunNews } from "@hivewatch/runs";

/** Sends news on, at once all that comes in a while, and of each run the last. */
export interface NewsSender {
  /** Sends what is waiting now. */
  flush(): void;
  stop(): void;
}

/** Each message wakes every thread that reads: while much comes in, that would cost as much as taking it in. */
const GATHER_MS = 20;

export function startNewsSender(
  subscribe: (listener: NewsListener) => () => void,
  send: (news: readonly RunNews[]) => void,
): NewsSender {
  const waiting = new Map<string, RunNews>();
  let next: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(next);
    next = undefined;
    if (waiting.size === 0) return;
    const news = [...waiting.values()];
    waiting.clear();
    send(news);
  }

  const unsubscribe = subscribe((news) => {
    waiting.set(news.runId, news);
    next ??= setTimeout(flush, GATHER_MS);
  });
  return {
    flush,
    stop() {
      unsubscribe();
      clearTimeout(next);
    },
  };
}
