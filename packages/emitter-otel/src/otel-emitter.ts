import type { BatchEmitter, HiveEvent, WriteResult } from "@hivewatch/core";
import { type OtelEmitterOptions, type Settings, settingsOf } from "./options.ts";
import { openGivenPipeline } from "./pipeline/given-pipeline.ts";
import { openOwnPipeline } from "./pipeline/own-pipeline.ts";
import type { Pipeline } from "./pipeline/pipeline.ts";
import type { RunFacts } from "./pipeline/resource.ts";
import { createRunWriter, type RunWriter } from "./run-writer.ts";

/**
 * An emitter that sends runs to OpenTelemetry, over OTLP or by the program's own providers.
 *
 * @throws HiveWatchError `usage` if an option or a variable of OpenTelemetry's can't be used
 */
export function otelEmitter(options: OtelEmitterOptions = {}): BatchEmitter {
  const notes: string[] = [];
  const { onDiagnostic = (message) => notes.push(message) } = options;
  const settings = settingsOf({ ...options, onDiagnostic }, process.env);
  const writers = new Map<string, RunWriter>();

  function writerOf(runId: string): RunWriter {
    const known = writers.get(runId);
    if (known !== undefined) return known;
    const writer = createRunWriter(runId, settings, (facts) => openPipeline(settings, facts));
    writers.set(runId, writer);
    return writer;
  }

  /** Its metrics end with it. */
  async function closeRun(runId: string): Promise<void> {
    const writer = writers.get(runId);
    writers.delete(runId);
    await writer?.close();
  }

  /** What no listener is told goes with the answer, and core tells it. */
  function withNotes(result: WriteResult): WriteResult {
    if (notes.length === 0 || result.status !== "delivered") return result;
    const said = notes.splice(0);
    return { ...result, reason: [...(result.reason === undefined ? [] : [result.reason]), ...said].join("; ") };
  }

  return {
    name: "otel",
    specVersion: 1,
    async write(batch, signal) {
      const [first] = batch;
      if (first === undefined) return { status: "delivered" };
      const result = await writerOf(first.run_id).write(batch, signal);
      if (result.status === "delivered" && isEnd(batch)) await closeRun(first.run_id);
      return withNotes(result);
    },
    async recall(batch) {
      const [first] = batch;
      if (first !== undefined) await writerOf(first.run_id).recall(batch);
    },
    finishRun: closeRun,
    async finish() {
      await Promise.all([...writers.keys()].map(closeRun));
    },
  };
}

/**
 * Opens what a run needs, and closes it again.
 *
 * @throws HiveWatchError `usage` if a part of OpenTelemetry isn't installed: what to install
 */
export async function checkParts(options: OtelEmitterOptions): Promise<void> {
  const facts = { runId: "", strategy: undefined, framework: undefined };
  const pipeline = await openPipeline(settingsOf(options, process.env), facts);
  await pipeline.close();
}

async function openPipeline(settings: Settings, facts: RunFacts): Promise<Pipeline> {
  const { providers, say } = settings;
  if (providers !== undefined) return openGivenPipeline(providers, facts.runId, say);
  return await openOwnPipeline({ ...settings, facts, env: process.env });
}

function isEnd(batch: readonly HiveEvent[]): boolean {
  return batch.at(-1)?.event_type === "finished";
}
