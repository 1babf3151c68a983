import { workerData } from "node:worker_threads";
import { errorMessage } from "@hivewatch/core";
import { createReaderHealth, keepArtifacts, openRunStore, removeOldLogs } from "@hivewatch/runs";
import { lagPoints } from "../health/reader-points.ts";
import { type InsideThread, runThread } from "./inside-thread.ts";
import { stepBack } from "./step-back.ts";

/** What the thread of the files is started with. */
export interface FilesData {
  readonly runsDir: string;
  /** For how many days the logs of finished runs are kept; undefined: for ever. */
  readonly keepLogsDays: number | undefined;
}

const DAY_MS = 24 * 3600 * 1000;
const LOOK_AGAIN_MS = 3600 * 1000;

const { runsDir, keepLogsDays }: FilesData = workerData;

stepBack();
await runThread<null>(async (thread, ready) => {
  const { signal, onNews, measure, say } = thread;
  const store = openRunStore({ dir: runsDir, onDiagnostic: say });
  onNews(store.tell);
  const health = createReaderHealth("files");
  const kept = keepArtifacts(store, { signal, health, onDiagnostic: say });
  measure(() => lagPoints(health));
  if (keepLogsDays !== undefined) removeLogs(thread, keepLogsDays * DAY_MS);
  ready(null);
  await kept;
});

/** Removes old logs now, and from time to time. */
function removeLogs({ signal, say }: InsideThread, keepMs: number): void {
  // One of its own: what it opens to remove is no news to those who write files.
  const store = openRunStore({ dir: runsDir, onDiagnostic: say });
  const remove = (): void => {
    removeOldLogs(store, { keepMs, onDiagnostic: say }).then(
      (runIds) => {
        if (runIds.length > 0)
          say(`Removed the logs of ${runIds.length} runs that finished long ago; their files remain.`);
      },
      (error: unknown) => say(errorMessage(error)),
    );
  };
  remove();
  const timer = setInterval(remove, LOOK_AGAIN_MS);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}
