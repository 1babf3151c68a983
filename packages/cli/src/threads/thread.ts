import { Worker } from "node:worker_threads";
import { errorMessage } from "@hivewatch/core";
import type { RunNews } from "@hivewatch/runs";
import type { HealthReport } from "../health/report.ts";
import type { FromThread, ToThread } from "./messages.ts";

export interface ThreadOptions<Ready> {
  /** How messages name what it does. */
  readonly what: string;
  /** Its first module. */
  readonly entry: URL;
  /** What it is started with. */
  readonly data: unknown;
  /** Its environment. Default: that of whoever starts it. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly onReady: (ready: Ready) => void;
  /** Told of the logs that it writes. */
  readonly onNews?: (news: readonly RunNews[]) => void;
  /** Told how it is doing. */
  readonly onHealth: (report: HealthReport) => void;
  readonly say: (message: string) => void;
  /** Told what the program of a run should know. */
  readonly onNotice?: ((runId: string, message: string) => void) | undefined;
}

/** A thread that runs. */
export interface Thread {
  /** Resolves when it has ended, however it did: why. */
  readonly exited: Promise<string>;
  post(message: ToThread): void;
  terminate(): void;
}

/**
 * What a thread makes and soon forgets is collected whenever a third of this is full. Left to itself V8 lets it grow to 48,
 * in each thread, and gives nothing back for as long as there is something to do. The main thread alone can't be limited:
 * that is why it does nothing but start the others.
 */
const YOUNG_MEBIBYTES = 12;

/** Starts a thread. */
export function startThread<Ready>(options: ThreadOptions<Ready>): Thread {
  const { what, entry, data, env = process.env, onReady, onNews, onHealth, say, onNotice } = options;
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_MEBIBYTES };
  // What an emitter prints must not come between the lines that programs read.
  const worker = new Worker(entry, { name: what, workerData: data, env, stdout: true, resourceLimits });
  worker.stdout.pipe(process.stderr, { end: false });
  let reason = "it has ended";
  worker.on("message", (message: FromThread<Ready>) => {
    if (message.type === "ready") onReady(message.ready);
    else if (message.type === "news") onNews?.(message.news);
    else if (message.type === "health") onHealth(message.report);
    else if (message.type === "say") say(message.message);
    else if (message.type === "notice") {
      say(message.message);
      onNotice?.(message.runId, message.message);
    } else reason = message.message;
  });
  worker.on("error", (error) => {
    reason = errorMessage(error);
  });
  return {
    exited: new Promise((resolve) => {
      worker.on("exit", () => resolve(reason));
    }),
    post: (message) => worker.postMessage(message),
    terminate: () => void worker.terminate(),
  };
}
