import { type HealthBoard, vitalPoints } from "../health/health-board.ts";
import { point } from "../health/points.ts";
import { REPORT_MS } from "../health/report.ts";
import { watchVitals } from "../health/vitals.ts";
import type { ToThread } from "./messages.ts";

/** Passes on the figures of all threads, and of the process, to those that show them. */
export interface HealthSharing {
  /** Passes them on a last time. */
  stop(): void;
}

export function shareHealth(board: HealthBoard, readers: readonly { post(message: ToThread): void }[]): HealthSharing {
  const vitals = watchVitals();
  function share(): void {
    const points = [
      ...board.points(),
      ...vitalPoints(vitals(), { "hivewatch.thread.name": "main" }),
      point("hivewatch.bridge.memory.rss", process.memoryUsage.rss()),
    ];
    for (const reader of readers) reader.post({ type: "health", points });
  }
  share();
  const timer = setInterval(share, REPORT_MS).unref();
  return {
    stop() {
      clearInterval(timer);
      share();
    },
  };
}
