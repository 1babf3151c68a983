import type { NewsListener, RunNews } from "@hivewatch/runs";

/** Sends news on: the first of a run at once, then together what comes in a while, and of each run the last. */
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
  const known = new Set<string>();
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
    const { runId, isOpen } = news;
    const isNew = !known.has(runId);
    if (isOpen) known.add(runId);
    else known.delete(runId);
    waiting.set(runId, news);
    // Who counts what is added to a run counts from its first news on.
    if (isNew) flush();
    else next ??= setTimeout(flush, GATHER_MS);
  });
  return {
    flush,
    stop() {
      unsubscribe();
      clearTimeout(next);
    },
  };
}
