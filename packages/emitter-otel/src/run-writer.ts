import { errorMessage, type HiveEvent, type WriteResult } from "@hivewatch/core";
import { createMetricTranslator } from "./metrics/translate.ts";
import type { Settings } from "./options.ts";
import type { Flushed } from "./pipeline/channel.ts";
import type { Pipeline } from "./pipeline/pipeline.ts";
import type { RunFacts } from "./pipeline/resource.ts";

/** Sends one run. */
export interface RunWriter {
  write(batch: readonly HiveEvent[], signal: AbortSignal): Promise<WriteResult>;
  /** Takes into account what was written before a restart. */
  recall(batch: readonly HiveEvent[]): Promise<void>;
  close(): Promise<void>;
}

/** What takes the events of a run. */
interface Taker {
  take(event: HiveEvent): void;
  recall(event: HiveEvent): void;
}

/** A pipeline, and what makes of events what goes through it. */
interface Opened {
  readonly pipeline: Pipeline;
  readonly takers: readonly Taker[];
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
    const takers: Taker[] = [];
    if (pipeline.sink !== undefined) {
      const metrics = createMetricTranslator(pipeline.sink, settings);
      takers.push({ take: metrics.take, recall: (event) => pipeline.unsent(() => metrics.take(event)) });
    }
    opened = { pipeline, takers };
    return opened;
  }

  async function takeAll(
    { pipeline, takers }: Opened,
    batch: readonly HiveEvent[],
    signal: AbortSignal,
  ): Promise<void> {
    for (const event of batch) {
      for (const taker of takers) taker.take(event);
      await pipeline.makeRoom(signal);
    }
  }

  async function send(batch: readonly HiveEvent[], signal: AbortSignal): Promise<WriteResult> {
    const { pipeline, takers } = opened ?? (await open(batch));
    // Core hands over the same batch again after a failure, and it goes on where it was.
    if (pending?.batch !== batch) {
      pending = { batch, refused: 0, reason: undefined };
      await takeAll({ pipeline, takers }, batch, signal);
    }
    return answer(pending, await pipeline.flush(signal, batch.at(-1)?.event_type === "finished"));
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
      const { takers } = opened ?? (await open(batch));
      for (const event of batch) for (const taker of takers) taker.recall(event);
    },
    close: async () => opened?.pipeline.close(),
  };
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
  return typeof value === "string" && value !== "" ? value.slice(0, MAX_FACT_LENGTH) : undefined;
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
