import type { RunNews } from "@hivewatch/runs";

/** Counts the events that news tell of, from the first news of a run on. Whoever counts the same news comes to the same. */
export interface NewsCount {
  readonly total: number;
  add(news: readonly RunNews[]): void;
}

export function createNewsCount(): NewsCount {
  const positions = new Map<string, number>();
  let total = 0;
  return {
    get total() {
      return total;
    },
    add(news) {
      for (const { runId, position, isOpen } of news) {
        if (position !== undefined) {
          total += position - (positions.get(runId) ?? position);
          positions.set(runId, position);
        }
        if (!isOpen) positions.delete(runId);
      }
    },
  };
}
