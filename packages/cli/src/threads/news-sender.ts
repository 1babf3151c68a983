import type { NewsListener, RunNews } from "@hivewatch/runs";

/** Sends news on, all of one turn of the event loop at once, and of each run the last. */
export interface NewsSender {
  /** Sends what is waiting now. */
  flush(): void;
  stop(): void;
}

export function startNewsSender(
  subscribe: (listener: NewsListener) => () => void,
  send: (news: readonly RunNews[]) => void,
): NewsSender {
  const waiting = new Map<string, RunNews>();
  let next: NodeJS.Immediate | undefined;

  function flush(): void {
    clearImmediate(next);
    next = undefined;
    if (waiting.size === 0) return;
    const news = [...waiting.values()];
    waiting.clear();
    send(news);
  }

  const unsubscribe = subscribe((news) => {
    waiting.set(news.runId, news);
    next ??= setImmediate(flush);
  });
  return {
    flush,
    stop() {
      unsubscribe();
      clearImmediate(next);
    },
  };
}
