import { createHash } from "node:crypto";
import { stringifyEvent } from "@hivewatch/core";
import { putArtifact } from "./artifacts.ts";
import { type CheckpointContext, putCheckpoint } from "./checkpoint-step.ts";
import { isOfGateway, isRefusal, RequestFailure, STORE_FAULT } from "./failure.ts";
import { textIn } from "./json-members.ts";
import type { Lanes } from "./lanes.ts";
import type { LogBatch, MlflowRun } from "./mlflow-api.ts";
import { tagText } from "./names.ts";
import { groupsOf, type Refused, sendSplit } from "./send-split.ts";
import type { TextFile } from "./tables.ts";
import type { CheckpointFile, Point, Writes } from "./translate.ts";

/**
 * One thing to be done, which may be done as often as it takes: MLflow keeps the same value of the same time once.
 *
 * @returns what would not be taken
 */
export type Step = (run: MlflowRun, signal: AbortSignal) => Promise<readonly Refused<unknown>[]>;

/** What steps are made with. */
export interface StepContext extends CheckpointContext {
  readonly lanes: Lanes;
  /** Throws if the run was deleted, to which nothing is taken, until it is restored. */
  checkNotDeleted(run: MlflowRun, signal: AbortSignal): Promise<void>;
}

/** What MLflow takes at once. */
export const MAX_METRICS = 1000;
const MAX_PARAMS = 100;
const MAX_TAGS = 100;

/** What is to be done for what some events say, in order. */
export function stepsOf(context: StepContext, writes: Writes): Step[] {
  const tags = [...writes.tags].map(([key, value]) => ({ key, value: tagText(value) }));
  // Of what fails together with params the values are lost: they have requests of their own.
  return [
    ...logSteps(context, [...writes.params.values()], MAX_PARAMS, (params) => ({ params })),
    ...logSteps(context, tags, MAX_TAGS, (some) => ({ tags: some })),
    ...writes.datasets.map((name) => datasetStep(context, name)),
    ...valueSteps(context, writes.points),
    ...statusSteps(context, writes.status),
    ...writes.files.flatMap((file) => fileSteps(context, file)),
    ...checkpointSteps(context, writes.checkpoints),
  ];
}

/** How often MLflow may fail at something beside the run's values before it is left: its store may be set up wrongly. */
const MAX_FAILURES = 5;

/** A step that must not hold up all that follows it for ever, as long as MLflow itself answers. */
function withPatience(item: string, step: Step): Step {
  let failures = 0;
  return async (run, signal) => {
    try {
      return await step(run, signal);
    } catch (failure) {
      if (!(failure instanceof RequestFailure) || !isStoreFault(failure) || ++failures < MAX_FAILURES) throw failure;
      return [{ item, reason: `${item} is not sent, after ${failures} attempts: ${failure.message}` }];
    }
  };
}

function isStoreFault(failure: RequestFailure): boolean {
  const { status = 0, code, message } = failure;
  // It says 503, but is not busy: started with --no-serve-artifacts, it has no such place.
  if (status === 503) return /disabled/.test(message);
  return status === 404 || status >= 500 || code === STORE_FAULT || isOfGateway(failure);
}

function logSteps<T>(
  context: StepContext,
  items: readonly T[],
  size: number,
  batchOf: (items: readonly T[]) => LogBatch,
): Step[] {
  return [...groupsOf(items, size)].map((group) => sendStep(context, [group], batchOf));
}

function sendStep<T>(
  { api, checkNotDeleted }: StepContext,
  queue: (readonly T[])[],
  batchOf: (items: readonly T[]) => LogBatch,
  lanes: () => number = () => 1,
): Step {
  const sending = { queue, refused: [] };
  return async (run, signal) => {
    const send = (some: readonly T[]): Promise<void> => api.logBatch(run.id, batchOf(some), signal);
    await sendSplit<T>(sending, lanes(), send, () => checkNotDeleted(run, signal));
    return sending.refused;
  };
}

/** All values are one step, whose requests may overtake each other. */
function valueSteps(context: StepContext, points: readonly Point[]): Step[] {
  const { lanes } = context;
  const queue = [...groupsOf(points, MAX_METRICS)];
  if (queue.length === 0) return [];
  const send = sendStep(
    context,
    queue,
    (metrics) => ({ metrics }),
    () => lanes.count,
  );
  return [
    async (run, signal) => {
      const start = performance.now();
      const [requests, values] = [queue.length, queue.reduce((sum, group) => sum + group.length, 0)];
      const refused = await send(run, signal);
      // Fewer say nothing about the server.
      if (requests >= LEAST_MEASURED) lanes.note(values, performance.now() - start);
      return refused;
    },
  ];
}

const LEAST_MEASURED = 3;

function datasetStep({ api }: StepContext, name: string): Step {
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 8);
  const dataset = { name, digest, source_type: "hivewatch", source: stringifyEvent({ name }) };
  return withPatience(name, (run, signal) => refusable(name, () => api.logDataset(run.id, dataset, signal)));
}

function fileSteps(context: StepContext, { path, text, isTable = false }: TextFile): Step[] {
  const { api } = context;
  const artifact = { path: [path], content: text };
  let hasArrived = false;
  const put = withPatience(path, async (run, signal) => {
    const refused = await putArtifact(api.requester, run.artifactUri, artifact, signal);
    hasArrived = refused.length === 0;
    return refused;
  });
  if (!isTable) return [put];
  return [put, async (run, signal) => (hasArrived ? listTable(context, path, run, signal) : [])];
}

/** MLflow's page finds by a tag what it shows as tables, among them those of others. */
async function listTable(context: StepContext, path: string, run: MlflowRun, signal: AbortSignal) {
  const known = tablesIn(await context.api.tagOf(run.id, TABLES_TAG, signal));
  if (known.some((table) => textIn(table, "path") === path)) return [];
  const tag = { key: TABLES_TAG, value: JSON.stringify([...known, { path, type: "table" }]) };
  return sendStep(context, [[tag]], (tags) => ({ tags }))(run, signal);
}

const TABLES_TAG = "mlflow.loggedArtifacts";

function tablesIn(text: string): readonly unknown[] {
  try {
    const tables: unknown = JSON.parse(text);
    return Array.isArray(tables) ? tables : [];
  } catch {
    return [];
  }
}

function checkpointSteps(context: StepContext, checkpoints: readonly CheckpointFile[]): Step[] {
  const { checkpointDir: folder } = context;
  if (folder === undefined) return [];
  return checkpoints.map((checkpoint) =>
    withPatience(checkpoint.path, (run, signal) => putCheckpoint(context, { ...checkpoint, folder }, run, signal)),
  );
}

function statusSteps({ api, checkNotDeleted }: StepContext, status: Writes["status"]): Step[] {
  if (status === undefined) return [];
  const update = "endTime" in status ? { status: status.status, end_time: status.endTime } : status;
  return [
    async (run, signal) => {
      const refused = await refusable(status.status, () => api.updateRun(run.id, update, signal));
      if (refused.length > 0) await checkNotDeleted(run, signal);
      return refused;
    },
  ];
}

async function refusable(item: unknown, send: () => Promise<void>): Promise<readonly Refused<unknown>[]> {
  try {
    await send();
    return [];
  } catch (failure) {
    if (!isRefusal(failure)) throw failure;
    return [{ item, reason: failure.message }];
  }
}
