import { HiveWatchError } from "@hivewatch/core";
import type { Durability } from "@hivewatch/runs";
import { createNewsBoard, type NewsBoard } from "@hivewatch/runs/run-news.ts";
import type { ThreadHealth } from "../health/health-board.ts";
import type { IngestData, IngestReady } from "./ingest-thread.ts";
import { startThread } from "./thread.ts";

export interface IngestFlags {
  readonly runsDir: string;
  readonly host: string;
  readonly grpcPort: number;
  readonly durability: Durability;
  /** Whether the bridge runs emitters that programs declare. */
  readonly clientEmitters: boolean;
}

/** The bridge, in a thread of its own. */
export interface IngestThread extends IngestReady {
  /** Passes on word of the logs that it writes. */
  readonly subscribe: NewsBoard["subscribe"];
  /** Rejects when it has ended without being asked to, and never resolves. */
  readonly failed: Promise<never>;
  /** Acknowledges what was received, and closes the logs. */
  close(): Promise<void>;
}

/**
 * Starts the bridge.
 *
 * @param readers - the names of the emitters' cursors
 * @param health - where it is kept how it does
 * @throws HiveWatchError `unavailable` if it can't listen
 */
export async function startIngest(
  { runsDir, host, grpcPort: port, durability, clientEmitters }: IngestFlags,
  readers: readonly string[],
  health: ThreadHealth,
  say: (message: string) => void,
): Promise<IngestThread> {
  const data: IngestData = { runsDir, host, port, durability, readers, clientEmitters };
  const board = createNewsBoard();
  let isClosing = false;
  let isReady = false;
  let resolveReady: (ready: IngestReady) => void = () => {};
  const started = new Promise<IngestReady>((resolve) => {
    resolveReady = resolve;
  });
  const thread = startThread<IngestReady>({
    what: "The bridge",
    // The built module, also when this one is run from its source.
    entry: new URL("./ingest-thread.js", import.meta.url),
    data,
    onReady: resolveReady,
    onNews: (news) => news.forEach(board.tell),
    onHealth: health.take,
    say,
  });
  // It isn't started again: the logs that it has open are this process's for as long as that lives.
  const failed = thread.exited.then((reason) => {
    if (isClosing) return new Promise<never>(() => {});
    const message = isReady
      ? `the bridge has failed: ${reason}. Start it again: nothing that it has acknowledged is lost`
      : reason;
    throw new HiveWatchError("unavailable", message);
  });
  const ready = await Promise.race([started, failed]);
  isReady = true;
  failed.catch(() => undefined);
  return {
    ...ready,
    subscribe: board.subscribe,
    failed,
    async close() {
      isClosing = true;
      thread.post({ type: "stop" });
      await thread.exited;
    },
  };
}
