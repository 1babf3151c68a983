import { type HiveEvent, microsFromIso, type WriteResult } from "@hivewatch/core";
import type { CheckpointOptions } from "./checkpoint-step.ts";
import { isMissing, isRefusal, RequestFailure } from "./failure.ts";
import { createLanes } from "./lanes.ts";
import type { MlflowApi, MlflowRun } from "./mlflow-api.ts";
import { deletedRun, deleteTwins, openRun, type RunPlace } from "./open-run.ts";
import type { Refused } from "./send-split.ts";
import { MAX_METRICS, type Step, stepsOf } from "./steps.ts";
import { createSampler } from "./system-metrics.ts";
import { createTranslator, type TranslatorOptions, type Writes } from "./translate.ts";

/** Writes one run to MLflow. */
export interface RunWriter {
  write(batch: readonly HiveEvent[], signal: AbortSignal): Promise<WriteResult>;
  /** Takes into account what was written before a restart. */
  recall(batch: readonly HiveEvent[]): void;
  close(): void;
}

/** A run whose events are older is not going on now: it is sent afterwards. */
const LIVE_MS = 60_000;

export interface RunWriterOptions extends TranslatorOptions, CheckpointOptions {
  readonly place: RunPlace;
  /** How often this machine is sampled, in seconds. Undefined: it isn't. */
  readonly samplingIntervalSec: number | undefined;
  say(message: string): void;
}

/** What is left to do of a batch. */
interface Pending {
  readonly batch: readonly HiveEvent[];
  readonly steps: Step[];
  readonly refused: Refused<unknown>[];
}

/** @param connect - gives the way to MLflow, or throws RequestFailure */
export function createRunWriter(
  connect: (signal: AbortSignal) => Promise<MlflowApi>,
  runId: string,
  options: RunWriterOptions,
): RunWriter {
  const { place, say } = options;
  const translator = createTranslator(options);
  const { samplingIntervalSec: interval } = options;
  const sampler = interval === undefined ? undefined : createSampler(interval, () => void sendSamples());
  const closing = new AbortController();
  const lanes = createLanes();
  let pending: Pending | undefined;
  let run: MlflowRun | undefined;
  let connected: MlflowApi | undefined;
  let isSendingSamples = false;
  let isRecalled = false;
  let mayHaveTwins = false;

  function planOf(api: MlflowApi, batch: readonly HiveEvent[]): Pending {
    const writes = translator.translate(batch);
    sample(batch, writes);
    const steps = stepsOf({ ...options, api, lanes, checkNotDeleted: checkWith(api) }, writes);
    if (writes.status !== undefined) steps.push(twinStepWith(api));
    return { batch, steps, refused: [] };
  }

  /** Has this machine sampled from a run's beginning to its end, and adds what was. */
  function sample(batch: readonly HiveEvent[], { points, status }: Writes): void {
    if (sampler === undefined) return;
    points.push(...sampler.take());
    const isOver = status !== undefined && "endTime" in status;
    const isLive = Date.now() - microsFromIso(batch.at(-1)?.timestamp ?? "") / 1000 < LIVE_MS;
    if (isOver) sampler.stop();
    else if (isLive) sampler.start(translator.facts.startTime ?? Date.now());
  }

  /** Between events: a round may take hours. They are no part of the run's log; what fails is tried with the next ones. */
  async function sendSamples(): Promise<void> {
    if (sampler === undefined || connected === undefined || run === undefined || isSendingSamples) return;
    const points = sampler.take(MAX_METRICS);
    isSendingSamples = true;
    try {
      await connected.logBatch(run.id, { metrics: points }, closing.signal);
    } catch {
      sampler.giveBack(points);
    } finally {
      isSendingSamples = false;
    }
  }

  function twinStepWith(api: MlflowApi): Step {
    return async (found, signal) => {
      if (mayHaveTwins) await deleteTwins(api, runId, found, signal);
      return [];
    };
  }

  function checkWith(api: MlflowApi): (run: MlflowRun, signal: AbortSignal) => Promise<void> {
    return async ({ id }, signal) => {
      if ((await api.run(id, signal)).isDeleted) throw deletedRun(id, runId);
    };
  }

  async function findRun(api: MlflowApi, signal: AbortSignal): Promise<MlflowRun> {
    try {
      const opened = await openRun(api, runId, { place, facts: translator.facts, signal });
      if (opened.isNew && isRecalled) {
        say(
          `MLflow has no run for ${runId} any more, and a new one goes on with it. For what was sent before: hivewatch replay ${runId} --to mlflow --again`,
        );
      }
      return opened.run;
    } catch (failure) {
      mayHaveTwins = true;
      throw failure;
    }
  }

  async function work(api: MlflowApi, { steps, refused }: Pending, signal: AbortSignal): Promise<void> {
    run ??= await findRun(api, signal);
    for (let [step] = steps; step !== undefined; [step] = steps) {
      refused.push(...(await step(run, signal)));
      steps.shift();
    }
  }

  return {
    close() {
      sampler?.stop();
      closing.abort();
    },
    recall(batch) {
      isRecalled = true;
      translator.translate(batch);
    },
    async write(batch, signal) {
      try {
        const api = await connect(signal);
        connected = api;
        // Core hands over the same batch again after a failure, and it goes on where it was.
        if (pending?.batch !== batch) pending = planOf(api, batch);
        await work(api, pending, signal);
        return resultOf(batch, pending.refused);
      } catch (failure) {
        if (!(failure instanceof RequestFailure)) throw failure;
        // What a single thing is refused for is dealt with above; here the run itself could not be made.
        if (isRefusal(failure) && run === undefined) return { status: "refused", reason: failure.message };
        const told = isMissing(failure) && run !== undefined ? deletedRun(run.id, runId) : failure;
        return { status: "retry", afterMs: told.afterMs, reason: told.message };
      }
    },
  };
}

function resultOf(batch: readonly HiveEvent[], refused: readonly Refused<unknown>[]): WriteResult {
  const [first] = refused;
  if (first === undefined) return { status: "delivered" };
  return { status: "delivered", refused: Math.min(refused.length, batch.length), reason: first.reason };
}
