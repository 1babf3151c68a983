import type { RunNews } from "@hivewatch/runs";
import type { Point } from "../health/points.ts";
import type { HealthReport } from "../health/report.ts";

/** What the main thread tells another one; news are those of the thread that writes the logs. */
export type ToThread =
  | { readonly type: "news"; readonly news: readonly RunNews[] }
  /** The figures of all threads, for those that show them. */
  | { readonly type: "health"; readonly points: readonly Point[] }
  /** Finish what is to be done, and end. */
  | { readonly type: "stop" };

/** What a thread tells the main one. */
export type FromThread<Ready> =
  | { readonly type: "ready"; readonly ready: Ready }
  /** Of the logs that it writes. */
  | { readonly type: "news"; readonly news: readonly RunNews[] }
  /** How it is doing. */
  | { readonly type: "health"; readonly report: HealthReport }
  /** For the user to read. */
  | { readonly type: "say"; readonly message: string }
  /** For the user of a run to read. */
  | { readonly type: "notice"; readonly runId: string; readonly message: string }
  /** It can't begin, by no fault of its own. */
  | { readonly type: "failed"; readonly message: string };
