import type { BatchEmitter, HiveEvent } from "@hivewatch/core";
import { createConnector } from "./connect.ts";
import { type MlflowEmitterOptions, settingsOf } from "./options.ts";
import { createRunWriter, type RunWriter } from "./run-writer.ts";

/**
 * An emitter that writes runs to an MLflow server, over its REST API.
 *
 * @throws HiveWatchError `usage` if an option or a variable of MLflow's can't be used
 */
export function mlflowEmitter(options: MlflowEmitterOptions = {}): BatchEmitter {
  const settings = settingsOf(options, process.env);
  const connector = createConnector(settings);
  const writers = new Map<string, RunWriter>();

  function writerOf(runId: string): RunWriter {
    const known = writers.get(runId);
    if (known !== undefined) return known;
    const writer = createRunWriter(connector.connect, runId, settings);
    writers.set(runId, writer);
    return writer;
  }

  return {
    name: "mlflow",
    specVersion: 1,
    async write(batch, signal) {
      const [first] = batch;
      if (first === undefined) return { status: "delivered" };
      const result = await writerOf(first.run_id).write(batch, signal);
      if (result.status === "delivered" && isEnd(batch)) writers.delete(first.run_id);
      return result;
    },
    recall(batch) {
      const [first] = batch;
      if (first !== undefined) writerOf(first.run_id).recall(batch);
    },
    finishRun(runId) {
      writers.get(runId)?.close();
      writers.delete(runId);
    },
    async finish() {
      for (const writer of writers.values()) writer.close();
      writers.clear();
      await connector.close();
    },
  };
}

function isEnd(batch: readonly HiveEvent[]): boolean {
  return batch.at(-1)?.event_type === "finished";
}
