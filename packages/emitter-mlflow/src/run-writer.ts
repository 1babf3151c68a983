import type { HiveEvent, WriteResult } from "@hivewatch/core";
import type { CheckpointOptions } from "./checkpoint-step.ts";
import { isMissing, isRefusal, MENDED_BY_A_PERSON_MS, RequestFailure } from "./failure.ts";
import { createLanes } from "./lanes.ts";
import type { MlflowApi, MlflowRun } from "./mlflow-api.ts";
import { deletedRun, deleteTwins, openRun, type RunPlace, successorOf } from "./open-run.ts";
import { createSampling } from "./sampling.ts";
import type { Refused } from "./send-split.ts";
import { MAX_METRICS, type Step, stepsOf } from "./steps.ts";
import { createTranslator, type TranslatorOptions } from "./translate.ts";

/** Writes one run to MLflow. */
export interface RunWriter {
  write(batch: readonly HiveEvent[], signal: AbortSignal): Promise<WriteResult>;
  /** Takes into account what was written before a restart. */
  recall(batch: readonly HiveEvent[]): void;
  close(): void;
}

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
  const sampling =
    interval === undefined
      ? undefined
      : createSampling(interval, MAX_METRICS, async (metrics) => {
          if (connected === undefined || run === undefined) throw new RequestFailure("there is no run yet");
          await connected.logBatch(run.id, { metrics }, closing.signal);
        });
  const closing = new AbortController();
  const lanes = createLanes();
  let pending: Pending | undefined;
  let run: MlflowRun | undefined;
  let connected: MlflowApi | undefined;
  let isRecalled = false;
  let mayHaveTwins = false;

  function planOf(api: MlflowApi, batch: readonly HiveEvent[]): Pending {
    const writes = translator.translate(batch);
    const { facts } = translator;
    const isOver = writes.status !== undefined && "endTime" in writes.status;
    writes.points.push(...(sampling?.follow(batch, { isOver, startTime: facts.startTime }) ?? []));
    const steps = stepsOf({ ...options, api, lanes, checkNotDeleted: checkWith(api) }, writes);
    if (writes.status !== undefined) steps.push(twinStepWith(api));
    return { batch, steps, refused: [] };
  }

  function twinStepWith(api: MlflowApi): Step {
    return async (found, signal) => {
      if (mayHaveTwins) await deleteTwins(api, runId, found, signal);
      return [];
    };
  }

  function checkWith(api: MlflowApi): (run: MlflowRun, signal: AbortSignal) => Promise<void> {
    return async (opened, signal) => {
      const stored = await api.run(opened.id, signal).catch((failure: unknown) => {
        if (isMissing(failure)) return undefined;
        throw failure;
      });
      if (stored?.isDeleted === false) return;
      const successor = await successorOf(api, runId, opened, signal);
      if (successor === undefined) throw deletedRun(opened.id, runId);
      run = successor;
      throw new RequestFailure(`the run ${opened.id} was deleted in MLflow; ${successor.id} goes on with it`, {
        afterMs: 0,
      });
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
    try {
      for (let [step] = steps; step !== undefined; [step] = steps) {
        refused.push(...(await step(run, signal)));
        steps.shift();
      }
    } catch (failure) {
      // It may be something else than the run that isn't there.
      if (isMissing(failure)) await checkWith(api)(run, signal);
      throw failure;
    }
  }

  return {
    close() {
      sampling?.stop();
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
        if (run === undefined && (isRefusal(failure) || isMissing(failure))) return noRun(failure);
        return { status: "retry", afterMs: failure.afterMs, reason: failure.message };
      }
    },
  };
}

/** Nothing of the run could be sent: it waits until somebody has mended what is wrong. */
function noRun({ message }: RequestFailure): WriteResult {
  const hint = "check the experiment, the run to resume and its name; all is kept until then";
  return {
    status: "retry",
    afterMs: MENDED_BY_A_PERSON_MS,
    reason: `no run can be made in MLflow: ${message}: ${hint}`,
  };
}

function resultOf(batch: readonly HiveEvent[], refused: readonly Refused<unknown>[]): WriteResult {
  const [first] = refused;
  if (first === undefined) return { status: "delivered" };
  return { status: "delivered", refused: Math.min(refused.length, batch.length), reason: first.reason };
}
