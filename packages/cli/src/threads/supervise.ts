import { Worker } from "node:worker_threads";
import { errorMessage, HiveWatchError } from "@hivewatch/core";
import type { RunStore } from "@hivewatch/runs";
import type { FromThread, ToThread } from "./messages.ts";
import { startNewsSender } from "./news-sender.ts";

export interface ThreadOptions<Ready> {
  /** How messages name what it does. */
  what: string;
  /** Its first module. */
  entry: URL;
  /** What it is started with; of the last time, what it had said when it was ready. */
  data: (last: Ready | undefined) => unknown;
  /** Whose news it is told of. */
  store: Pick<RunStore, "subscribe">;
  /** Its environment. Default: that of the process. */
  env?: NodeJS.ProcessEnv | undefined;
  /** How long it has to end when it is asked to. */
  stopMs: number;
  say: (message: string) => void;
  /** Told what the program of a run should know. */
  onNotice?: ((runId: string, message: string) => void) | undefined;
}

/** A thread that is started again when it fails. */
export interface SupervisedThread<Ready> {
  /** Resolves when it has begun; rejects with HiveWatchError if it can't. */
  readonly ready: Promise<Ready>;
  /** Lets it finish, but not for ever. */
  close(): Promise<void>;
}

const FIRST_RESTART_MS = 1000;
const LAST_RESTART_MS = 30_000;
/** One that has lived for so long has begun well. */
const HEALTHY_MS = 60_000;
/**
 * What a thread makes and soon forgets is collected whenever a third of this is full. Left to itself V8 lets it grow to 48,
 * in each thread, and gives nothing back for as long as there is something to do.
 */
const YOUNG_MEBIBYTES = 12;

interface Life {
  readonly exited: Promise<string>;
  stop(): void;
  terminate(): void;
}

/** Starts a thread, and again whenever it ends without being asked to. */
export function superviseThread<Ready>(options: ThreadOptions<Ready>): SupervisedThread<Ready> {
  const { what, stopMs, say } = options;
  let last: Ready | undefined;
  let restart: NodeJS.Timeout | undefined;
  let waitMs = FIRST_RESTART_MS;
  let isClosing = false;
  let resolveReady: (ready: Ready) => void = () => {};
  let rejectReady: (error: HiveWatchError) => void = () => {};
  const ready = new Promise<Ready>((resolve, reject) => {
    resolveReady = resolve;
    rejectReady = reject;
  });
  let life = begin();

  function begin(): Life {
    const born = performance.now();
    const started = startLife(options, last, (now) => {
      last = now;
      resolveReady(now);
    });
    void started.exited.then((reason) => {
      if (!isClosing) fail(reason, performance.now() - born);
    });
    return started;
  }

  function fail(reason: string, livedMs: number): void {
    if (last === undefined) {
      rejectReady(new HiveWatchError("unavailable", reason));
      return;
    }
    if (livedMs > HEALTHY_MS) waitMs = FIRST_RESTART_MS;
    say(`${what} has failed: ${reason}. It is started again in ${waitMs / 1000} s; all else goes on`);
    restart = setTimeout(() => {
      life = begin();
    }, waitMs);
    waitMs = Math.min(2 * waitMs, LAST_RESTART_MS);
  }

  return {
    ready,
    async close() {
      isClosing = true;
      clearTimeout(restart);
      life.stop();
      const timer = setTimeout(() => {
        say(`${what} did not end within ${stopMs / 1000} s, and was stopped: the next start goes on from there`);
        life.terminate();
      }, stopMs);
      await life.exited;
      clearTimeout(timer);
    },
  };
}

function startLife<Ready>(
  { what, entry, data, store, env = process.env, say, onNotice }: ThreadOptions<Ready>,
  last: Ready | undefined,
  onReady: (ready: Ready) => void,
): Life {
  // What an emitter prints must not come between the lines that programs read.
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_MEBIBYTES };
  const worker = new Worker(entry, { name: what, workerData: data(last), env, stdout: true, resourceLimits });
  worker.stdout.pipe(process.stderr, { end: false });
  const post = (message: ToThread): void => worker.postMessage(message);
  const sender = startNewsSender(store.subscribe, (news) => post({ type: "news", news }));
  let reason = "it has ended";
  worker.on("message", (message: FromThread<Ready>) => {
    if (message.type === "ready") onReady(message.ready);
    else if (message.type === "say") say(message.message);
    else if (message.type === "notice") {
      say(message.message);
      onNotice?.(message.runId, message.message);
    } else reason = message.message;
  });
  worker.on("error", (error) => {
    reason = errorMessage(error);
  });
  const exited = new Promise<string>((resolve) => {
    worker.on("exit", () => {
      sender.stop();
      resolve(reason);
    });
  });
  return {
    exited,
    stop() {
      sender.flush();
      post({ type: "stop" });
    },
    terminate: () => void worker.terminate(),
  };
}
