import { errorMessage, type HiveEvent, type WriteResult } from "@hivewatch/core";
import { createLogWriter } from "./logs/log-writer.ts";
import { createMetricTranslator } from "./metrics/translate.ts";
import type { Settings } from "./options.ts";
import type { Flushed } from "./pipeline/channel.ts";
import type { Pipeline } from "./pipeline/pipeline.ts";
import type { RunFacts } from "./pipeline/resource.ts";
import type { SignalWriter } from "./run-signals.ts";
import { createTraceWriter } from "./traces/trace-writer.ts";
import { bounded } from "./values.ts";

/** Sends one run. */
export interface RunWriter {
  write(batch: readonly HiveEvent[], signal: AbortSignal): Promise<WriteResult>;
  /** Takes into account what was written before a restart. */
  recall(batch: readonly HiveEvent[]): Promise<void>;
  close(): Promise<void>;
}

/** A pipeline, and what makes of events what goes through it. */
interface Opened {
  readonly pipeline: Pipeline;
  readonly writers: readonly SignalWriter[];
}

/** What has been made of a batch, and is not sent yet. */
interface Pending {
  readonly batch: readonly HiveEvent[];
  refused: number;
  reason: string | undefined;
}

/** Without a part that must be installed, it is looked for again so often. */
const INSTALLED_BY_A_PERSON_MS = 30_000;

/** @param openPipeline - called with what the run's first events say of it */
export function createRunWriter(
  runId: string,
  settings: Settings,
  openPipeline: (facts: RunFacts) => Promise<Pipeline>,
): RunWriter {
  let opened: Opened | undefined;
  let pending: Pending | undefined;

  async function open(batch: readonly HiveEvent[]): Promise<Opened> {
    const pipeline = await openPipeline(factsOf(runId, batch));
    opened = { pipeline, writers: writersOf(runId, pipeline, settings) };
    return opened;
  }

  async function takeAll({ pipeline, writers }: Opened, work: Pending, signal: AbortSignal): Promise<void> {
    for (const event of work.batch) {
      try {
        for (const writer of writers) writer.take(event);
      } catch (error) {
        // Of an event by which a fault here is found the others must not suffer.
        work.refused++;
        work.reason ??= errorMessage(error);
      }
      const isRoom = pipeline.makeRoom(signal);
      if (isRoom !== undefined) await isRoom;
    }
  }

  async function send(batch: readonly HiveEvent[], signal: AbortSignal): Promise<WriteResult> {
    const ready = opened ?? (await open(batch));
    // Core hands over the same batch again after a failure, and it goes on where it was.
    if (pending?.batch !== batch) {
      pending = { batch, refused: 0, reason: undefined };
      await takeAll(ready, pending, signal);
    }
    return answer(pending, await ready.pipeline.flush(signal, batch.at(-1)?.event_type === "finished"));
  }

  return {
    async write(batch, signal) {
      try {
        return await send(batch, signal);
      } catch (error) {
        return { status: "retry", afterMs: INSTALLED_BY_A_PERSON_MS, reason: errorMessage(error) };
      }
    },
    async recall(batch) {
      const { writers } = opened ?? (await open(batch));
      for (const event of batch) for (const writer of writers) writer.recall(event);
    },
    close: async () => opened?.pipeline.close(),
  };
}

/** In the order in which they are handed each event. */
function writersOf(runId: string, { sink, tracer, ids, logger, unsent }: Pipeline, settings: Settings): SignalWriter[] {
  const writers: SignalWriter[] = [];
  if (sink !== undefined) {
    const metrics = createMetricTranslator(sink, settings);
    writers.push({ take: metrics.take, recall: (event) => unsent(() => metrics.take(event)) });
  }
  const limits = { maxClientSpans: settings.maxClientSpans };
  const traces = tracer && createTraceWriter({ runId, tracer, ids, limits, say: settings.say });
  if (traces !== undefined) writers.push(traces);
  if (logger !== undefined) writers.push(createLogWriter({ runId, logger, contextOf: traces?.contextOf }));
  return writers;
}

function factsOf(runId: string, batch: readonly HiveEvent[]): RunFacts {
  const init = batch.find((event) => event.event_type === "init");
  const config: unknown = init?.config;
  const framework =
    typeof config === "object" && config !== null && "framework" in config ? config.framework : undefined;
  return { runId, strategy: textOf(init?.algorithm), framework: textOf(framework) };
}

const MAX_FACT_LENGTH = 200;

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? bounded(value, MAX_FACT_LENGTH) : undefined;
}

function answer(pending: Pending, flushed: readonly Flushed[]): WriteResult {
  for (const { refused, reason } of flushed) {
    pending.refused += refused;
    pending.reason ??= reason;
  }
  const retry = flushed.find((each) => each.retry !== undefined)?.retry;
  if (retry !== undefined) return { status: "retry", afterMs: retry.afterMs, reason: retry.reason };
  if (pending.refused === 0) return { status: "delivered" };
  const reason = `${pending.refused} values, spans or log records were not taken: ${pending.reason}`;
  return { status: "delivered", refused: Math.min(pending.refused, pending.batch.length), reason };
}
