import { bridgeEmitter } from "@hivewatch/bridge";
import { createRun, type Run, type RunOptions } from "@hivewatch/core";
import { afterwards, until } from "@hivewatch/test-support";

/** A training in this process, whose events go to a bridge. */
export interface Training extends Run {
  /** Waits until the bridge has acknowledged everything so far. */
  stored(): Promise<void>;
}

/** Starts a training that reports to a bridge. It is aborted after the test, if it still goes on. */
export function startTraining(endpoint: string, options: RunOptions = {}): Training {
  const run = createRun({ ...options, emitters: [bridgeEmitter({ endpoint })] });
  afterwards(() => run.finish({ status: "aborted", timeoutMs: 0 }));
  return Object.assign(run, {
    async stored() {
      await until("the bridge to acknowledge", () => run.stats.every(({ queued }) => queued === 0));
    },
  });
}
