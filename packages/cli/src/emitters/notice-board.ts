import type { Notice } from "@hivewatch/bridge";

/** What the programs of runs are to be told, kept until they are answered the next time. */
export interface NoticeBoard {
  post(runId: string, notice: Notice): void;
  /** What is there for a run, which is then no longer there. */
  take(runId: string): readonly Notice[];
}

/** For each run, of which the same trouble may be told without end. */
const MAX_NOTICES = 20;
/** Those that wait for longest are forgotten: their programs have ended. */
const MAX_RUNS = 1000;

export function createNoticeBoard(): NoticeBoard {
  const waiting = new Map<string, Notice[]>();
  return {
    post(runId, notice) {
      const notices = waiting.get(runId) ?? [];
      if (notices.length >= MAX_NOTICES || notices.some(({ text }) => text === notice.text)) return;
      waiting.set(runId, [...notices, notice]);
      const [oldest] = waiting.keys();
      if (waiting.size > MAX_RUNS && oldest !== undefined) waiting.delete(oldest);
    },
    take(runId) {
      const notices = waiting.get(runId) ?? [];
      waiting.delete(runId);
      return notices;
    },
  };
}
