import { HiveWatchError } from "@hivewatch/core";
import type { NewsBoard } from "@hivewatch/runs/run-news.ts";
import type { ThreadHealth } from "../health/health-board.ts";
import type { ToThread } from "./messages.ts";
import { startNewsSender } from "./news-sender.ts";
import { startThread } from "./thread.ts";

export interface SupervisedOptions<Ready> {
  /** How messages name what it does. */
  what: string;
  /** Its first module. */
  entry: URL;
  /** What it is started with; of the last time, what it had said when it was ready. */
  data: (last: Ready | undefined) => unknown;
  /** Where it is told of news from. */
  subscribe: NewsBoard["subscribe"];
  /** Its environment. Default: that of the process. */
  env?: NodeJS.ProcessEnv | undefined;
  /** Where it is kept how it does. */
  health: ThreadHealth;
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
  post(message: ToThread): void;
  /** Lets it finish, but not for ever. */
  close(): Promise<void>;
}

const FIRST_RESTART_MS = 1000;
const LAST_RESTART_MS = 30_000;
/** One that has lived for so long has begun well. */
const HEALTHY_MS = 60_000;

interface Life {
  readonly exited: Promise<string>;
  post(message: ToThread): void;
  stop(): void;
  terminate(): void;
}

/** Starts a thread, and again whenever it ends without being asked to. */
export function superviseThread<Ready>(options: SupervisedOptions<Ready>): SupervisedThread<Ready> {
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
    post: (message) => life.post(message),
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
  { what, entry, data, subscribe, env, health, say, onNotice }: SupervisedOptions<Ready>,
  last: Ready | undefined,
  onReady: (ready: Ready) => void,
): Life {
  const onHealth = health.take;
  const thread = startThread<Ready>({ what, entry, data: data(last), env, onReady, onHealth, onNotice, say });
  health.begin();
  const sender = startNewsSender(subscribe, (news) => {
    health.tell(news);
    thread.post({ type: "news", news });
  });
  void thread.exited.then(sender.stop);
  return {
    exited: thread.exited,
    post: thread.post,
    stop() {
      sender.flush();
      thread.post({ type: "stop" });
    },
    terminate: thread.terminate,
  };
}
