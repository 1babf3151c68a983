import { errorMessage } from "@hivewatch/core";
import { followRuns } from "./follow-runs.ts";
import { createReaderHealth, type ReaderHealth } from "./reader-health.ts";
import type { RunStore } from "./run-store.ts";

export interface KeepArtifactsOptions {
  /** Ends it, once the files hold all that their logs do. */
  signal: AbortSignal;
  /** Where it is kept how it goes. */
  health?: ReaderHealth | undefined;
  /** Told of files that can't be written. */
  onDiagnostic?: ((message: string) => void) | undefined;
}

/**
 * Keeps the files of a store's runs (`<run_id>.jsonl` and `<run_id>.map.json`) written behind their logs: of each run that is
 * open for writing, and first of those whose files were left behind. In any thread: one that doesn't write the logs has to
 * be told of them ({@link RunStore.tell}).
 *
 * @returns when it has ended. Never rejects
 */
export async function keepArtifacts(store: RunStore, options: KeepArtifactsOptions): Promise<void> {
  const { signal, health = createReaderHealth("files"), onDiagnostic = () => {} } = options;
  const reader = {
    async behind() {
      const runIds = await store.behindArtifacts();
      health.expect(runIds);
      return runIds;
    },
    async read(runId: string, closed: AbortSignal, isLive: boolean) {
      const onSaved = (position: number): void => health.reach(runId, position);
      // Files of a log that is not ours to write may be those that another process is writing.
      await store.writeArtifacts(runId, isLive ? closed : undefined, onSaved);
      health.end(runId);
    },
    onError(runId: string, error: unknown) {
      if (runId !== "") health.fail(runId);
      const what = runId === "" ? "the runs" : `run ${runId}`;
      onDiagnostic(`the files of ${what} can't be written: ${errorMessage(error)}`);
    },
  };
  const unsubscribe = store.subscribe(health.hear);
  await followRuns(store.subscribe, reader, signal);
  unsubscribe();
}
