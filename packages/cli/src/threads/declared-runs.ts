import { errorMessage } from "@hivewatch/core";
import type { NewsListener, RunNews, RunStore } from "@hivewatch/runs";
import { type ClientDestination, environmentOf } from "../emitters/client-destinations.ts";
import type { HealthBoard } from "../health/health-board.ts";
import type { DeclaredEmitterData } from "./declared-emitter-thread.ts";
import { superviseThread } from "./supervise.ts";

export interface DeclaredRunsOptions {
  readonly name: string;
  readonly destination: ClientDestination;
  /** The module of its package. */
  readonly url: string;
  readonly store: RunStore;
  /** Where it is kept how its thread does. */
  readonly health: HealthBoard;
  readonly say: (message: string) => void;
  /** Told what the program of a run should know. */
  readonly onNotice: (runId: string, message: string) => void;
  /** Told that the thread could not begin. */
  readonly onFailure: () => void;
}

/** The thread that takes to one destination those runs that declared it. */
export interface DeclaredRuns {
  /** To be called again for a run whose log was closed. */
  want(runId: string): void;
  close(): Promise<void>;
}

/** More than an emitter gives its destination when it is told to end. */
const STOP_MS = 5000;

export function startDeclaredRuns(options: DeclaredRunsOptions): DeclaredRuns {
  const { name, destination, url, store, health, say, onNotice, onFailure } = options;
  const wanted = new Set<string>();
  const listeners = new Set<NewsListener>();

  /** News of the runs that are wanted. */
  function subscribe(listener: NewsListener): () => void {
    listeners.add(listener);
    const unsubscribe = store.subscribe((news) => {
      if (!wanted.has(news.runId)) return;
      listener(news);
      if (!news.isOpen) wanted.delete(news.runId);
    });
    return () => {
      listeners.delete(listener);
      unsubscribe();
    };
  }

  const data: DeclaredEmitterData = { name, factory: destination.factory, url, runsDir: store.dir };
  const thread = superviseThread<null>({
    what: `The emitter ${name} of runs that declare it`,
    entry: new URL("./declared-emitter-thread.js", import.meta.url),
    data: () => data,
    env: environmentOf(destination, process.env),
    health: health.of(`emitter-${name}`),
    stopMs: STOP_MS,
    subscribe,
    say,
    onNotice,
  });
  thread.ready.catch((error: unknown) => {
    say(errorMessage(error));
    for (const runId of wanted) onNotice(runId, errorMessage(error));
    onFailure();
  });

  return {
    want(runId) {
      if (wanted.has(runId)) return;
      // What has come before it was wanted: a short run may even be over.
      let latest: RunNews = { runId, position: undefined, isOpen: false };
      store.subscribe((news) => {
        if (news.runId === runId) latest = news;
      })();
      if (latest.isOpen) wanted.add(runId);
      for (const listener of listeners) listener(latest);
    },
    close: thread.close,
  };
}
