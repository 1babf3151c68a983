import type { HiveEvent, WriteResult } from "@hivewatch/core";
import { isMissing, RequestFailure } from "./failure.ts";
import type { LogBatch, MlflowApi, MlflowRun } from "./mlflow-api.ts";
import { deletedRun, openRun, type RunPlace } from "./open-run.ts";
import { groupsOf, type Refused, sendSplit } from "./send-split.ts";
import { createTranslator, type TranslatorOptions, type Writes } from "./translate.ts";

/** Writes one run to MLflow. */
export interface RunWriter {
  write(batch: readonly HiveEvent[], signal: AbortSignal): Promise<WriteResult>;
  /** Takes into account what was written before a restart. */
  recall(batch: readonly HiveEvent[]): void;
}

export interface RunWriterOptions extends TranslatorOptions {
  readonly place: RunPlace;
  say(message: string): void;
}

/** One thing to be done, and as often as it takes: MLflow keeps the same value of the same time once. */
type Step = (run: MlflowRun, signal: AbortSignal) => Promise<readonly Refused<unknown>[]>;

/** What is left to do of a batch. */
interface Pending {
  readonly batch: readonly HiveEvent[];
  readonly steps: Step[];
  readonly refused: Refused<unknown>[];
}

const MAX_METRICS = 1000;
const MAX_PARAMS = 100;
const MAX_TAGS = 100;

export function createRunWriter(api: MlflowApi, runId: string, options: RunWriterOptions): RunWriter {
  const { place, say } = options;
  const translator = createTranslator(options);
  let pending: Pending | undefined;
  let run: MlflowRun | undefined;
  let isRecalled = false;

  async function findRun(signal: AbortSignal): Promise<MlflowRun> {
    const opened = await openRun(api, runId, { place, facts: translator.facts, signal });
    if (opened.isNew && isRecalled) {
      say(
        `MLflow has no run any more for ${runId}, and a new one goes on with it. For what was sent before: hivewatch replay ${runId} --to mlflow --again`,
      );
    }
    return opened.run;
  }

  async function work({ steps, refused }: Pending, signal: AbortSignal): Promise<void> {
    run ??= await findRun(signal);
    for (let [step] = steps; step !== undefined; [step] = steps) {
      refused.push(...(await step(run, signal)));
      steps.shift();
    }
  }

  return {
    recall(batch) {
      isRecalled = true;
      translator.translate(batch);
    },
    async write(batch, signal) {
      // Core hands over the same batch again after a failure, and it goes on where it was.
      if (pending?.batch !== batch) pending = { batch, steps: stepsOf(api, translator.translate(batch)), refused: [] };
      try {
        await work(pending, signal);
      } catch (failure) {
        if (!(failure instanceof RequestFailure)) throw failure;
        const told = isMissing(failure) && run !== undefined ? deletedRun(run.id, runId) : failure;
        return { status: "retry", afterMs: told.afterMs, reason: told.message };
      }
      const { refused } = pending;
      pending = undefined;
      const [first] = refused;
      if (first === undefined) return { status: "delivered" };
      return { status: "delivered", refused: Math.min(refused.length, batch.length), reason: first.reason };
    },
  };
}

function stepsOf(api: MlflowApi, writes: Writes): Step[] {
  const log = <T>(items: readonly T[], batchOf: (items: readonly T[]) => LogBatch): Step => {
    return async (run, signal) => sendSplit(items, (some) => api.logBatch(run.id, batchOf(some), signal));
  };
  const tags = [...writes.tags].map(([key, value]) => ({ key, value }));
  const { status } = writes;
  return [
    // Of what fails together with params the values are lost: they have requests of their own.
    ...[...groupsOf([...writes.params.values()], MAX_PARAMS)].map((some) => log(some, (params) => ({ params }))),
    ...[...groupsOf(tags, MAX_TAGS)].map((some) => log(some, (all) => ({ tags: all }))),
    ...[...groupsOf(writes.points, MAX_METRICS)].map((some) => log(some, (metrics) => ({ metrics }))),
    ...(status === undefined ? [] : [statusStep(api, status)]),
  ];
}

function statusStep(api: MlflowApi, status: NonNullable<Writes["status"]>): Step {
  const update = "endTime" in status ? { status: status.status, end_time: status.endTime } : status;
  return async (run, signal) => {
    await api.updateRun(run.id, update, signal);
    return [];
  };
}
