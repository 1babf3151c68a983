import type { BatchEmitter, HiveEvent } from "@hivewatch/core";
import { createMlflowApi } from "./mlflow-api.ts";
import { type MlflowEmitterOptions, settingsOf } from "./options.ts";
import { createRequester } from "./request.ts";
import { createRunWriter, type RunWriter } from "./run-writer.ts";

const NO_SERVER =
  "no MLflow server is named: set MLFLOW_TRACKING_URI and start again. Until then all is kept in the run's log";
const ASK_AGAIN_MS = 60_000;

/**
 * An emitter that writes runs to an MLflow server, over its REST API.
 *
 * @throws HiveWatchError `usage` if an option or a variable of MLflow's can't be used
 */
export function mlflowEmitter(options: MlflowEmitterOptions = {}): BatchEmitter {
  const settings = settingsOf(options, process.env);
  const { connection } = settings;
  const api = connection && createMlflowApi(createRequester(connection));
  const writers = new Map<string, RunWriter>();

  function writerOf(runId: string): RunWriter | undefined {
    const known = writers.get(runId);
    if (known !== undefined || api === undefined) return known;
    const writer = createRunWriter(api, runId, settings);
    writers.set(runId, writer);
    return writer;
  }

  return {
    name: "mlflow",
    specVersion: 1,
    async write(batch, signal) {
      const [first] = batch;
      if (first === undefined) return { status: "delivered" };
      const writer = writerOf(first.run_id);
      if (writer === undefined) return { status: "retry", afterMs: ASK_AGAIN_MS, reason: NO_SERVER };
      const result = await writer.write(batch, signal);
      if (result.status === "delivered" && isEnd(batch)) writers.delete(first.run_id);
      return result;
    },
    recall(batch) {
      const [first] = batch;
      if (first !== undefined) writerOf(first.run_id)?.recall(batch);
    },
    finish() {
      writers.clear();
      api?.requester.close();
    },
  };
}

function isEnd(batch: readonly HiveEvent[]): boolean {
  return batch.at(-1)?.event_type === "finished";
}
